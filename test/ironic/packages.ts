/**
 * Debian's Ironic of one release, fetched and unpacked into a directory of the test's own; nothing is installed. That of the
 * machine's own release runs with its Python, another one in a chroot with everything that it needs.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import { debianTree } from '../helpers/debian-tree.ts';
import type { Release } from './releases.ts';

const PYTHON = '/usr/bin/python3';
const PACKAGE_DIR = 'usr/lib/python3/dist-packages';

export interface IronicFiles {
  readonly release: Release;
  readonly version: string;
  /** Where its Python package `ironic` is, as its own programs see it. */
  readonly pybasedir: string;
  /** argv of one of its programs, by Debian's own Python. */
  program(name: string, ...args: readonly string[]): [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** The unpacked release below `dir`, or why there can be none here. `tell` gets a line for what takes time. */
export async function ironicFiles(
  dir: string,
  release: Release,
  tell: (line: string) => void,
): Promise<IronicFiles | string> {
  const isOwn = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] === release.suite;
  if (isOwn && !existsSync(PYTHON)) return `${PYTHON} is not there (package python3)`;
  if (!isOwn && process.getuid?.() !== 0) return 'a chroot of another release needs root';
  mkdirSync(dir, { recursive: true });
  const suite = isOwn ? undefined : release.suite;
  const tree = await debianTree({ dir, packages: release.packages, suite, tell });
  if (typeof tree === 'string') return tree;
  const version = tree.version('ironic-api') ?? 'unknown';
  if (!release.ironic.test(version)) tell(`the cases were run on other versions than Ironic ${version} so far`);
  // Python finds libcrypt, by which a rescue password is hashed, in the loader's cache only
  if (!isOwn) await run(['chroot', tree.root, '/usr/sbin/ldconfig'], { timeoutMs: 60_000 });
  const files = isOwn ? beside(tree.root, dir, release, version) : within(tree.root, dir, release, version);
  const result = await run(files.program(PYTHON, '-c', 'import ironic.common.service'), {
    env: files.env,
    timeoutMs: 240_000,
  });
  if (result.status === 0) return files;
  if (isOwn && tree.isOld) {
    // what was installed then, and was left out of the tree, may be gone from the machine
    tell('packages of the machine are not there any more: the tree is made anew');
    rmSync(tree.root, { recursive: true });
    return await ironicFiles(dir, release, tell);
  }
  const said = result.failure ?? result.stderr.toString().trim().split('\n').at(-1) ?? '';
  return `Python cannot run Ironic ${version}: ${said.slice(0, 300)}`;
}

/** With the machine's Python. */
function beside(root: string, dir: string, release: Release, version: string): IronicFiles {
  return {
    release,
    version,
    pybasedir: join(root, PACKAGE_DIR, 'ironic'),
    program: (name, ...args) => (name === PYTHON ? [name, ...args] : [PYTHON, join(root, 'usr/bin', name), ...args]),
    env: {
      PYTHONPATH: join(root, PACKAGE_DIR),
      LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
      PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${join(root, 'usr/bin')}`,
      HOME: dir,
    },
  };
}

/** In a mount namespace of each program, which ends with it: the tree is /, and `dir` is where it is outside. */
const ENTER = [
  'mkdir -p "$1$2"',
  'mount --bind "$2" "$1$2"',
  'mount --rbind /dev "$1/dev"',
  'mount -t proc proc "$1/proc"',
  'root=$1; shift 2',
  'exec chroot "$root" "$@"',
].join(' && ');

function within(root: string, dir: string, release: Release, version: string): IronicFiles {
  // what the packages' installation would make
  for (const name of ['passwd', 'group']) {
    copyFileSync(join(root, 'usr/share/base-passwd', `${name}.master`), join(root, 'etc', name));
  }
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  const authorities = join(root, 'usr/share/ca-certificates/mozilla');
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
  const bundle = readdirSync(authorities).map((name) => readFileSync(join(authorities, name)));
  writeFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), Buffer.concat(bundle));
  repair(root);
  const enter = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', root, dir] as const;
  return {
    release,
    version,
    pybasedir: `/${PACKAGE_DIR}/ironic`,
    program: (name, ...args) => [
      ...enter,
      ...(name === PYTHON ? [] : [PYTHON]),
      name === PYTHON ? name : `/usr/bin/${name}`,
      ...args,
    ],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: dir },
  };
}

const FAULTY = /^( +)corrected_values\['parent_node'\] = parent_node\.uuid$/m;

/**
 * Debian 13's 29.0.5 makes every node its own parent at any PATCH, and then holds its power actions back; later ones have the
 * same line behind a question.
 */
function repair(root: string): void {
  const path = join(root, PACKAGE_DIR, 'ironic/api/controllers/v1/node.py');
  const text = readFileSync(path, 'utf8');
  if (text.includes('parent_node.uuid != rpc_node.uuid')) return;
  const [line = '', indent = ''] = FAULTY.exec(text) ?? [];
  if (line === '') return;
  writeFileSync(path, text.replace(line, `${indent}if parent_node.uuid != rpc_node.uuid:\n    ${line}`));
}
