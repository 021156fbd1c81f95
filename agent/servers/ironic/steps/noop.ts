/** A step that does nothing and says so: shows an operator that cleaning, servicing and this agent work together. */
import type { IronicStep } from '../ironic-options.ts';

export const noop: IronicStep = {
  name: 'rz_noop',
  kinds: ['clean', 'service'],
  priority: 10,
  interface: 'deploy',
  abortable: true,
  run: () => Promise.resolve('nothing was to be done'),
};
