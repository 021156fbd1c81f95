/** Bundle and stripped Node become one executable (Node's single executable application), by pkg's SEA step. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Arch } from './paths.ts';
import { tool } from './tools.ts';

/**
 * V8 flags baked into the executable; why each is worth it is measured in docs/packaging.md. NODE_OPTIONS is ignored
 * (`execArgvExtension`), so that what a server or a user leaves in the environment cannot change them.
 */
export const V8_FLAGS: readonly string[] = ['--max-old-space-size=64', '--max-semi-space-size=1', '--lite-mode'];

export interface SeaOptions {
  readonly arch: Arch;
  /** The Node inside, without the v: `24.21.0`. Must be the Node that runs this. */
  readonly nodeVersion: string;
  /** Directory of this build, absolute; holds razor-mk.cjs. */
  readonly stage: string;
  /** The stripped Node of `arch`. */
  readonly node: string;
  readonly output: string;
  readonly flags?: readonly string[];
  /** Name of each asset (node:sea, getRawAsset) and its file. */
  readonly assets?: Readonly<Record<string, string>>;
}

/**
 * Writes the executable. The blob records the path of `main` as it is given, and pkg would make it absolute; given
 * relative to pkg's temporary directory, which lies in the stage, the same bytes come out of every directory.
 */
export async function makeExecutable(options: SeaOptions): Promise<void> {
  const { stage, arch, nodeVersion } = options;
  const name = `node-v${nodeVersion}-linux-${arch}`;
  // pkg takes what lies in its cache, with its marks, for downloaded and checked: nothing is fetched
  const cache = join(stage, 'home/.pkg-cache/sea');
  const bin = join(cache, name, 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(options.node, join(bin, 'node'));
  for (const mark of [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${name}/bin/node.ok`])
    writeFileSync(join(cache, mark), '');
  const assets: Record<string, string> = {};
  for (const [key, file] of Object.entries(options.assets ?? {})) {
    copyFileSync(file, join(stage, `asset-${basename(file)}`));
    assets[key] = `../../asset-${basename(file)}`;
  }
  mkdirSync(join(stage, 'tmp'), { recursive: true });
  const job = {
    entry: join(stage, 'razor-mk.cjs'),
    target: { nodeRange: `node${nodeVersion}`, platform: 'linux', arch, output: options.output },
    seaConfig: {
      main: '../../razor-mk.cjs', // from STAGE/tmp/pkg-sea-XXXXXX
      useCodeCache: false, // would differ from build to build
      execArgv: [...(options.flags ?? V8_FLAGS)],
      execArgvExtension: 'none',
      ...(Object.keys(assets).length === 0 ? {} : { assets }),
    },
  };
  await tool([process.execPath, fileURLToPath(new URL('sea-process.ts', import.meta.url))], {
    input: JSON.stringify(job),
    env: { HOME: join(stage, 'home'), TMPDIR: join(stage, 'tmp') },
    cwd: stage,
  });
}
