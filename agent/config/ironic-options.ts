/** Settings of the service for Ironic (docs/ironic.md). No server can push them. */
import { onOff } from './kinds.ts';
import type { OptionEntry } from './options.ts';
import type { Settings } from './settings.ts';

type IronicSetting = 'allowDeploy' | 'allowErase' | 'ironicStrict';

export const IRONIC_OPTIONS: { readonly [Name in IronicSetting]: OptionEntry<Settings[Name]> } = {
  allowDeploy: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning: 'Whether Ironic may have an image written over a disk of this machine. No server can push this.',
  },
  allowErase: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning:
      'Whether Ironic may have the metadata of all free disks erased (erase_devices_metadata). No server can push this.',
  },
  ironicStrict: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning:
      'Whether Ironic must show its token for the list of commands too. Conductors until 21.4 (Debian 12) do not; by default it is asked for from the first time on that it comes.',
  },
};
