/**
 * Debian's Ironic and its inspector, fetched and unpacked into a directory of the test's own; nothing is installed. What was
 * unpacked once is used again, also without a network.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, type RunResult } from '../../platform/process/run.ts';

const PACKAGES = [
  ...['python3-ironic', 'ironic-common', 'ironic-api', 'ironic-conductor'],
  ...['ironic-inspector', 'python3-ironic-inspector'],
];
/** The release that the cases were written for; other Debians have others, which answer otherwise in places. */
const RELEASE = /^(?:\d+:)?21\.4\./;
const PYTHON = '/usr/bin/python3';

export interface IronicFiles {
  /** Root of the unpacked tree. */
  readonly root: string;
  readonly version: string;
  /** argv of one of its programs, by Debian's own Python. */
  program(name: string, ...args: readonly string[]): [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** The unpacked tree below `dir`, or why there can be none here. `tell` gets a line for what takes time. */
export async function ironicFiles(dir: string, tell: (line: string) => void): Promise<IronicFiles | string> {
  if (!existsSync(PYTHON)) return `${PYTHON} is not there (package python3)`;
  const root = join(dir, 'root');
  const stamp = join(root, 'unpacked');
  if (!existsSync(stamp)) {
    for (const program of ['apt-get', 'dpkg-deb']) {
      if ((await run(['sh', '-c', 'command -v "$1"', 'sh', program])).status !== 0) return `there is no ${program}`;
    }
    const lack = await download(dir, tell);
    if (lack !== undefined) return lack;
    await unpack(dir, root, tell);
    writeFileSync(stamp, '');
  }
  const control = readdirSync(join(dir, 'debs')).find((name) => name.startsWith('ironic-api_')) ?? '';
  const version = /^ironic-api_(.+)_[a-z0-9]+\.deb$/.exec(control)?.[1]?.replace('%3a', ':') ?? 'unknown';
  if (!RELEASE.test(version)) return `Debian's Ironic is ${version} here; the cases are written for 21.4 (Debian 12)`;
  const env = {
    PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
    PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${join(root, 'usr/bin')}`,
    HOME: dir,
  };
  const lack = await usable(env);
  if (lack !== undefined) return lack;
  return { root, version, program: (name, ...args) => [PYTHON, join(root, 'usr/bin', name), ...args], env };
}

/** Fetches with the lists of the machine, and where those are missing or old, with lists of our own. */
async function download(dir: string, tell: (line: string) => void): Promise<string | undefined> {
  const debs = join(dir, 'debs');
  mkdirSync(join(debs, 'partial'), { recursive: true });
  tell('apt-get install --download-only of Ironic and its inspector (about 210 packages, 43 MB)');
  const first = await apt(debs, ['install', '-y', '--no-install-recommends', '--download-only', ...PACKAGES]);
  if (first.status === 0) return undefined;
  const lists = join(dir, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const own = ['-o', `Dir::State::lists=${lists}`];
  tell('the lists of packages are missing or old: apt-get update, beside those of the machine');
  await apt(debs, [...own, 'update']);
  const second = await apt(debs, [
    ...own,
    ...['install', '-y', '--no-install-recommends', '--download-only'],
    ...PACKAGES,
  ]);
  if (second.status === 0) return undefined;
  const said = second.stderr.toString().trim().split('\n').at(-1) ?? '';
  return `apt-get cannot fetch Ironic: ${second.failure ?? said.slice(0, 200)}`;
}

function apt(debs: string, words: readonly string[]): Promise<RunResult> {
  const options = ['-q', '-o', `Dir::Cache::archives=${debs}`, '-o', 'Debug::NoLocking=1', '-o', 'Acquire::Retries=2'];
  return run(['apt-get', ...options, ...words], { timeoutMs: 240_000, env: { DEBIAN_FRONTEND: 'noninteractive' } });
}

async function unpack(dir: string, root: string, tell: (line: string) => void): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const debs = readdirSync(join(dir, 'debs')).filter((name) => name.endsWith('.deb'));
  tell(`unpack ${debs.length} packages`);
  for (const name of debs) {
    const result = await run(['dpkg-deb', '-x', join(dir, 'debs', name), root], { timeoutMs: 120_000 });
    if (result.status !== 0) throw new Error(`dpkg-deb -x ${name}: ${result.stderr.toString().trim()}`);
  }
}

/** Whether the machine's Python can run it: the packages that were installed already were not fetched. */
async function usable(env: Readonly<Record<string, string>>): Promise<string | undefined> {
  const result = await run([PYTHON, '-c', 'import ironic.common.service'], {
    env,
    timeoutMs: 120_000,
  });
  if (result.status === 0) return undefined;
  const said = result.failure ?? result.stderr.toString().trim().split('\n').at(-1) ?? '';
  return `${PYTHON} cannot run it: ${said.slice(0, 300)}`;
}
