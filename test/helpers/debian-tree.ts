/**
 * Debian packages, fetched and unpacked into a directory of a test's own; nothing is installed. What was unpacked once is used
 * again, also without a network.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import { run, type RunResult } from '../../platform/process/run.ts';
import { aptSuite } from '../../tinycore/image/base/apt-suite.ts';

interface TreeOptions {
  /** Holds the packages and the tree. */
  readonly dir: string;
  readonly packages: readonly string[];
  /**
   * A release of Debian: the tree then has everything that the packages need, and programs run in it by chroot. Otherwise the
   * machine's own release, and only what is not installed.
   */
  readonly suite?: string | undefined;
  /** Gets a line for what takes time. */
  readonly tell: (line: string) => void;
}

export interface DebianTree {
  readonly root: string;
  /** It was unpacked by an earlier run. */
  readonly isOld: boolean;
  /** The version of a package that was unpacked. */
  version(name: string): string | undefined;
}

/** The unpacked tree, or why there can be none here. */
export async function debianTree(options: TreeOptions): Promise<DebianTree | string> {
  const { dir } = options;
  const root = join(dir, 'root');
  const stamp = join(root, 'unpacked');
  const isOld = existsSync(stamp);
  if (!isOld) {
    for (const program of ['apt-get', 'dpkg-deb']) {
      if ((await run(['sh', '-c', 'command -v "$1"', 'sh', program])).status !== 0) return `there is no ${program}`;
    }
    const lack = await download(options);
    if (lack !== undefined) return lack;
    await unpack(options, root);
    writeFileSync(stamp, '');
  }
  const names = readdirSync(join(dir, 'debs'));
  const version = (name: string): string | undefined =>
    names
      .find((file) => file.startsWith(`${name}_`))
      ?.split('_')[1]
      ?.replace('%3a', ':');
  return { root, isOld, version };
}

/** With the lists of the machine, and where those are missing or old, or are of another release, with lists of our own. */
async function download(options: TreeOptions): Promise<string | undefined> {
  const { dir, packages, suite, tell } = options;
  mkdirSync(join(dir, 'debs', 'partial'), { recursive: true });
  const fetch = ['install', '-y', '--no-install-recommends', '--download-only', ...packages];
  tell(`apt-get install --download-only ${packages.join(' ')}${suite === undefined ? '' : ` of ${suite}`}`);
  let result: RunResult;
  if (suite === undefined) {
    result = await apt(dir, fetch);
    if (result.status !== 0) {
      const lists = join(dir, 'lists');
      mkdirSync(join(lists, 'partial'), { recursive: true });
      const own = ['-o', `Dir::State::lists=${lists}`];
      tell('the lists of packages are missing or old: apt-get update, beside those of the machine');
      await apt(dir, [...own, 'update']);
      result = await apt(dir, [...own, ...fetch]);
    }
  } else {
    const nothing = join(dir, 'status');
    writeFileSync(nothing, ''); // nothing is installed in the tree yet
    try {
      const own = await aptSuite({ suite, cache: dir, run: { timeoutMs: 240_000 } });
      result = await apt(dir, [...own, '-o', `Dir::State::status=${nothing}`, ...fetch]);
    } catch (error) {
      return messageOf(error);
    }
  }
  if (result.status === 0) return undefined;
  const said = result.stderr.toString().trim().split('\n').at(-1) ?? '';
  return `apt-get cannot fetch ${packages.join(' ')}: ${result.failure ?? said.slice(0, 200)}`;
}

function apt(dir: string, words: readonly string[]): Promise<RunResult> {
  // behind the options of a release, so that the archives are ours whatever those say
  const mine = ['-o', `Dir::Cache::archives=${join(dir, 'debs')}`, '-o', 'Debug::NoLocking=1'];
  const options = ['-q', '-o', 'Acquire::Retries=2', ...words.filter((word) => word !== ''), ...mine];
  return run(['apt-get', ...options], { timeoutMs: 400_000, env: { DEBIAN_FRONTEND: 'noninteractive' } });
}

async function unpack({ dir, suite, tell }: TreeOptions, root: string): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  if (suite !== undefined) {
    // what the installer of a system makes, and no package brings
    for (const name of ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'tmp', 'proc', 'dev', 'sys', 'run']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  }
  const debs = readdirSync(join(dir, 'debs')).filter((name) => name.endsWith('.deb'));
  tell(`unpack ${debs.length} packages`);
  for (const name of debs) {
    const piped = ['sh', '-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"', 'sh'] as const;
    const result = await run([...piped, join(dir, 'debs', name), root], { timeoutMs: 120_000 });
    if (result.status !== 0) throw new Error(`dpkg-deb of ${name}: ${result.stderr.toString().trim()}`);
  }
}
