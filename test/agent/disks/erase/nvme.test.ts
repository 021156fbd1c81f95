import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Attempt, EraseTools } from '../../../../agent/disks/erase/attempt.ts';
import { controllerOf, eraseNvme } from '../../../../agent/disks/erase/nvme.ts';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { run } from '../../../../platform/process/run.ts';
import type { System } from '../../../../platform/system.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** Identify data with these bits of commands, format and sanitize. */
function identify([commands, format, sanitize]: readonly [number, number, number], length = 4096): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt16LE(commands, 256);
  bytes.writeUInt8(format, 524);
  bytes.writeUInt32LE(sanitize, 328);
  return bytes.subarray(0, length);
}

test('what a controller can do stands in single bits', () => {
  const none = { canFormat: false, managesNamespaces: false, formatsAll: false, cryptoFormat: false };
  const nothing = { ...none, cryptoSanitize: false, blockSanitize: false };
  assert.deepEqual(controllerOf(identify([0xffff & ~2 & ~8, 0xff & ~7, 0xffffffff - 3])), nothing);
  assert.deepEqual(controllerOf(identify([2, 0, 0])), { ...nothing, canFormat: true });
  assert.deepEqual(controllerOf(identify([8, 0, 0])), { ...nothing, managesNamespaces: true });
  assert.deepEqual(controllerOf(identify([0, 1, 0])), { ...nothing, formatsAll: true });
  assert.deepEqual(controllerOf(identify([0, 2, 0])), { ...nothing, formatsAll: true });
  assert.deepEqual(controllerOf(identify([0, 4, 0])), { ...nothing, cryptoFormat: true });
  assert.deepEqual(controllerOf(identify([0, 0, 1])), { ...nothing, cryptoSanitize: true });
  assert.deepEqual(controllerOf(identify([0, 0, 2])), { ...nothing, blockSanitize: true });
  assert.equal(controllerOf(identify([2, 0, 0], 4095)), undefined);
});

interface Drive {
  readonly bits: readonly [number, number, number];
  /** Namespaces in sysfs beside nvme0n1: name, drive, wwid. */
  readonly others?: readonly (readonly [string, string, string])[];
  readonly drive?: string;
  /** What list-ns prints. */
  readonly list?: string;
  /** Progress and state of the sanitize log, one a look. */
  readonly logs?: readonly (readonly [number, number])[];
  readonly refuses?: string;
  readonly length?: number;
}

/** Erases a drive that is played by a script; `acts` is what was asked of it, `told` what was told of it. */
async function erase(t: TestContext, drive: Drive): Promise<{ attempt: Attempt; acts: string[]; told: string[] }> {
  const directory = temporaryDirectory(t);
  const write = (path: string, bytes: string | Buffer): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  };
  write('id', identify(drive.bits, drive.length));
  write('list', drive.list ?? '[   0]:0x1\n');
  (drive.logs ?? []).forEach(([done, state], index) =>
    write(`log-${index}`, Buffer.from([done & 255, done >> 8, state, 0])),
  );
  for (const [name, subsystem, wwid] of [['nvme0n1', drive.drive ?? 'nqn.a', 'w1'] as const, ...(drive.others ?? [])]) {
    write(`sys/block/${name}/device/subsysnqn`, `${subsystem}\n`);
    write(`sys/block/${name}/wwid`, `${wwid}\n`);
  }
  const program = join(directory, 'nvme');
  write(
    'nvme',
    `#!/bin/sh
cd ${directory}
case $1 in
id-ctrl) cat id ;;
list-ns) cat list ;;
sanitize-log) n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n; cat log-$n ;;
*) echo "$*" >>acts; if [ "$1" = "${drive.refuses ?? ''}" ]; then echo "it will not" >&2; exit 1; fi ;;
esac
`,
  );
  chmodSync(program, 0o755);
  write('acts', '');
  const told: string[] = [];
  const tools: EraseTools = {
    system: { run: async (_: string, argv: [string, ...string[]]) => run(argv) } as unknown as System,
    find: () => program,
    root: directory,
    progress: (text) => void told.push(text),
    sleep: async (ms) => void told.push(`${ms} ms`),
    signal: new AbortController().signal,
  };
  const attempt = await eraseNvme({ name: 'nvme0n1', path: '/dev/nvme0n1' } as Disk, tools);
  const acts = readFileSync(join(directory, 'acts'), 'utf8').split('\n').filter(Boolean);
  return { attempt, acts, told };
}

const FORMAT = 2;
const MANAGES = 8;

test('a drive is formatted with the strongest secure erase that it has', async (t) => {
  assert.deepEqual(await erase(t, { bits: [FORMAT, 4, 3] }), {
    attempt: { is: 'done', how: 'NVMe format (cryptographic erase)' },
    acts: ['format /dev/nvme0n1 --ses=2 --force --timeout=43200000'],
    told: [],
  });
  assert.deepEqual((await erase(t, { bits: [FORMAT, 0, 0] })).acts, [
    'format /dev/nvme0n1 --ses=1 --force --timeout=43200000',
  ]);
  assert.deepEqual((await erase(t, { bits: [FORMAT, 0, 0], refuses: 'format' })).attempt, {
    is: 'failed',
    why: 'NVMe format (user data erase): it will not',
  });
});

test('a format or sanitize that erases other namespaces too is not begun where there are others', async (t) => {
  const others = [['nvme0n2', 'nqn.a', 'w2']] as const;
  const all = 'its format erases other namespaces too';
  const refused = async (drive: Drive, why: string): Promise<void> =>
    assert.deepEqual(await erase(t, drive), { attempt: { is: 'unsupported', why }, acts: [], told: [] });
  await refused({ bits: [FORMAT, 1, 0], others }, all);
  await refused({ bits: [FORMAT, 2, 3], others }, 'its controller erases other namespaces too');
  await refused({ bits: [0, 0, 3], others }, 'its controller erases other namespaces too');
  await refused({ bits: [FORMAT, 1, 0], drive: '' }, all); // nobody knows
  await refused({ bits: [FORMAT | MANAGES, 1, 0], list: '[   0]:0x1\n[   1]:0x2\n' }, all);
  await refused({ bits: [FORMAT | MANAGES, 1, 0], list: 'none\n' }, all);
  await refused({ bits: [0, 0, 0] }, 'its controller has no format');
  const done = async (drive: Drive): Promise<void> => assert.equal((await erase(t, drive)).attempt.is, 'done');
  await done({ bits: [FORMAT, 0, 0], others }); // it erases this one alone
  await done({ bits: [FORMAT | MANAGES, 1, 0] });
  await done({
    bits: [FORMAT, 1, 0],
    others: [
      ['nvme1n1', 'nqn.b', 'w2'],
      ['nvme0c1n1', 'nqn.a', 'w1'],
    ],
  });
});

test('sanitize goes on by itself, and is over when the drive’s log says so', async (t) => {
  const logs = [
    [0, 2],
    [0x8000, 2],
    [0xffff, 1],
  ] as const;
  assert.deepEqual(await erase(t, { bits: [0, 0, 3], logs }), {
    attempt: { is: 'done', how: 'NVMe sanitize (block erase)' },
    acts: ['sanitize /dev/nvme0n1 --sanact=2'],
    told: [
      '/dev/nvme0n1: NVMe sanitize (block erase), 0 %',
      '5000 ms',
      '/dev/nvme0n1: NVMe sanitize (block erase), 50 %',
      '5000 ms',
    ],
  });
  const crypto = await erase(t, { bits: [0, 0, 1], logs: [[0, 4]] });
  assert.deepEqual(
    [crypto.attempt, crypto.acts],
    [{ is: 'done', how: 'NVMe sanitize (cryptographic erase)' }, ['sanitize /dev/nvme0n1 --sanact=4']],
  );
  const failed = async (drive: Partial<Drive>, why: string): Promise<void> =>
    assert.deepEqual((await erase(t, { bits: [0, 0, 1], ...drive })).attempt, { is: 'failed', why });
  const how = 'NVMe sanitize (cryptographic erase)';
  await failed({ logs: [[0, 3]] }, `${how}: the drive says that it failed`);
  await failed({ logs: [[0, 0]] }, `${how}: the drive says that it failed`);
  await failed({ refuses: 'sanitize' }, `${how}: it will not`);
});

test('without nvme-cli, or with an answer that is none, nothing is begun', async (t) => {
  const none = { find: () => undefined } as unknown as EraseTools;
  assert.deepEqual(await eraseNvme({ name: 'nvme0n1', path: '/dev/nvme0n1' } as Disk, none), {
    is: 'unsupported',
    why: 'there is no nvme-cli in this image',
  });
  assert.deepEqual((await erase(t, { bits: [FORMAT, 0, 0], length: 100 })).attempt, {
    is: 'failed',
    why: 'nvme id-ctrl: its answer is too short',
  });
});
