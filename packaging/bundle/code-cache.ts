/**
 * V8's code cache of the bundle. Half of the way to the first check-in was the compiling of JavaScript; with the cache V8
 * takes what was compiled when the executable was built. Measured in docs/packaging.md.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isExecutable } from '../../platform/files.ts';
import { DEFAULT_PATH } from '../../platform/process/run.ts';
import { bundleScript } from './bundle.ts';
import { findLibraries } from './libraries.ts';
import { ARCHES, PROJECT, type Arch } from '../project-paths.ts';
import { tool } from '../tools.ts';

/** The machine that the agent is run on for the cache: many kinds of devices. Never the machine that builds. */
const MACHINE = join(PROJECT, 'test/fixtures/machines/q35-server.tar.gz');
const PCI_IDS = join(PROJECT, 'test/fixtures/machines/pci.ids');

interface CodeCacheOptions {
  readonly arch: Arch;
  /** The Node of the executable. */
  readonly node: string;
  /** V8 flags of the executable. */
  readonly flags: readonly string[];
  /** The bundle. */
  readonly code: string;
  /** Directory of this build. */
  readonly stage: string;
  /** Further directories that hold shared libraries of `arch`. */
  readonly libraries?: readonly string[];
}

/** How much longer an emulated processor may take. */
const EMULATED = 5;

/**
 * argv that runs a program of `arch` here: itself, or by QEMU's user emulation with the libraries that the executable gets too;
 * undefined where that is not installed. V8's cache holds bytecode and no machine code, so one that was made under emulation is taken
 * by the processor itself.
 */
export function runnerFor(
  arch: Arch,
  program: string,
  libraries: readonly string[] = [],
): readonly [string, ...string[]] | undefined {
  if (arch === process.arch) return [program];
  const { machine, loader } = ARCHES[arch];
  const names = [`qemu-${machine}-static`, `qemu-${machine}`];
  const emulator = DEFAULT_PATH.split(':')
    .flatMap((place) => names.map((name) => join(place, name)))
    .find((path) => isExecutable(path));
  if (emulator === undefined) return undefined;
  const found = findLibraries(arch, program, libraries);
  const start = found.find(({ name }) => name === loader)?.path ?? loader;
  const places = new Set(found.map(({ path }) => dirname(path)));
  return [emulator, start, '--library-path', [...places].join(':'), program];
}

/**
 * Makes the cache and returns its file; undefined for another processor than that of this machine, where no emulator of it is
 * installed. Throws RAZOR_MK_PACKAGE where the agent does not come through its warm-up, or V8 would not take the cache.
 */
export async function makeCodeCache(options: CodeCacheOptions): Promise<string | undefined> {
  const { arch, node, flags, code, stage, libraries } = options;
  const runner = runnerFor(arch, node, libraries);
  if (runner === undefined) return undefined;
  const patience = runner.length === 1 ? 1 : EMULATED;
  const program = join(stage, 'warm-up.mjs');
  await bundleScript('packaging/bundle/warm-up-process.ts', program, 'esm');
  const cache = join(stage, 'razor-mk.cache');
  // a short path of one length everywhere: it holds a socket, and what does not fit takes another way through the code
  const work = mkdtempSync(join(tmpdir(), 'razor-mk-'));
  try {
    const machine = join(work, 'machine');
    mkdirSync(machine);
    copyFileSync(MACHINE, join(work, 'machine.tar.gz'));
    await tool(['tar', '-xzf', join(work, 'machine.tar.gz'), '-C', machine]);
    // --random-seed makes two caches of one source the same, bit for bit; roomy heaps leave nothing to the collector
    const seeded = [...flags, '--random-seed=1', '--max-semi-space-size=64', '--max-old-space-size=1024'];
    await tool([...runner, ...seeded, program, code, cache, machine, PCI_IDS, work], {
      env: { HOME: work, TMPDIR: work, TZ: 'UTC', PATH: '/nonexistent' },
      cwd: work,
      timeoutMs: 180_000 * patience,
    });
    await tool([...runner, ...flags, program, '--check', code, cache], {
      env: { HOME: work, PATH: '/nonexistent' },
      cwd: work,
    });
    return cache;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
