/** A step that does nothing and says so: shows an operator that cleaning, servicing and this agent work together. */
import type { IronicStep } from '../ironic-options.ts';
import { NOT_ERASED } from './erase-all.ts';

export const noop: IronicStep = {
  name: 'rz_noop',
  kinds: ['clean', 'service'],
  priority: () => 10,
  interface: 'deploy',
  abortable: true,
  run({ kind }, { settings, say }) {
    if (kind !== 'clean' || settings.allowErase) return Promise.resolve('nothing was to be done');
    // automated cleaning ends well after it, and the node then counts as clean
    say(`Ironic: cleaning: ${NOT_ERASED}`);
    return Promise.resolve(NOT_ERASED);
  },
};
