import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOrderReport, type OrderReport } from '../../../../agent/commands/write-image/order-report.ts';
import type { HttpClient } from '../../../../agent/http/http-client.ts';
import { bench } from '../../../helpers/command-bench.ts';

const ADDRESSES = ['start', 'progress', 'end', 'error'].map((step) => [step, `http://192.0.2.1/image/${step}?id=7`]);
const ORDER = {
  image: { url: 'http://192.0.2.1/image.raw', hash: 'sha256', value: '0'.repeat(64) },
  report: Object.fromEntries(ADDRESSES) as Record<'start' | 'progress' | 'end' | 'error', string>,
} as const;

interface Play {
  readonly report: OrderReport;
  readonly asked: string[];
  readonly waits: number[];
}

/** A server that answers with these statuses in turn, and with the last one for ever; 0 is no answer. */
async function play(statuses: readonly number[]): Promise<Play> {
  const { runtime, events } = await bench();
  const asked: string[] = [];
  const waits: number[] = [];
  const http: HttpClient = {
    request({ url }) {
      const status = statuses[Math.min(asked.length, statuses.length - 1)] ?? 200;
      asked.push(url);
      if (status === 0) return Promise.reject(new Error('no route'));
      return Promise.resolve({ status, headers: {}, body: Buffer.alloc(0), durationMs: 1 });
    },
  };
  const clock = { ...runtime.clock, sleep: (ms: number) => (waits.push(ms), Promise.resolve()) };
  const report = openOrderReport({ ...runtime, clock }, ORDER, () => Promise.resolve(http));
  assert.ok(events.length === 0);
  return { report, asked, waits };
}

test('a text goes beside what the address has already, and is bounded', async () => {
  const { report, asked } = await play([200]);
  await report.end(`a & b ${'x'.repeat(1000)}`);
  const url = new URL(asked[0] ?? '');
  assert.equal(url.searchParams.get('id'), '7');
  assert.equal(url.searchParams.get('message')?.length, 500);
  assert.match(url.searchParams.get('message') ?? '', /^a & b x/);
});

test('the start is tried eight times with growing pauses, and then nothing is written', async () => {
  const { report, asked, waits } = await play([0, 503]);
  await assert.rejects(report.start(), /the server could not be told .*; nothing was written/);
  assert.equal(asked.length, 8);
  assert.deepEqual(waits, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('what the server refuses is not asked again, and an error that nobody takes is let be', async () => {
  const gone = await play([404]);
  await assert.rejects(gone.report.end('done'), /does not know this order any more .*; the image is written/);
  assert.equal(gone.asked.length, 1);
  const deaf = await play([0]);
  await deaf.report.error('the disk is too small');
  assert.equal(deaf.asked.length, 4);
});

test('of progress one is on its way at a time', async () => {
  const { report, asked } = await play([200]);
  report.progress('10 %');
  report.progress('20 %');
  await new Promise((resolve) => setImmediate(resolve));
  report.progress('30 %');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    asked.map((url) => new URL(url).searchParams.get('message')),
    ['10 %', '30 %'],
  );
});
