/** What `lab vm` needs of this machine, looked for before anything is begun. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { isExecutable } from '../../platform/files.ts';
import { DEFAULT_PATH } from '../../platform/process/run.ts';
import { OVMF_CODE, OVMF_VARS } from './machine.ts';

export interface Wanted {
  readonly network: 'auto' | 'namespace' | 'user';
  readonly uefi: boolean;
}

/** Throws RAZOR_MK_VM with everything that is missing and the Debian packages that have it. */
export function needPrograms(wanted: Wanted, path = DEFAULT_PATH): void {
  const programs: [string, string][] = [
    ['qemu-system-x86_64', 'qemu-system-x86'],
    ['setpriv', 'util-linux'],
  ];
  if (wanted.network !== 'user')
    programs.push(
      ['unshare', 'util-linux'],
      ['nsenter', 'util-linux'],
      ['ip', 'iproute2'],
      ['dnsmasq', 'dnsmasq-base'],
    );
  const missing = programs.filter(([program]) => !path.split(':').some((dir) => isExecutable(join(dir, program))));
  if (wanted.uefi && ![OVMF_CODE, OVMF_VARS].every((file) => existsSync(file))) missing.push([OVMF_CODE, 'ovmf']);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new RazorMkError('RAZOR_MK_VM', `not on this machine: ${missing.map(([what]) => what).join(', ')}`, {
    remedy: `Install it: apt-get install --no-install-recommends ${packages}.`,
  });
}
