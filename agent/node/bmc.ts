/** The management processor's device: facts --all and the command identify ask it through /dev/ipmi0. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { System } from '../../platform/system.ts';

/** Where kernels and Tiny Core's rules put it. */
const DEVICES = ['dev/ipmi0', 'dev/ipmi/0', 'dev/ipmidev/0'];

/** Whether there is such a device. */
export function hasBmcDevice(root = '/'): boolean {
  return DEVICES.some((device) => existsSync(join(root, device)));
}

/**
 * Loads what makes the device, where a BMC's driver is loaded: no hardware names ipmi_devintf, so nothing else loads it
 * (kernel's Documentation/driver-api/ipmi.rst). Says in words what there is; throws when it cannot be loaded.
 */
export async function openBmc(system: System, root = '/'): Promise<string> {
  if (hasBmcDevice(root)) return 'its device is there';
  if (!existsSync(join(root, 'sys/module/ipmi_msghandler'))) return 'none';
  const { status, stderr, failure } = await system.run('make the device of the BMC', ['modprobe', 'ipmi_devintf']);
  if (status !== 0) throw new Error(`modprobe ipmi_devintf: ${failure ?? stderr.toString().trim().slice(-200)}`);
  return 'its device is made';
}
