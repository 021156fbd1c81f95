/** Kernel files: which processor they are for, which release they name, and whether they are whole. Pure. */
import { isArm64Image } from '../../../platform/netboot/kernel-arch.ts';
import { IMAGE_ARCHES } from '../architectures.ts';
import type { Arch } from '../../../packaging/project-paths.ts';

interface KernelFile {
  /** `x64` for every bzImage: whether its kernel has 64 bits is another question. */
  readonly arch: Arch;
  /** `6.1.0-57-cloud-arm64`; empty where the file names none. */
  readonly release: string;
}

/**
 * What a kernel file says of itself, or undefined where it is none: a bzImage (Documentation/arch/x86/boot.rst, kernel_version) or an
 * uncompressed Image of arm64 (Documentation/arch/arm64/booting.rst), whose release is only in its banner, so that the whole file is
 * needed.
 */
export function readKernelFile(kernel: Buffer): KernelFile | undefined {
  if (isArm64Image(kernel)) return { arch: 'arm64', release: releaseOfBanner(kernel) };
  if (kernel.length < 0x300 || kernel.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined;
  const offset = kernel.readUInt16LE(0x20e);
  const text = offset === 0 ? '' : kernel.toString('latin1', offset + 0x200, offset + 0x200 + 200);
  return { arch: 'x64', release: text.split('\0')[0]?.split(' ')[0] ?? '' };
}

const BANNER = 'Linux version ';

function releaseOfBanner(kernel: Buffer): string {
  for (let at = kernel.indexOf(BANNER); at >= 0; at = kernel.indexOf(BANNER, at + 1)) {
    const [release = ''] = kernel.toString('latin1', at + BANNER.length, at + BANNER.length + 100).split(/[ \0\n]/);
    if (/^\d+\.\d+[\w.+~-]*$/.test(release)) return release;
  }
  return '';
}

/** The bytes that a kernel file must have at least: by its boot header, or by the sections of the EFI program that it is. */
export function wholeLength(kernel: Buffer): number {
  if (isArm64Image(kernel)) return endOfSections(kernel);
  // setup_sects and syssize; signed kernels are longer
  const sectors = kernel[0x1f1] === 0 ? 4 : (kernel[0x1f1] ?? 4);
  return (sectors + 1) * 512 + kernel.readUInt32LE(0x1f4) * 16;
}

/** PE/COFF, "Section Table": where the last section ends. 0 for a kernel without EFI stub. */
function endOfSections(program: Buffer): number {
  const pe = program.readUInt32LE(0x3c);
  if (pe + 24 > program.length || program.toString('latin1', pe, pe + 4) !== 'PE\0\0') return 0;
  const table = pe + 24 + program.readUInt16LE(pe + 20);
  let end = 0;
  for (let index = 0; index < program.readUInt16LE(pe + 6); index += 1) {
    const section = table + index * 40;
    if (section + 40 > program.length) return section + 40;
    end = Math.max(end, program.readUInt32LE(section + 16) + program.readUInt32LE(section + 20));
  }
  return end;
}

const ELF = Buffer.from('\x7fELF', 'latin1');

/** e_machine of programs that run on each processor: 32-bit userland under a 64-bit kernel is one of them. */
const RUNS_ON: Readonly<Record<Arch, readonly number[]>> = {
  x64: [IMAGE_ARCHES.x64.elfMachine, 3],
  arm64: [IMAGE_ARCHES.arm64.elfMachine, 40],
};

/** The processor that an ELF program is for; undefined for other files and other processors. */
export function archOfProgram(program: Uint8Array): Arch | undefined {
  const head = Buffer.from(program.buffer, program.byteOffset, Math.min(program.byteLength, 64));
  if (head.length < 20 || !head.subarray(0, 4).equals(ELF)) return undefined;
  const machine = head.readUInt16LE(18);
  return (['x64', 'arm64'] as const).find((arch) => RUNS_ON[arch].includes(machine));
}
