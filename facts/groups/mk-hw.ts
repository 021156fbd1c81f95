/** The three or four mk_hw_* facts that servers tag on by default, from what the other groups found. */
import { couldBoot } from '../identity.ts';
import { readCpus } from './cpu.ts';
import { readDmi } from './dmi.ts';
import type { Group } from './group.ts';
import { readMeminfo } from './memory.ts';
import { readNics } from './nics.ts';

/** `4GiB` as lshw prints a size: the largest binary unit that leaves at most four digits. */
export function lshwSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 10_240 && unit < units.length - 1) {
    size = Math.floor(size / 1024);
    unit += 1;
  }
  return `${size}${units[unit] as string}`;
}

export const basicHardwareGroup: Group = {
  name: 'hardware',
  collect({ sources, add }) {
    const cpus = readCpus(sources);
    add('mk_hw_cpu_count', Math.max(1, cpus.sockets), cpus.socketsFrom);
    add('mk_hw_nic_count', readNics(sources).filter(couldBoot).length, '/sys/class/net');
    const total = readMeminfo(sources).values.get('MemTotal');
    if (total !== undefined) add('mk_hw_mem_size', lshwSize(total * 1024), '/proc/meminfo', { raw: `${total} kB` });
    const { fields } = readDmi(sources);
    add(
      'mk_hw_bus_vendor',
      fields.get('board_vendor')?.value ?? fields.get('sys_vendor')?.value,
      '/sys/class/dmi/id/board_vendor',
    );
  },
};
