import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createRegistry } from '../../../../agent/commands/command-registry.ts';
import { writeImageFact } from '../../../../agent/commands/write-image/write-image.ts';
import { fileAsDisk } from '../../../../agent/disks/file-disk.ts';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { createHttpClient } from '../../../../agent/http/http-client.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import { bench } from '../../../helpers/command-bench.ts';
import { DISK_BYTES, diskBench, IMAGE, imageSite, MEBIBYTE, sha256 } from '../../disk-image/image-site.ts';

const { base, routes } = await imageSite();
const VOLUME = 'cloud-init’s data';
const DRIVE = Buffer.from(gzipSync(VOLUME).toString('base64'));

const instantly: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  sleep: () => Promise.resolve(),
  random: () => 0.5,
};

interface Play {
  /** What was reported, in order: `start`, `end: …`, `error: …`. */
  readonly reports: string[];
  /** What the reports are answered. */
  readonly answers: Record<string, number[]>;
  readonly programs: string[][];
  readonly order: Record<string, unknown>;
  bytes(offset: number, length: number): Buffer;
  run(change?: Record<string, unknown>, options?: { allowed?: boolean; disks?: readonly Disk[] }): Promise<string>;
}

let plays = 0;

async function play(t: TestContext): Promise<Play> {
  const { disk, bytes } = diskBench(t);
  const path = `/order${++plays}`;
  const reports: string[] = [];
  const answers: Record<string, number[]> = {};
  const report = Object.fromEntries(
    ['start', 'progress', 'end', 'error'].map((step) => [step, `${base}${path}/${step}`]),
  );
  const image = { url: `${base}/image.raw`, hash: 'sha256', value: sha256(IMAGE), format: 'raw', size: IMAGE.length };
  const order = { image, config_drive: { url: `${base}${path}/drive`, sha256: sha256(DRIVE) }, report };
  routes.set(`${path}/drive`, (_, outgoing) => outgoing.end(DRIVE));
  const answer = (url: string): number => {
    const asked = new URL(url, base);
    const step = asked.pathname.split('/').at(-1) ?? '';
    const message = asked.searchParams.get('message');
    reports.push(message === null ? step : `${step}: ${message}`);
    return answers[step]?.shift() ?? 200;
  };
  // reports carry texts of their own
  const known = routes.get.bind(routes);
  routes.get = (url) =>
    known(url) ??
    (url.startsWith(`${path}/`)
      ? (incoming, outgoing) => outgoing.writeHead(answer(incoming.url ?? '')).end('ok')
      : undefined);
  t.after(() => void (routes.get = known));
  const { runtime, request, programs } = await bench();
  return {
    reports,
    answers,
    programs,
    order,
    bytes,
    async run(change = {}, { allowed = true, disks = [fileAsDisk(disk)] } = {}) {
      const writeImage = {
        allowed: () => allowed,
        openFiles: () => Promise.resolve(createHttpClient()),
        listDisks: () => disks,
      };
      const system = { ...runtime.system, live: false };
      const handler = createRegistry([], { writeImage }).find('write_image');
      const param = { ...order, ...change };
      return (await handler?.run({ ...runtime, clock: instantly, system }, { ...request, param }))?.summary ?? '';
    },
  };
}

test('the image and cloud-init’s data are on the disk, the server knows, and the machine restarts', async (t) => {
  const { run, reports, bytes, programs } = await play(t);
  assert.equal(await run(), 'would restart the machine');
  assert.deepEqual(bytes(MEBIBYTE, 2 * MEBIBYTE), IMAGE.subarray(MEBIBYTE, 3 * MEBIBYTE));
  assert.equal(bytes(DISK_BYTES - 64 * MEBIBYTE, Buffer.byteLength(VOLUME)).toString(), VOLUME);
  assert.equal(reports[0], 'start');
  assert.match(
    reports.at(-1) ?? '',
    /^end: image .* bytes are on .*, sha256 [0-9a-f]{64} is right, config drive on part/,
  );
  assert.deepEqual(programs.at(-1), ['reboot']);
});

test('nothing is done without allow_deploy, and the server hears why', async (t) => {
  const { run, reports, bytes, programs } = await play(t);
  const refused = { code: 'RAZOR_MK_COMMAND', message: 'this microkernel may not write images' };
  await assert.rejects(run({}, { allowed: false }), refused);
  assert.deepEqual(reports, ['error: this microkernel may not write images']);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
  assert.deepEqual(programs, []);
  assert.equal(writeImageFact(true, true), 'on');
  assert.match(writeImageFact(false, true), /^off: allow_deploy/);
  assert.match(writeImageFact(true, false), /^off: .*--live/);
});

test('nothing is written before the server has taken the start, or when it does not know the order any more', async (t) => {
  const lost = await play(t);
  lost.answers['start'] = [404];
  await assert.rejects(lost.run(), /does not know this order any more .*; nothing was written/);
  assert.deepEqual(lost.bytes(0, 16), Buffer.alloc(16, 0xee));
  assert.deepEqual(lost.programs, []);
  const late = await play(t);
  late.answers['start'] = [503, 500];
  await late.run();
  assert.deepEqual(late.reports.slice(0, 3), ['start', 'start', 'start']);
});

test('the end is told until the server has taken it: the machine does not restart before', async (t) => {
  const { run, reports, answers, programs } = await play(t);
  answers['end'] = [503, 502, 429, 500, 503, 503, 503, 503, 503, 503, 503, 503];
  await run();
  assert.equal(reports.filter((each) => each.startsWith('end')).length, 13);
  assert.deepEqual(programs.at(-1), ['reboot']);
});

test('an image with another checksum leaves a disk that does not boot, and no restart', async (t) => {
  const { run, reports, bytes, programs, order } = await play(t);
  const image = { ...(order['image'] as object), value: sha256(Buffer.from('another')) };
  await assert.rejects(run({ image }), /not the one that was meant.*the disk was made unbootable/);
  assert.deepEqual(bytes(0, 512), Buffer.alloc(512));
  assert.match(reports.at(-1) ?? '', /^error: the image is not the one that was meant/);
  assert.deepEqual(programs, []);
});

test('data with another checksum, an image that is gone and a disk that is too small change nothing', async (t) => {
  const { run, reports, bytes, order } = await play(t);
  const image = order['image'] as Record<string, unknown>;
  const drive = order['config_drive'] as Record<string, unknown>;
  await assert.rejects(
    run({ config_drive: { ...drive, sha256: '0'.repeat(64) } }),
    /cloud-init’s data is not what was meant/,
  );
  await assert.rejects(run({ image: { ...image, url: `${base}/gone.raw` } }), /HTTP 404/);
  await assert.rejects(
    run({ image: { ...image, size: DISK_BYTES + 512 } }),
    /no disk for the image: file: it has 5368709120 bytes, and the image 5368709632/,
  );
  await assert.rejects(
    run({ image: { ...image, format: 'qcow2' } }),
    /its disk_format says qcow2; nothing was written/,
  );
  assert.equal(reports.filter((each) => each.startsWith('error')).length, 4);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('where two disks fit none is taken, unless hints name one or the smallest is wanted', async (t) => {
  const { run, bytes } = await play(t);
  const { disk: path } = diskBench(t);
  const own = (await import('node:fs')).statSync(path);
  const one: Disk = { ...fileAsDisk(path), name: 'sda', model: 'SSD', serial: 'S1', sizeBytes: own.size };
  const other: Disk = { ...one, name: 'sdb', path: '/nowhere/sdb', serial: 'S2', sizeBytes: own.size * 2 };
  const disks = [other, one];
  await assert.rejects(
    run({}, { disks }),
    /2 disks fit, and one is meant: \/nowhere\/sdb SSD S2 10 GiB, .* SSD S1 5 GiB/,
  );
  await assert.rejects(run({ root_device: 'model=SSD' }, { disks }), /2 disks fit/);
  await assert.rejects(run({ root_device: 'colour=red' }, { disks }), /there is no hint colour/);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
  await run({ root_device: 'serial=S1' }, { disks });
  await run({ root_device: 'smallest' }, { disks });
});

test('what is no order is refused before anything is done', async (t) => {
  const { run, reports, order } = await play(t);
  const image = order['image'] as Record<string, unknown>;
  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ image: { ...image, url: 'file:///etc/shadow' } }, /image\.url: not an http\(s\) URL/],
    [{ image: { ...image, value: undefined } }, /image\.value/],
    [{ image: { ...image, hash: 'md5' } }, /image\.hash/],
    [{ report: undefined }, /report/],
    [{ root_device: '' }, /root_device/],
  ];
  for (const [change, why] of wrong) await assert.rejects(run(change), why);
  assert.deepEqual(reports, []);
});
