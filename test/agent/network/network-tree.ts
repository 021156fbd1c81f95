/** A made-up /sys and /proc for network tests. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

export interface TreeNic {
  readonly name: string;
  readonly index?: number;
  readonly mac?: string;
  readonly type?: number;
  readonly up?: boolean;
  /** Undefined: reading fails, as the kernel does it while the interface is down. */
  readonly carrier?: 0 | 1;
  readonly driver?: string;
}

/** Returns the root directory. */
export function networkTree(options: {
  readonly nics?: readonly TreeNic[];
  readonly modules?: readonly string[];
  readonly pci?: readonly { address: string; class: string; vendor: string; device: string; driver?: string }[];
}): string {
  const root = temporaryDirectory();
  const put = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [i, nic] of (options.nics ?? []).entries()) {
    const at = `sys/class/net/${nic.name}`;
    put(`${at}/type`, `${nic.type ?? 1}\n`);
    put(`${at}/ifindex`, `${nic.index ?? i + 2}\n`);
    put(`${at}/address`, `${nic.mac ?? '52:54:00:00:00:01'}\n`);
    put(`${at}/flags`, nic.up === false ? '0x1002\n' : '0x1003\n');
    if (nic.carrier !== undefined) put(`${at}/carrier`, `${nic.carrier}\n`);
    if (nic.driver !== undefined) {
      mkdirSync(join(root, 'sys/devices', nic.name), { recursive: true });
      symlinkSync(`../../../devices/${nic.name}`, join(root, at, 'device'));
      symlinkSync(`../../bus/pci/drivers/${nic.driver}`, join(root, 'sys/devices', nic.name, 'driver'));
    }
  }
  put('proc/modules', (options.modules ?? []).map((name) => `${name} 16384 0 - Live 0x0\n`).join(''));
  for (const device of options.pci ?? []) {
    const at = `sys/bus/pci/devices/${device.address}`;
    put(`${at}/class`, `${device.class}\n`);
    put(`${at}/vendor`, `${device.vendor}\n`);
    put(`${at}/device`, `${device.device}\n`);
    if (device.driver !== undefined) symlinkSync(`../drivers/${device.driver}`, join(root, at, 'driver'));
  }
  return root;
}
