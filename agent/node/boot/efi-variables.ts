/** The firmware's variables: Secure Boot, the boot option, and the loop breaker's count across boots are in them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { System } from '../../../platform/system.ts';

/** Makes them readable where the firmware is UEFI, and says in words what there is. Throws when they cannot be had. */
export async function mountEfiVariables(system: System, root = '/'): Promise<string> {
  if (!existsSync(join(root, 'sys/firmware/efi'))) return 'a BIOS has none';
  const directory = join(root, 'sys/firmware/efi/efivars');
  // without runtime services the kernel makes no mount point
  if (!existsSync(directory)) throw new Error('the kernel was started without the firmware’s runtime services');
  if (readdirSync(directory).length > 0) return 'there already';
  const argv = ['mount', '-t', 'efivarfs', 'efivarfs', directory] as const;
  const { status, stderr, failure } = await system.run('make the firmware’s variables readable', argv);
  if (status !== 0) throw new Error(`mount: ${failure ?? stderr.toString().trim().slice(-200)}`);
  return 'readable';
}
