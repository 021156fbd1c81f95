import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkState, NicState } from '../../../agent/network/network-state.ts';
import { waitForNetwork } from '../../../agent/network/wait.ts';
import { fakeClock, type FakeClock } from '../../helpers/fake-clock.ts';

const NIC: NicState = {
  name: 'eth0',
  index: 2,
  mac: '52:54:00:00:00:01',
  physical: true,
  up: true,
  carrier: true,
  driver: 'e1000',
  addresses: [],
};

function state(...nics: readonly NicState[]): NetworkState {
  return { nics, modules: new Set(), undriven: [], firmwareErrors: [] };
}

/** Lets `rounds` waits pass, each as long as it is. */
async function pass(clock: FakeClock, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await clock.whenAsleep();
    await clock.advance(clock.slept.at(-1) ?? 0);
  }
}

test('it looks again after 250 ms, then twice as long each time to 1.5 s, until an address is there', async () => {
  const clock = fakeClock();
  const rounds: string[] = [];
  let looks = 0;
  const waiting = waitForNetwork({
    clock,
    observe: () => state({ ...NIC, addresses: ++looks > 6 ? ['192.0.2.1'] : [] }),
    act: async () => undefined,
    say: () => undefined,
    onRound: ({ stage }, round) => void rounds.push(`${round} ${stage}`),
  });
  await pass(clock, 6);
  assert.deepEqual(await waiting, [{ nic: 'eth0', address: '192.0.2.1' }]);
  assert.deepEqual(clock.slept, [250, 500, 1000, 1500, 1500, 1500]);
  assert.deepEqual([rounds[0], rounds.at(-1)], ['1 no-address', '7 ready']);
});

test('what is missing is said after the first second, when it changes, and else ever more seldom', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const said: string[] = [];
  let carrier = true;
  const waiting = waitForNetwork({
    clock,
    observe: () => state({ ...NIC, carrier }),
    act: async () => undefined,
    configure: async () => (carrier ? ['VLAN 5'] : []),
    say: (line) => void said.push(line.replace(/\. Check: .*/, '')),
    signal: stop.signal,
  });
  await pass(clock, 20);
  assert.deepEqual(said, [
    'network, 2 s: no usable address on eth0; waiting for VLAN 5',
    'network, 8 s: no usable address on eth0; waiting for VLAN 5',
    'network, 18 s: no usable address on eth0; waiting for VLAN 5',
  ]);
  carrier = false;
  await pass(clock, 1);
  assert.match(said.at(-1) ?? '', /no NIC has a link/);
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});

test('each action that is due is done, and not again before its time', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const acts: string[] = [];
  const waiting = waitForNetwork({
    clock,
    observe: () => state({ ...NIC, up: false, carrier: false }),
    act: async ({ kind }) => void acts.push(`${clock.now()} ${kind}`),
    say: () => undefined,
    signal: stop.signal,
  });
  await pass(clock, 6);
  assert.deepEqual(acts, ['0 link-up', '3250 link-up']);
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});

test('DHCP is restarted 10 s after the link came, counted anew when it was lost in between', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const acts: number[] = [];
  const waiting = waitForNetwork({
    clock,
    observe: () => state({ ...NIC, carrier: clock.now() < 4000 || clock.now() > 5000 }),
    act: async () => void acts.push(clock.now()),
    say: () => undefined,
    signal: stop.signal,
  });
  await pass(clock, 13);
  assert.deepEqual(acts, [16_750]);
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(
    waitForNetwork({
      clock,
      observe: () => state(),
      act: async () => undefined,
      say: () => undefined,
      signal: stop.signal,
    }),
    /stopped/,
  );
});
