/**
 * The node's name, as the original gives it: `mk` and the first NIC's MAC without colons
 * (docs/contracts/razor-0.x.md#identity).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';

interface HostnameContext {
  readonly system: System;
  readonly log: Log;
  readonly root?: string;
}

/** `52:54:00:12:34:56` becomes `mk525400123456`; undefined for what is not a MAC. */
export function hostnameOf(mac: string): string | undefined {
  const digits = mac.toLowerCase().replaceAll(/[:-]/g, '');
  return /^[0-9a-f]{12}([0-9a-f]{28})?$/.test(digits) && !/^0+$/.test(digits) ? `mk${digits}` : undefined;
}

/** /etc/hosts with the name on the 127.0.0.1 line; other lines stay, a name of ours from before goes. Pure. */
export function hostsWith(text: string, name: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  let found = false;
  const kept = lines.map((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address !== '127.0.0.1' || found) return line;
    found = true;
    const others = names.filter((other) => other !== name && !/^mk[0-9a-f]{12}$/.test(other));
    return `127.0.0.1 ${[...(others.includes('localhost') ? others : ['localhost', ...others]), name].join(' ')}`;
  });
  if (!found) kept.unshift(`127.0.0.1 localhost ${name}`);
  return `${kept.join('\n')}\n`;
}

/** Sets the name in the kernel, /etc/hostname and /etc/hosts, each where it differs. Never throws. */
export async function setHostname(name: string, context: HostnameContext): Promise<void> {
  const root = context.root ?? '/';
  const attempt = async (action: () => void | Promise<unknown>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      context.log.warn(`host name: ${messageOf(error)}`);
    }
  };
  const kernel = join(root, 'proc/sys/kernel/hostname');
  if (read(kernel).trim() !== name) {
    await attempt(() => context.system.change(`set the host name to ${name}`, () => writeFileSync(kernel, name)));
  }
  const file = join(root, 'etc/hostname');
  if (read(file).trim() !== name)
    await attempt(() => context.system.write(`write ${name} to ${file}`, file, `${name}\n`));
  const hosts = join(root, 'etc/hosts');
  const before = read(hosts);
  const after = hostsWith(before, name);
  if (after !== before) await attempt(() => context.system.write(`name ${name} in ${hosts}`, hosts, after));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
