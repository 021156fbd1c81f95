/** A machine that no server has met before: random addresses, two cards, the least that all tags need. */
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { addToTree, type TreeFiles } from '../helpers/tree.ts';

export interface TestMachine {
  /** Lower case, with colons. */
  readonly macs: readonly string[];
  readonly uuid: string;
  /** Options of `razor-mk run`. */
  readonly args: readonly string[];
}

/** `line` is added to its kernel line. */
export function createMachine(line = ''): TestMachine {
  const root = temporaryDirectory();
  const tail = randomBytes(2).toString('hex');
  const macs = ['01', '02'].map((last) => `52:54:00:${tail.slice(0, 2)}:${tail.slice(2)}:${last}`);
  const uuid = randomUUID();
  addToTree(root, {
    ...Object.assign({}, ...macs.map((mac, index) => card(`eth${index}`, mac, index))),
    'sys/class/dmi/id/product_uuid': `${uuid}\n`,
    'sys/class/dmi/id/sys_vendor': 'razor-mk\n',
    'sys/class/dmi/id/product_name': 'peer test\n',
    'sys/class/dmi/id/product_serial': `PEER${tail}\n`,
    'sys/bus/pci/drivers/e1000/': '',
    'proc/meminfo': 'MemTotal:        2097152 kB\nMemFree:         1024000 kB\n',
    'proc/cpuinfo': 'processor\t: 0\nmodel name\t: test\nphysical id\t: 0\n',
  });
  writeFileSync(join(root, 'cmdline'), `quiet ${line}\n`);
  const files = ['--root', root, '--cmdline', join(root, 'cmdline'), '--resolv-conf', join(root, 'none')];
  return { macs, uuid, args: [...files, '--next-server-file', join(root, 'none')] };
}

/** A PCI card by its files in sysfs. */
function card(name: string, mac: string, index: number): TreeFiles {
  const slot = `sys/devices/pci0000:00/0000:00:0${index + 3}.0`;
  return {
    [`sys/class/net/${name}`]: `-> ../../devices/pci0000:00/0000:00:0${index + 3}.0/net/${name}`,
    [`sys/bus/pci/devices/0000:00:0${index + 3}.0`]: `-> ../../../devices/pci0000:00/0000:00:0${index + 3}.0`,
    [`${slot}/vendor`]: '0x8086\n',
    [`${slot}/device`]: '0x100e\n',
    [`${slot}/class`]: '0x020000\n',
    [`${slot}/driver`]: '-> ../../../bus/pci/drivers/e1000',
    [`${slot}/net/${name}/device`]: `-> ../../../0000:00:0${index + 3}.0`,
    [`${slot}/net/${name}/type`]: '1\n',
    [`${slot}/net/${name}/ifindex`]: `${index + 2}\n`,
    [`${slot}/net/${name}/address`]: `${mac}\n`,
    [`${slot}/net/${name}/addr_assign_type`]: '0\n',
    [`${slot}/net/${name}/operstate`]: 'up\n',
  };
}
