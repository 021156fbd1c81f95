/**
 * V8's code cache of the bundle. Half of the way to the first check-in was the compiling of JavaScript; with the cache V8
 * takes what was compiled when the executable was built. Measured in docs/packaging.md.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleScript } from './bundle.ts';
import { PROJECT, type Arch } from '../project-paths.ts';
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
}

/**
 * Makes the cache and returns its file; undefined for another processor than that of this machine, whose Node cannot be
 * run here. Throws RAZOR_MK_PACKAGE where the agent does not come through its warm-up, or V8 would not take the cache.
 */
export async function makeCodeCache(options: CodeCacheOptions): Promise<string | undefined> {
  const { arch, node, flags, code, stage } = options;
  if (arch !== process.arch) return undefined;
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
    await tool([node, ...seeded, program, code, cache, machine, PCI_IDS, work], {
      env: { HOME: work, TMPDIR: work, TZ: 'UTC', PATH: '/nonexistent' },
      cwd: work,
      timeoutMs: 180_000,
    });
    await tool([node, ...flags, program, '--check', code, cache], {
      env: { HOME: work, PATH: '/nonexistent' },
      cwd: work,
    });
    return cache;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
