/**
 * Secure Boot: Debian's signed chain of shim and GRUB in front of a signed kernel. The firmware verifies shim (Microsoft's key), shim
 * verifies GRUB and the kernel (Debian's), the kernel verifies its modules. GRUB of Debian 13 is taken on any machine: that of 12
 * refuses HTTP under Secure Boot.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../../platform/files.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Arch } from '../../../packaging/project-paths.ts';
import { IMAGE_ARCHES, OWN_ARCH } from '../architectures.ts';
import { isModule } from '../../node/module-name.ts';
import { fetchPackages, packageFile, type PackageSource } from '../base/debian.ts';
import type { Entry } from '../initrd/entry.ts';
import { plainModule } from '../modules/modules.ts';

/** The signed loaders, as bytes. */
export interface SignedLoaders {
  readonly arch: Arch;
  readonly shim: Buffer;
  /** GRUB for TFTP and HTTP. */
  readonly grubNet: Buffer;
  /** GRUB for a CD: finds it by /.disk/info and reads /boot/grub/grub.cfg there. */
  readonly grubCd: Buffer;
  /** Packages and versions, for people. */
  readonly from: string;
}

/**
 * Fetches shim and GRUB of Debian 13 for `source.arch`, this machine's by default. Throws RAZOR_MK_DOWNLOAD, and RAZOR_MK_IMAGE_BASE
 * where a loader has no signature.
 */
export async function fetchSignedLoaders(source: Omit<PackageSource, 'suite'>): Promise<SignedLoaders> {
  const arch = source.arch ?? OWN_ARCH;
  const { debian, efi, grub: platform } = IMAGE_ARCHES[arch];
  const packages = await fetchPackages(['shim-signed', `grub-efi-${debian}-signed`], { ...source, suite: 'trixie' });
  const [shim, grub] = packages as [(typeof packages)[0], (typeof packages)[0]];
  const read = (of: (typeof packages)[0], path: string): Buffer => {
    const bytes = readFileSync(packageFile(of, path));
    if (isSigned(bytes)) return bytes;
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${path} of ${of.name} ${of.version} has no signature`);
  };
  return {
    arch,
    shim: read(shim, `usr/lib/shim/shim${efi}.efi.signed`),
    grubNet: read(grub, `usr/lib/grub/${platform}-signed/grubnet${efi}.efi.signed`),
    grubCd: read(grub, `usr/lib/grub/${platform}-signed/gcd${efi}.efi.signed`),
    from: packages.map(({ name, version }) => `${name} ${version}`).join(', '),
  };
}

/** Where a PE file has the place and size of its certificates: behind PE32+'s optional header (PE/COFF, "Optional Header Data Directories"). */
const CERTIFICATES = 24 + 112 + 4 * 8;

/** Whether an EFI program (a loader, a kernel with EFI stub) carries a signature; whose it is, only the firmware and shim decide. */
export function isSigned(program: Buffer): boolean {
  if (program.length < 0x40 || program.toString('latin1', 0, 2) !== 'MZ') return false;
  const pe = program.readUInt32LE(0x3c);
  if (pe + CERTIFICATES + 8 > program.length || program.toString('latin1', pe, pe + 4) !== 'PE\0\0') return false;
  const [at, size] = [program.readUInt32LE(pe + CERTIFICATES), program.readUInt32LE(pe + CERTIFICATES + 4)];
  return size > 8 && at + size <= program.length;
}

/** What the kernel's build appends behind a module's signature (scripts/sign-file.c). */
const MODULE_SIGNATURE = '~Module signature appended~\n';

/**
 * Holds a kernel and the modules of an image against Secure Boot. Throws RAZOR_MK_IMAGE_BASE for a kernel without a signature, which
 * shim refuses, and for modules without one, which a kernel in lockdown does not load.
 */
export async function checkSignatures(kernel: Buffer, files: Iterable<Entry>, from: string): Promise<void> {
  if (!isSigned(kernel)) {
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `the kernel of ${from} is not signed: Secure Boot refuses it`, {
      remedy: 'Take a signed one: image base --from-debian, or --kernel /boot/vmlinuz-VERSION of linux-image-VERSION.',
    });
  }
  const unsigned: string[] = [];
  for (const { path, type, data } of files) {
    if (type !== 'file' || !isModule(path)) continue;
    const plain = Buffer.from(await plainModule(path, data));
    if (!plain.subarray(-MODULE_SIGNATURE.length).equals(Buffer.from(MODULE_SIGNATURE))) unsigned.push(path);
  }
  if (unsigned.length === 0) return;
  const more = unsigned.length > 5 ? ` and ${unsigned.length - 5} more` : '';
  throw new RazorMkError(
    'RAZOR_MK_IMAGE_BASE',
    `modules without a signature: ${unsigned.slice(0, 5).join(', ')}${more}; a kernel under Secure Boot does not load them`,
    { remedy: 'Take the modules of the kernel’s own package as they are: strip removes the signature.' },
  );
}

/**
 * Lays shim and GRUB out in a TFTP root, beside grub/grub.cfg; the names are those that firmware and shim ask for. Gives the names.
 * Throws RAZOR_MK_FILE_UNWRITABLE.
 */
export function layOutSecureBoot(out: string, { arch, shim, grubNet }: SignedLoaders): readonly string[] {
  const { efi } = IMAGE_ARCHES[arch];
  const files: readonly (readonly [string, Buffer])[] = [
    [`shim${efi}.efi`, shim],
    [`grub${efi}.efi`, grubNet],
  ];
  for (const [name, content] of files) replaceFile(join(out, name), content);
  return files.map(([name]) => name);
}
