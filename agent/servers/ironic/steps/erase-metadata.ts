/**
 * Takes a disk's partition tables and the marks of its file systems away, so that nothing of the last tenant boots or is
 * assembled.
 */
import type { Settings } from '../../../config/settings.ts';
import type { IronicStep } from '../ironic-options.ts';
import { eraseAll } from './erase-all.ts';
import { eraseEnds } from './erase-ends.ts';

/** ironic-python-agent's, with which automated cleaning runs it. */
const PRIORITY = 99;

export const eraseMetadata: IronicStep = {
  name: 'erase_devices_metadata',
  kinds: ['clean', 'service', 'deploy'],
  priority: ({ allowErase, requireErase }: Settings, kind) =>
    kind === 'clean' && (allowErase || requireErase) ? PRIORITY : 0,
  interface: 'deploy',
  abortable: true,
  run: async (_call, context) =>
    await eraseAll(context, {
      what: 'erase the partition tables and file system marks of',
      atOnce: 1,
      async erase(disk, twins) {
        context.progress(`erasing the metadata of ${disk.path}`);
        return await eraseEnds(disk, twins);
      },
    }),
};
