/** Settings of the service for Ironic (docs/ironic.md). No server can push them. */
import { onOff } from '../kinds.ts';
import type { OptionEntry } from './option-entry.ts';
import type { Settings } from '../settings.ts';

type IronicSetting = 'allowDeploy' | 'allowErase' | 'requireErase' | 'ironicStrict' | 'unsignedDeploy';

export const IRONIC_OPTIONS: { readonly [Name in IronicSetting]: OptionEntry<Settings[Name]> } = {
  allowDeploy: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning:
      'Allow Ironic or the lab (command write_image) to write an image over a disk of this machine. No server can push this.',
  },
  allowErase: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning:
      'Allow Ironic to erase all free disks: their metadata (erase_devices_metadata) and whole (erase_devices), also in automated cleaning; and the firmware’s crash records and boot entries. No server can push this.',
  },
  requireErase: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning:
      'Make cleaning by Ironic fail where nothing is erased: without allow_erase, and without a disk to erase. No server can push this.',
  },
  ironicStrict: {
    default: false,
    kind: onOff,
    places: ['kernel', 'file'],
    value: 'on|off',
    meaning:
      'Require Ironic’s token for the list of commands from the beginning, as for servers of API 1.95 or newer. Conductors up to 21.4 (Debian 12) do not send it there; by default it is required after the first request that has it.',
  },
  unsignedDeploy: {
    default: false,
    kind: onOff,
    places: ['environment', 'file'],
    value: 'on|off',
    meaning:
      'With a site key, let Ironic of 2014 to 2016 write a disk by iSCSI all the same: nothing can vouch for what it writes. Not on the kernel line, as the site key.',
  },
};
