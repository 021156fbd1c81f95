/** Disks: every /sys/block entry that is a device (no loop, RAM or mapped ones). */
import { oncePer } from '../sources/memory.ts';
import type { Group } from './group.ts';

const BLOCK = '/sys/block';

export interface Disk {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
}

export const readDisks = oncePer((sources): readonly Disk[] => {
  const disks: Disk[] = [];
  for (const name of sources.list(BLOCK).slice(0, 4096)) {
    if (/^(loop|ram|zram|dm-|md)\d/.test(name) || !sources.exists(`${BLOCK}/${name}/device`)) continue;
    disks.push({
      name,
      size: (sources.int(`${BLOCK}/${name}/size`) ?? 0) * 512,
      vendor: sources.line(`${BLOCK}/${name}/device/vendor`),
      model: sources.line(`${BLOCK}/${name}/device/model`),
    });
  }
  return disks;
});

export const diskGroup: Group = {
  name: 'disk',
  collect({ sources, add }) {
    const disks = readDisks(sources);
    add('blockdevices', disks.map((disk) => disk.name).join(','), BLOCK);
    for (const { name, size, vendor, model } of disks) {
      add(`blockdevice_${name}_size`, size, `${BLOCK}/${name}/size`, { raw: `${size / 512} sectors of 512 bytes` });
      // a virtio disk's "vendor" is its PCI id, which is no name
      add(`blockdevice_${name}_vendor`, vendor, `${BLOCK}/${name}/device/vendor`);
      add(`blockdevice_${name}_model`, model, `${BLOCK}/${name}/device/model`);
    }
  },
};
