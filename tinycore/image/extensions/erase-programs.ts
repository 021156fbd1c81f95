/** What the agent erases disks with (agent/disks/erase), and the firmware's boot entries: `image build --erase`. */
import type { DebianPrograms } from './debian-extension.ts';

/** The extension of these programs. */
export const ERASE_EXTENSION = 'razor-mk-erase';

export const ERASE_PROGRAMS: DebianPrograms = {
  'nvme-cli': ['usr/sbin/nvme'],
  hdparm: ['sbin/hdparm'],
  'util-linux': ['sbin/blkdiscard', 'sbin/blkzone'],
  efibootmgr: ['bin/efibootmgr'],
};
