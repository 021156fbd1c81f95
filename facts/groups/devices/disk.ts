/** Facts of disks: Facter's, and what a policy wants beyond. */
import type { Group } from '../group.ts';
import { BY_PATH, readDisks, slowDiskFiles } from './read-disks.ts';

const BLOCK = '/sys/block';

/** blockdevice* as Facter has them, mk_disk_* of disks, and mk_disk_count of those that a system can be installed on. */
export const diskGroup: Group = {
  name: 'disk',
  slow: slowDiskFiles,
  collect({ sources, add }) {
    const disks = readDisks(sources);
    add('blockdevices', disks.map((disk) => disk.name).join(','), BLOCK);
    for (const disk of disks) {
      const base = `${BLOCK}/${disk.name}`;
      add(`blockdevice_${disk.name}_size`, disk.size, `${base}/size`, {
        raw: `${disk.size / 512} sectors of 512 bytes`,
      });
      add(`blockdevice_${disk.name}_vendor`, disk.vendor, `${base}/device/vendor`);
      add(`blockdevice_${disk.name}_model`, disk.model, `${base}/device/model`);
    }
    add('mk_disk_count', disks.filter((disk) => disk.unfit === undefined).length, BLOCK);
    for (const disk of disks.filter(({ fixed }) => fixed)) {
      const base = `${BLOCK}/${disk.name}`;
      const name = `mk_disk_${disk.name}`;
      add(`${name}_serial`, disk.serial, `${base}/device/serial`);
      add(`${name}_wwn`, disk.wwn, `${base}/device/wwid`);
      add(`${name}_transport`, disk.transport, base);
      add(`${name}_rotational`, disk.rotational, `${base}/queue/rotational`);
      add(`${name}_firmware`, disk.firmware, `${base}/device/firmware_rev`);
      add(`${name}_path`, disk.byPath, BY_PATH);
      add(`${name}_pci`, disk.pciAddress, base);
    }
  },
};
