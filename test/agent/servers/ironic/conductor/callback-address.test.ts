import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advertisedAddress, listenAddress } from '../../../../../agent/servers/ironic/conductor/callback-address.ts';
import { RazorMkError } from '../../../../../platform/errors/errors.ts';
import type { Clock } from '../../../../../platform/time/clock.ts';

function asking() {
  const slept: number[] = [];
  const clock = { sleep: (ms: number) => Promise.resolve(void slept.push(ms)) } as unknown as Clock;
  return { slept, options: { clock, signal: new AbortController().signal } };
}

test('the conductor reaches this node at the source address of the way to the API', async () => {
  for (const url of ['http://127.0.0.1:6385', 'http://127.0.0.1', 'https://127.0.0.2/api'])
    assert.match(await advertisedAddress(url, asking().options), /^127\.0\.0\.\d$/, url);
});

// a link-local address without its interface has no way
test('without a way it looks six times, ten seconds apart, and says what to give', async () => {
  const { slept, options } = asking();
  await assert.rejects(advertisedAddress('http://[fe80::1]:6385', options), (error: unknown) => {
    assert.ok(error instanceof RazorMkError && error.code === 'RAZOR_MK_HTTP');
    assert.match(error.message, /^no address of this machine leads to http:\/\/\[fe80::1\]:6385: /);
    assert.equal(error.remedy, 'Give one with ipa-advertise-host=.');
    return true;
  });
  assert.deepEqual(slept, [10_000, 10_000, 10_000, 10_000, 10_000]);
});

test('an agent that is stopped looks no further', async () => {
  const { options } = asking();
  const stopped = { ...options, signal: AbortSignal.abort(new Error('stopped')) };
  await assert.rejects(advertisedAddress('http://[fe80::1]:6385', stopped), /^Error: stopped$/);
});

test('it listens at an address of its own, and everywhere for one of another machine', () => {
  assert.equal(listenAddress('127.0.0.1'), '127.0.0.1');
  assert.equal(listenAddress('192.0.2.77'), '0.0.0.0');
  assert.equal(listenAddress('2001:db8::77'), '::');
});
