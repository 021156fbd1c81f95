/**
 * npm run bench:qcow2: how long a qcow2 image takes onto a disk, against the same image raw, over a link of 1 Gbit/s, and how much
 * memory; beside it what needs no writer of its own: the whole download into memory (tmpfs), then `qemu-img convert`. The images
 * are of a disk of --size MiB (2048) and some 300 MB in qcow2, the disk is a file that is full of old data. Each way is a process
 * of its own, with the memory settings of the packaged agent; median of --runs (3), the ways in turn. Needs qemu-img. Exit status 1
 * when a goal is missed.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  fsyncSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { bundleScript } from '../../packaging/bundle/bundle.ts';
import { V8_FLAGS } from '../../packaging/executable/sea.ts';
import { run } from '../../platform/process/run.ts';
import { mbrImage } from '../agent/disk-image/tables/tables.ts';
import { median } from './boot-table.ts';
import { LINK, type Measured } from './qcow2/link.ts';

const MEBIBYTE = 1024 * 1024;
const WAY = 'way.cjs';
const GOAL = { ratio: 1.2, memory: 100 * MEBIBYTE };
/** As tinycore/extension/usr/local/bin/razor-mk has it. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };
/** MiB by which an image was resized. */
const LARGER = 600;

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: '2048' },
    runs: { type: 'string', default: '3' },
  },
});

interface Image {
  readonly name: string;
  /** The raw image of the same disk. */
  readonly source: string;
  readonly file: string;
  readonly sum: string;
  /** MiB of the node's disk behind those of --size. */
  readonly room: number;
}

/** The raw image of a disk of which one MiB in seven is random: what a plain qcow2 image holds is 300 MB of 2 GiB. */
function makeSparse(path: string, size: number): void {
  writeSource(path, size, (mebibyte) => (mebibyte % 7 === 0 ? randomBytes(MEBIBYTE) : undefined));
}

/** One of which three MiB in seven have data that become a third when they are compressed: 300 MB again. */
function makeDense(path: string, size: number): void {
  const text = Buffer.alloc(MEBIBYTE, 'a line of a log that is like the others\n');
  writeSource(path, size, (mebibyte) => {
    if (mebibyte % 7 > 2) return undefined;
    const data = Buffer.from(text);
    for (let at = 0; at < MEBIBYTE; at += 12_288) randomBytes(4096).copy(data, at);
    return data;
  });
}

function writeSource(path: string, size: number, dataOf: (mebibyte: number) => Buffer | undefined): void {
  const fd = openSync(path, 'w');
  writeSync(fd, mbrImage((size * MEBIBYTE) / 512), 0, 512, 0);
  for (let mebibyte = 1; mebibyte < size; mebibyte++) {
    const data = dataOf(mebibyte);
    if (data !== undefined) writeSync(fd, data, 0, MEBIBYTE, mebibyte * MEBIBYTE);
  }
  ftruncateSync(fd, size * MEBIBYTE);
  closeSync(fd);
}

async function makeImages(dir: string, size: number): Promise<readonly Image[]> {
  const [sparse, dense] = [join(dir, 'raw'), join(dir, 'dense')];
  makeSparse(sparse, size);
  makeDense(dense, size);
  const images = [await imageOf('raw', sparse, sparse)];
  for (const [name, source, args] of [
    ['qcow2', sparse, []],
    ['qcow2-zlib', dense, ['-c']],
    ['qcow2-zstd', dense, ['-c', '-o', 'compression_type=zstd']],
  ] as const) {
    const file = join(dir, name);
    const argv = ['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', ...args, source, file];
    const made = await run(argv as [string, ...string[]], { timeoutMs: 600_000 });
    if (made.status !== 0) throw new Error(`qemu-img: ${made.stderr.toString()}`);
    images.push(await imageOf(name, file, source));
  }
  // its new tables are at its end: kept behind the guest's disk where that has room, otherwise downloaded in parts
  const file = join(dir, 'qcow2-resized');
  await copyFile(join(dir, 'qcow2'), file);
  const resized = await run(['qemu-img', 'resize', file, `+${LARGER}M`], { timeoutMs: 600_000 });
  if (resized.status !== 0) throw new Error(`qemu-img: ${resized.stderr.toString()}`);
  const byParts = await imageOf('qcow2-resized', file, sparse, LARGER + 2);
  return [...images, { ...byParts, room: LARGER + size }, byParts];
}

async function imageOf(name: string, file: string, source: string, room = 64): Promise<Image> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { name, file, source, sum: hash.digest('hex'), room };
}

/** One way in a process of its own, onto a disk full of old data. */
async function measure(role: string, dir: string, base: string, { name, source, sum, room }: Image): Promise<Measured> {
  const fd = openSync(join(dir, 'disk'), 'w');
  const old = Buffer.alloc(MEBIBYTE, 0xee);
  for (let mebibyte = 0; mebibyte < Number(options.size) + room; mebibyte++) writeSync(fd, old);
  fsyncSync(fd);
  closeSync(fd);
  const argv = [process.execPath, ...V8_FLAGS, join(dir, WAY), role, dir, `${base}/${name}`, sum] as const;
  const env = { ...ENVIRONMENT, PATH: process.env['PATH'] ?? '' };
  const { status, stdout, stderr } = await run(argv, { timeoutMs: 600_000, env });
  if (status !== 0) throw new Error(`${role} ${name}: ${stderr.toString()}`);
  const bytes = String(Number(options.size) * MEBIBYTE);
  const compared = await run(['cmp', '-n', bytes, source, join(dir, 'disk')], { timeoutMs: 600_000 });
  if (compared.status !== 0) throw new Error(`${role} ${name}: ${compared.stdout.toString()}`);
  return JSON.parse(stdout.toString()) as Measured;
}

async function bench(): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-bench-'));
  // as a node runs it: one file, no compiler in the process
  await bundleScript(join(import.meta.dirname, 'qcow2/way.ts'), join(dir, WAY), 'cjs');
  const server = spawn(process.execPath, [join(dir, WAY), 'serve', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const base = `http://127.0.0.1:${port.toString().trim()}`;
    say(
      `${availableParallelism()} cores, load average ${loadavg()[0]?.toFixed(1) ?? ''}; 1 Gbit/s is ${(LINK / 1e6).toFixed(1)} MB/s`,
    );
    const images = await makeImages(dir, Number(options.size));
    const ways = [
      ...images.map((image) => ({ role: 'deploy', image })),
      ...images.slice(1, 4).map((image) => ({ role: 'convert', image })),
    ];
    const all = new Map(ways.map((way) => [way, [] as Measured[]]));
    for (let round = 0; round < Number(options.runs); round++) {
      for (const way of ways) all.get(way)?.push(await measure(way.role, dir, base, way.image));
    }
    return report([...all].map(([way, measured]) => ({ ...way, measured })));
  } finally {
    server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Row {
  readonly role: string;
  readonly image: Image;
  readonly measured: readonly Measured[];
}

function report(rows: readonly Row[]): boolean {
  const seconds = ({ measured }: Row): number => median(measured.map((each) => each.seconds));
  const [raw] = rows;
  const whole = raw === undefined ? Number.NaN : seconds(raw);
  say('what                             MB  seconds    ratio peak MiB anonymous   before');
  let good = true;
  for (const row of rows) {
    const { role, image, measured } = row;
    const ratio = seconds(row) / whole;
    const peak = Math.max(...measured.map((each) => each.peak));
    const [before, anonymous] = (['before', 'anonymous'] as const).map((key) =>
      Math.max(...measured.map((each) => each[key])),
    );
    const way = image.name !== 'qcow2-resized' ? '' : image.room > 2 * LARGER ? ', by the disk' : ', by parts';
    const what = role === 'deploy' ? `${image.name}${way}` : `${image.name}, then qemu-img`;
    const cells = [(statSync(image.file).size / 1e6).toFixed(0), seconds(row).toFixed(1), ratio.toFixed(2)];
    const inMib = (bytes = 0): string => (role === 'deploy' ? (bytes / MEBIBYTE).toFixed(0) : '-');
    const memory = [(peak / MEBIBYTE).toFixed(0), inMib(anonymous), inMib(before)];
    say(`${what.padEnd(25)} ${[...cells, ...memory].map((cell) => cell.padStart(9)).join('')}`);
    const isSlow = ratio > GOAL.ratio && way === '';
    if (role === 'deploy' && row !== raw) good &&= !isSlow && (anonymous ?? 0) < GOAL.memory;
  }
  say(
    `goal ${good ? 'met' : 'MISSED'}: at most ${GOAL.ratio} times the raw image's time (in one pass), less than 100 MiB of anonymous memory`,
  );
  return good;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = (await bench()) ? 0 : 1;
