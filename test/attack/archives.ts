/** Archives of strangers: extension zips, initrds, ISO images, lists of dependencies, and what is small and unpacks to gigabytes. */
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { unpackZip } from '../../agent/servers/razor-server/extension/unpack.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';
import { compress } from '../../tinycore/image/initrd/compress.ts';
import { writeCpio } from '../../tinycore/image/initrd/cpio.ts';
import { directoryEntry, fileEntry, symlinkEntry } from '../../tinycore/image/initrd/entry.ts';
import { joinSegments, readInitrd } from '../../tinycore/image/initrd/initrd.ts';
import { openIso } from '../../tinycore/image/iso/iso-reader.ts';
import { fetchExtension } from '../../tinycore/node/extension-fetcher.ts';
import { generator, pick } from '../helpers/seeded.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { makeZip, type ZipEntry } from '../helpers/zip.ts';
import { counted, firstLine, type Row, type Scale } from './suite.ts';

/** Some 1,300 archives, and a handful of large ones. */
export async function attackArchives(scale: Scale): Promise<readonly Row[]> {
  return [await zips(scale), await initrds(scale), await isos(scale), await dependencies(scale), await large(scale)];
}

type Random = () => number;

/** Bytes with some changed, cut, doubled or swapped. */
function mutated(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let change = 0; change < 1 + Math.floor(random() * 8); change++) {
    const at = Math.floor(random() * copy.length);
    copy[at] = pick(random, [0, 0xff, 0x7f, 0x80, 0x2e, 0x2f, Math.floor(random() * 256)]);
  }
  if (random() < 0.2) return copy.subarray(0, Math.floor(random() * copy.length));
  return random() < 0.1 ? Buffer.concat([copy, copy.subarray(Math.floor(random() * copy.length))]) : copy;
}

/** Runs cases of which each may be refused with one of `codes` and with nothing else, within ten seconds. */
async function refusedOrTaken(
  what: string,
  tried: number,
  codes: readonly string[],
  action: (count: number) => Promise<string | undefined>,
): Promise<Row> {
  const failed: string[] = [];
  let refused = 0;
  for (let count = 0; count < tried; count++) {
    const started = performance.now();
    try {
      const problem = await action(count);
      if (problem !== undefined) failed.push(`case ${count}: ${problem}`);
    } catch (error) {
      refused += 1;
      if (!(error instanceof RazorMkError) || !codes.includes(error.code))
        failed.push(`case ${count}: ${firstLine(error)}`);
    }
    const ms = performance.now() - started;
    if (ms > 10_000) failed.push(`case ${count}: ${Math.round(ms)} ms`);
  }
  return { what, tried, failed, note: `${refused} refused` };
}

const NAMES = [
  ...[
    'a.txt',
    'bin/x',
    'lib/a/b/c',
    '../x',
    '/etc/x',
    'a/../../x',
    '..',
    '.',
    '',
    'a\\..\\x',
    'C:\\x',
    'a//b',
    'a/./b',
  ],
  ...['bin/', 'bin', 'bin/x/y', 'A.TXT', 'é', '\u0000x', 'x\n', '-rf', 'd/'.repeat(300), 'n'.repeat(300), '.hidden'],
];
const MODES = [0o100644, 0o100755, 0o104755, 0o120777, 0o040755, 0o010644, 0o020644, 0o060644, 0o140755, 0];

async function zips(scale: Scale): Promise<Row> {
  const random = generator(scale.seed);
  const root = temporaryDirectory();
  return await refusedOrTaken(
    'extension archives, crafted and mutated',
    counted(scale, 600, 30),
    ['RAZOR_MK_EXTENSION'],
    async (count) => {
      const entries: ZipEntry[] = Array.from({ length: 1 + Math.floor(random() * 5) }, () => ({
        name: random() < 0.6 ? `f${Math.floor(random() * 1e6)}` : pick(random, NAMES),
        data: pick(random, ['', 'x', '../../etc/passwd', 'y'.repeat(5000)]),
        mode: random() < 0.6 ? 0o100755 : pick(random, MODES),
        ...(random() < 0.1 ? { claimedSize: pick(random, [0, 2 ** 31, 2 ** 32 - 1]) } : {}),
        ...(random() < 0.1 ? { claimedCrc32: 1 } : {}),
      }));
      const zip = makeZip(entries);
      const inside = join(root, String(count), 'inside');
      mkdirSync(inside, { recursive: true });
      const outcome = await unpackZip(random() < 0.5 ? zip : mutated(random, zip), inside).catch(
        (error: unknown) => error,
      );
      const others = readdirSync(join(root, String(count))).filter((name) => name !== 'inside');
      const links = readdirSync(inside, { recursive: true, withFileTypes: true }).filter((one) => one.isSymbolicLink());
      rmSync(join(root, String(count)), { recursive: true, force: true });
      if (others.length + links.length > 0) return `left ${[...others, ...links.map(({ name }) => name)].join()}`;
      if (outcome instanceof Error) throw outcome;
      return undefined;
    },
  );
}

async function initrds(scale: Scale): Promise<Row> {
  const random = generator(scale.seed + 1);
  const archive = writeCpio([
    directoryEntry('etc'),
    fileEntry('etc/a', 'of the base'),
    symlinkEntry('lib', 'usr/lib'),
    fileEntry('big', Buffer.alloc(9000, 'x')),
    { ...fileEntry('same', ''), linkTo: 'big' },
  ]);
  const packed = await Promise.all((['none', 'gzip', 'zstd', 'none'] as const).map((kind) => compress(archive, kind)));
  return await refusedOrTaken('initrds, mutated', counted(scale, 400, 30), ['RAZOR_MK_ARCHIVE'], async () => {
    const parts = [pick(random, packed), pick(random, packed)];
    const { tree } = await readInitrd(mutated(random, joinSegments(parts)));
    for (const entry of tree.values()) if (entry.path.split('/').includes('..')) return `has ${entry.path}`;
    return undefined;
  });
}

async function isos(scale: Scale): Promise<Row> {
  const what = 'ISO images, mutated where their structure is';
  const random = generator(scale.seed + 2);
  const directory = temporaryDirectory();
  const [tree, file, changed] = [join(directory, 'tree'), join(directory, 'x.iso'), join(directory, 'y.iso')];
  mkdirSync(join(tree, 'boot/deep/er'), { recursive: true });
  for (const name of ['boot/vmlinuz', 'boot/deep/er/long name with blanks.txt', 'iso-metadata.yaml'])
    writeFileSync(join(tree, name), name.repeat(50));
  const made = await run(['xorriso', '-as', 'mkisofs', '-quiet', '-R', '-J', '-o', file, tree]);
  if (made.status !== 0) return { what, tried: 0, failed: [], skipped: 'xorriso is not installed' };
  const bytes = readFileSync(file);
  return await refusedOrTaken(what, counted(scale, 300, 30), ['RAZOR_MK_ISO'], async () => {
    // descriptors, path tables and directories lie in front
    const head = mutated(random, bytes.subarray(16 * 2048, 60 * 2048));
    writeFileSync(
      changed,
      Buffer.concat([bytes.subarray(0, 16 * 2048), head, bytes.subarray(16 * 2048 + head.length)]),
    );
    const iso = openIso(changed);
    try {
      for (const path of iso.files.keys()) iso.open(path).at(0, 100);
    } finally {
      iso.close();
    }
    return Promise.resolve(undefined);
  });
}

async function dependencies(scale: Scale): Promise<Row> {
  const random = generator(scale.seed + 3);
  const root = temporaryDirectory();
  return await refusedOrTaken('lists of dependencies of a mirror', counted(scale, 200, 20), [], async (count) => {
    const inside = join(root, String(count), 'root');
    mkdirSync(inside, { recursive: true });
    const asked: string[] = [];
    const dep = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
      pick(random, [...NAMES, 'x.tcz', '$(id).tcz']),
    );
    const openFile = (url: string): Promise<AsyncIterable<Uint8Array> | undefined> => {
      asked.push(url);
      const text = url.endsWith('.dep') ? dep.join('\n') : url.endsWith('.md5.txt') ? '' : 'hsqs';
      return Promise.resolve(Readable.from([Buffer.from(text)]));
    };
    const sha256 = '16c2fcd0a2b8c8f9a4a5d7d4ab8b3b70f9f20f0d1ad8c2d34d6bdbac3fd4d4c9';
    const options = { mirror: 'http://mirror.example/tcz', root: inside, listed: [], openFile };
    // whatever the mirror says, nothing is installed without a sum of the list, and no name becomes a path
    await fetchExtension({ name: 'main.tcz', sha256 }, options).catch(() => undefined);
    const found = readdirSync(join(root, String(count)), { recursive: true, encoding: 'utf8' });
    const strays = found.filter((path) => !/^root(\/tmp(\/tce(\/optional)?)?)?$/.test(path));
    rmSync(join(root, String(count)), { recursive: true, force: true });
    const odd = asked.find((url) => url.includes('..') || url.includes('$'));
    return strays.length > 0 ? `left ${strays.join()}` : odd === undefined ? undefined : `asked for ${odd}`;
  });
}

/** MiB that a process may have in memory, whatever it is given. */
const MOST_MIB = 300;
const MIB = 1024 * 1024;

function header(name: string, size: number, mode = 0o100644): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const fields = [1, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, bytes.length, 0];
  const text = Buffer.from(`070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`);
  const whole = Buffer.concat([text, bytes]);
  return Buffer.concat([whole, Buffer.alloc(-whole.length & 3)]);
}

/** Small files that unpack to much: pieces of one archive of the cpio kind. */
const LARGE: Readonly<Record<string, (share: number) => Generator<Buffer>>> = {
  *'one file of 1,500 MiB, as the list of built-in modules'(share) {
    const pieces = Math.round(1500 * Math.max(share, 0.1));
    yield header('lib/modules/6.1/modules.builtin', pieces * MIB);
    for (let piece = 0; piece < pieces; piece++) yield Buffer.alloc(MIB);
  },
  *'200,000 entries'() {
    for (let count = 0; count < 200_000; count++) yield header(`f${count}`, 0);
  },
  *'49,000 long names'() {
    for (let count = 0; count < 49_000; count++) yield header(`${'d/'.repeat(60)}${count}`, 0);
  },
  *'names of 2,000 directories'() {
    for (let count = 0; count < 1500; count++) yield header(`${'d/'.repeat(2000)}${count}`, 0);
  },
  *'a text of three million lines'() {
    yield header('lib/modules/6.1/modules.builtin', 3 * MIB);
    for (let piece = 0; piece < 3; piece++) yield Buffer.alloc(MIB, '\n');
  },
};

async function large(scale: Scale): Promise<Row> {
  const directory = temporaryDirectory();
  const failed: string[] = [];
  let most = 0;
  for (const [name, pieces] of Object.entries(LARGE)) {
    const file = join(directory, 'initrd.gz');
    const source = function* (): Generator<Buffer> {
      yield* pieces(scale.share);
      yield header('TRAILER!!!', 0, 0);
    };
    await pipeline(Readable.from(source(), { objectMode: false }), createGzip({ level: 1 }), createWriteStream(file));
    const child = await run([process.execPath, join(import.meta.dirname, 'inspect-child.ts'), file], {
      timeoutMs: 300_000,
    });
    const [, outcome, mib] = /^(\S+) (\d+)$/m.exec(child.stdout.toString()) ?? [];
    most = Math.max(most, Number(mib ?? 0));
    if (outcome === undefined || !/^(taken|RAZOR_MK_ARCHIVE)$/.test(outcome))
      failed.push(`${name}: ${outcome ?? child.failure ?? child.stderr.toString().slice(-200)}`);
    else if (Number(mib) > MOST_MIB) failed.push(`${name}: ${mib} MiB`);
  }
  const what = 'archives that unpack to much';
  return { what, tried: Object.keys(LARGE).length, failed, note: `at most ${most} MiB of memory` };
}
