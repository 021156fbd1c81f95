/**
 * Bundle and stripped Node become one executable (Node's single executable application), by pkg's SEA step. Its main file is
 * the loader; the bundle and V8's code cache of it are assets.
 */
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleScript } from '../bundle/bundle.ts';
import { makeCodeCache } from '../bundle/code-cache.ts';
import { CODE_ASSET, CODE_CACHE_ASSET } from '../bundle/evaluate.ts';
import type { Arch } from '../project-paths.ts';
import { tool } from '../tools.ts';

/**
 * V8 flags baked into the executable; why each is worth it is measured in docs/packaging.md. NODE_OPTIONS is ignored
 * (`execArgvExtension`), so that what a server or a user leaves in the environment cannot change them.
 */
export const V8_FLAGS: readonly string[] = [
  '--max-old-space-size=64',
  '--max-semi-space-size=1',
  '--single-threaded-gc',
];

interface SeaOptions {
  readonly arch: Arch;
  /** The Node inside, without the v: `24.21.0`. Must be the Node that runs this. */
  readonly nodeVersion: string;
  /** Directory of this build, absolute; holds razor-mk.cjs. */
  readonly stage: string;
  /** The stripped Node of `arch`. */
  readonly node: string;
  readonly output: string;
  readonly flags?: readonly string[];
  /** Whether V8's code cache is made; with other flags than the agent's it is not the same bytes each time. */
  readonly cache?: boolean;
  /** Further directories that hold shared libraries of `arch`. */
  readonly libraries?: readonly string[];
  /** Name of each asset (node:sea, getRawAsset) and its file. */
  readonly assets?: Readonly<Record<string, string>>;
}

/**
 * Writes the executable. The blob records the path of `main` as it is given, and pkg would make it absolute; given
 * relative to pkg's temporary directory, which lies in the stage, the same bytes come out of every directory.
 */
export async function makeExecutable(options: SeaOptions): Promise<{ readonly cacheBytes: number }> {
  const { stage, arch, nodeVersion, libraries } = options;
  const name = `node-v${nodeVersion}-linux-${arch}`;
  // pkg takes what lies in its cache, with its marks, for downloaded and checked: nothing is fetched
  const cache = join(stage, 'home/.pkg-cache/sea');
  const bin = join(cache, name, 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(options.node, join(bin, 'node'));
  for (const mark of [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${name}/bin/node.ok`])
    writeFileSync(join(cache, mark), '');
  const flags = options.flags ?? V8_FLAGS;
  const code = join(stage, 'razor-mk.cjs');
  await bundleScript('packaging/bundle/loader.ts', join(stage, 'loader.cjs'), 'cjs');
  const codeCache =
    options.cache === false
      ? undefined
      : await makeCodeCache({ arch, node: options.node, flags, code, stage, libraries });
  const assets: Record<string, string> = {};
  const files = {
    ...options.assets,
    [CODE_ASSET]: code,
    ...(codeCache === undefined ? {} : { [CODE_CACHE_ASSET]: codeCache }),
  };
  for (const [key, file] of Object.entries(files)) {
    copyFileSync(file, join(stage, `asset-${basename(file)}`));
    assets[key] = `../../asset-${basename(file)}`;
  }
  mkdirSync(join(stage, 'tmp'), { recursive: true });
  const job = {
    entry: join(stage, 'loader.cjs'),
    target: { nodeRange: `node${nodeVersion}`, platform: 'linux', arch, output: options.output },
    seaConfig: {
      main: '../../loader.cjs', // from STAGE/tmp/pkg-sea-XXXXXX
      useCodeCache: false, // Node's own would differ from build to build, and hold nothing of what the agent runs
      execArgv: [...flags],
      execArgvExtension: 'none',
      assets,
    },
  };
  await tool([process.execPath, fileURLToPath(new URL('sea-process.ts', import.meta.url))], {
    input: JSON.stringify(job),
    env: { HOME: join(stage, 'home'), TMPDIR: join(stage, 'tmp') },
    cwd: stage,
  });
  return { cacheBytes: codeCache === undefined ? 0 : statSync(codeCache).size };
}
