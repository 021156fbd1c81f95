/**
 * The images that scenarios boot: made by the program itself, out of this clone and Debian packages, once for all scenarios
 * and runs. They are made anew when anything that they are made of is newer, and when the base is a day old.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arch } from '../../packaging/project-paths.ts';
import { run } from '../../platform/process/run.ts';
import { packagedAgent } from '../../tinycore/image/extensions/agent-form.ts';
import { writeCpio } from '../../tinycore/image/initrd/cpio.ts';
import type { Entry } from '../../tinycore/image/initrd/entry.ts';

export interface ImageChoice {
  /** cloud: virtio only, fast; amd64: drivers of real machines. */
  readonly kernel: 'cloud' | 'amd64';
  /** The processor: x64 by default. */
  readonly arch?: Arch;
  readonly flavour?: 'prod' | 'dev' | 'debug';
  /** Further options of `image build`. */
  readonly args?: readonly string[];
  /** Name of this variant when `args` are given. */
  readonly variant?: string;
}

export interface MicrokernelImage {
  readonly iso: string;
  readonly kernel: string;
  readonly initrd: string;
  /** What `image build` printed. */
  readonly report: Readonly<Record<string, unknown>>;
}

export interface Images {
  /** The agent's extension of this clone as it is now, for `image build`. */
  agent(arch: Arch): Promise<unknown>;
  microkernel(choice: ImageChoice): Promise<MicrokernelImage>;
  /** Kernel and initrd of the base that a microkernel is made of. */
  base(kernel: ImageChoice['kernel'], arch?: Arch): Promise<{ readonly kernel: string; readonly initrd: string }>;
  /** A directory with `linux` and `initrd.gz`: an installer that asks its callbacks as a distribution's does. */
  installer(): Promise<string>;
  /** Milliseconds that making images has taken so far; no scenario's own time. */
  spentMs(): number;
}

/** `self` is how the program is started, `dir` where images are kept, `tell` says what is being made. */
export function createImages(self: readonly [string, ...string[]], dir: string, tell: (text: string) => void): Images {
  const made = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = made.get(key) as Promise<T> | undefined;
    if (known) return known;
    const promise = make();
    made.set(key, promise);
    return promise;
  };
  let spent = 0;
  let since: number | undefined;
  const must = async (...words: string[]): Promise<string> => {
    tell(`razor-mk ${words.join(' ')}`);
    since ??= performance.now();
    const result = await run([...self, ...words], {
      timeoutMs: 600_000,
      env: { HOME: process.env['HOME'] ?? '/root', PATH: process.env['PATH'] ?? '/usr/bin' },
    });
    spent += performance.now() - since;
    since = undefined;
    if (result.status !== 0) {
      throw new Error(
        `razor-mk ${words.join(' ')}: ${result.failure ?? `status ${String(result.status)}`}\n${result.stderr.toString().slice(-2000)}`,
      );
    }
    return result.stdout.toString();
  };
  const agent = (arch: Arch): Promise<unknown> =>
    once(`agent-${arch}`, async () => {
      const file = packagedAgent(arch);
      if (existsSync(file) && newest(...AGENT_ROOMS) <= statSync(file).mtimeMs) return;
      await must('package', '--no-budget', '--arch', arch);
    });
  const base = (kernel: ImageChoice['kernel'], arch: Arch = 'x64'): Promise<{ kernel: string; initrd: string }> =>
    once(`base-${kernel}-${arch}`, async () => {
      const out = join(dir, arch === 'x64' ? `base-${kernel}` : `base-${kernel}-${arch}`);
      const words = ['image', 'base', '--from-debian', '--arch', arch, '--kernel', kernel, '--out', out] as const;
      await unlessFresh(out, words, Math.max(newest(...IMAGE_ROOMS), Date.now() - DAY_MS), () => must(...words));
      return { kernel: join(out, 'vmlinuz'), initrd: join(out, 'core.gz') };
    });
  return {
    agent,
    base,
    spentMs: () => spent + (since === undefined ? 0 : performance.now() - since),
    microkernel: (choice) => {
      const { kernel, arch = 'x64', flavour = 'debug', args = [], variant = '' } = choice;
      const key = ['mk', kernel, arch === 'x64' ? '' : arch, flavour, variant].filter(Boolean).join('-');
      return once(key, async () => {
        await agent(arch);
        const from = await base(kernel, arch);
        const out = join(dir, key);
        const words = [
          ...['image', 'build', '--base', join(from.kernel, '..'), '--out', out, '--flavour', flavour],
          ...['--format', 'kernel', 'iso', '--json', ...args],
        ];
        const made = Math.max(
          newest(packagedAgent(arch), ...IMAGE_ROOMS),
          statSync(join(from.kernel, '..', STAMP)).mtimeMs,
        );
        const text = await unlessFresh(out, words, made, () => must(...words));
        const files = readdirSync(out);
        const find = (pattern: RegExp): string => join(out, files.find((name) => pattern.test(name)) ?? 'missing');
        return {
          iso: find(/\.iso$/),
          kernel: find(/^vmlinuz|-vmlinuz/),
          initrd: find(/core\.gz$|initrd/),
          report: JSON.parse(text) as Record<string, unknown>,
        };
      });
    },
    installer: () =>
      once('installer', async () => {
        const from = await base('cloud');
        const out = join(dir, 'installer');
        mkdirSync(out, { recursive: true });
        const overlay = writeCpio([
          file('opt/bootsync.sh', 0o755, Buffer.from(INSTALLER)),
          file('opt/mbr.bin', 0o644, bootSector('\r\nRAZOR-MK: the local disk boots\r\n')),
        ]);
        const own = await readFile(from.initrd);
        // the kernel looks for the next archive at a multiple of four
        writeFileSync(join(out, 'initrd.gz'), Buffer.concat([own, Buffer.alloc(-own.length & 3), overlay]));
        writeFileSync(join(out, 'linux'), await readFile(from.kernel));
        return out;
      }),
  };
}

/**
 * What was printed when `words` made `dir`: makes it when it was made by other words, or before `since` (milliseconds since
 * 1970). The stamp is written last: what was cut short is made anew.
 */
async function unlessFresh(
  dir: string,
  words: readonly string[],
  since: number,
  make: () => Promise<string>,
): Promise<string> {
  const stamp = join(dir, STAMP);
  const kept = existsSync(stamp) && statSync(stamp).mtimeMs > since ? readFileSync(stamp, 'utf8') : '{}';
  const known = JSON.parse(kept) as { readonly words?: readonly string[]; readonly printed?: string };
  if (known.printed !== undefined && JSON.stringify(known.words) === JSON.stringify(words)) return known.printed;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const printed = await make();
  writeFileSync(stamp, JSON.stringify({ words, printed }));
  return printed;
}

const STAMP = 'made.json';
const DAY_MS = 86_400_000;
const inClone = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;
const AGENT_ROOMS = [
  'agent',
  'facts',
  'platform',
  'packaging',
  'tinycore/node',
  'tinycore/extension',
  'package.json',
].map(inClone);
const IMAGE_ROOMS = ['tinycore/base', 'tinycore/image', 'tinycore/overlay', 'packaging'].map(inClone);

/** When the newest of these files, and of those below these directories, was changed: milliseconds since 1970. */
function newest(...paths: readonly string[]): number {
  return Math.max(0, ...paths.map(newestOf));
}

function newestOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return newest(...readdirSync(path).map((name) => join(path, name)));
}

function file(path: string, mode: number, data: Buffer): Entry {
  return { path, type: 'file', mode, uid: 0, gid: 0, mtime: 0, data, major: 0, minor: 0 };
}

/**
 * The installer's own part: the network is there, the kernel line names its answers (`url=`), so it tells the server that it
 * starts, fetches the answers, writes a disk that boots, tells the end, and restarts.
 */
const INSTALLER = `#!/bin/sh
exec >/dev/ttyS0 2>&1
answers=''
for word in $(cat /proc/cmdline); do
  case $word in url=*) answers=\${word#url=} ;; esac
done
if [ -z "$answers" ]; then
  echo "installer: its kernel line is $(cat /proc/cmdline); it names no answers, so the machine restarts"
  reboot -f
fi
base=\${answers%/preseed/file}
echo "installer: answers are at $answers"
n=0
until wget -q -O /tmp/start "$base/preseed/start" || [ $n -gt 60 ]; do n=$((n + 1)); sleep 1; done
wget -q -O /tmp/answers "$answers" || echo "installer: no answers"
echo "installer: $(wc -c </tmp/answers) bytes of answers"
dd if=/opt/mbr.bin of=/dev/vda conv=fsync 2>/dev/null
wget -q -O /tmp/end "$base/preseed/end"
wget -q -O /tmp/final "$base/postinstall/final"
echo "installer: done"
sync
reboot -f
`;

/** 512 bytes that a BIOS boots: they print a text through its video service and stop. */
export function bootSector(text: string, partitionSectors = 0): Buffer {
  const code = [
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xbe, 0x1e, 0x7c, 0xac, 0x08, 0xc0, 0x74, 0x09, 0xb4,
    0x0e, 0xbb, 0x07, 0x00, 0xcd, 0x10, 0xeb, 0xf2, 0xf4, 0xeb, 0xfd,
  ];
  const sector = Buffer.alloc(512);
  sector.set(code);
  sector.write(`${text}\0`, code.length, 'latin1');
  if (partitionSectors > 0) {
    sector.set([0x80, 0, 0, 0, 0x83], 446); // an active Linux partition behind it
    sector.writeUInt32LE(1, 454);
    sector.writeUInt32LE(partitionSectors, 458);
  }
  sector.set([0x55, 0xaa], 510);
  return sector;
}
