import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ApiRefusal,
  type IronicApi,
  type LookupReply,
} from '../../../../../agent/servers/ironic/conductor/ironic-api.ts';
import { lookUp, lookUpOnce, type LookupOptions } from '../../../../../agent/servers/ironic/conductor/lookup.ts';
import type { Memory } from '../../../../../agent/servers/ironic/ironic-state.ts';
import { silentLog } from '../../../../../platform/log/log.ts';
import { fakeClock, type FakeClock } from '../../../../helpers/fake-clock.ts';

const TOKEN = 't'.repeat(32);
const OTHER = 'o'.repeat(32);

function found(more: Partial<LookupReply> = {}): LookupReply {
  const node = { uuid: 'u', properties: {}, instance_info: {}, driver_internal_info: {} };
  return { node, heartbeatTimeout: 300, token: TOKEN, tokenRequired: true, config: {}, ...more };
}

interface Bench {
  readonly options: LookupOptions;
  readonly clock: FakeClock;
  readonly failures: (readonly [unknown, number])[];
  readonly warnings: string[];
  readonly kept: unknown[];
  readonly stop: AbortController;
}

/** Each API gives its answers in turn, the last one for ever. */
function bench(
  answers: readonly (readonly (LookupReply | Error)[])[],
  more: Partial<LookupOptions> & { remembered?: object } = {},
): Bench {
  const clock = fakeClock([1]);
  const [failures, warnings, kept]: [Bench['failures'], string[], unknown[]] = [[], [], []];
  const stop = new AbortController();
  const apis = answers.map((list, index): IronicApi => {
    let at = 0;
    return {
      url: `http://${index}`,
      lookup: async () => {
        const answer = list[Math.min(at++, list.length - 1)] as LookupReply | Error;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    } as unknown as IronicApi;
  });
  const options: LookupOptions = {
    apis,
    macs: async () => ['m'],
    memory: { value: more.remembered ?? {}, keep: (value: unknown) => void kept.push(value) } as unknown as Memory,
    presharedToken: undefined,
    timeoutMs: 600_000,
    intervalMs: 1000,
    clock,
    log: { ...silentLog, warn: (text: string) => void warnings.push(text) },
    onFailure: (error, waitMs) => void failures.push([error, waitMs]),
    signal: stop.signal,
    ...more,
  };
  return { options, clock, failures, warnings, kept, stop };
}

const token = async (reply: LookupReply, more: Parameters<typeof bench>[1] = {}): Promise<unknown> => {
  const { options, kept } = bench([[reply]], more);
  return [(await lookUpOnce(options)).token, kept];
};

test('a token that is handed out is kept; one that is hidden is the one that is known already', async () => {
  const hidden = found({ token: '******' });
  const kept = { uuid: 'u', token: OTHER };
  assert.deepEqual(await token(found()), [TOKEN, [{ uuid: 'u', token: TOKEN }]]);
  assert.deepEqual(await token(hidden, { remembered: kept }), [OTHER, []]);
  assert.deepEqual(await token(hidden, { presharedToken: OTHER }), [OTHER, [kept]]);
  assert.deepEqual(await token(found({ token: 'short' }), { presharedToken: OTHER }), [OTHER, [kept]]);
  assert.deepEqual(await token(found({ token: undefined, tokenRequired: false })), [undefined, []]);
  const refused = (reply: LookupReply, what: string, more = {}): Promise<void> =>
    assert.rejects(token(reply, more), { code: 'RAZOR_MK_REFUSED', message: `the agent token of node u ${what}` });
  await refused(hidden, 'was handed out before, and not to this agent');
  await refused(hidden, 'was handed out before, and not to this agent', { remembered: { uuid: 'x', token: OTHER } });
  await refused(hidden, 'was handed out before, and not to this agent', { presharedToken: 'o'.repeat(31) });
  await refused(found({ token: 't'.repeat(31) }), 'is not one');
  await refused(found({ token: undefined }), 'is not one');
});

test('every API is asked; a refusal counts more than silence', async () => {
  const [no, silence] = [new ApiRefusal(404, 'no', undefined), new Error('silence')];
  const { options } = bench([[silence], [found()]]);
  assert.equal((await lookUpOnce(options)).api.url, 'http://1');
  await assert.rejects(lookUpOnce(bench([[no], [silence]]).options), /no/);
  await assert.rejects(lookUpOnce(bench([[silence]]).options), /silence/);
  await assert.rejects(lookUpOnce(bench([[found()]], { macs: async () => [] }).options), {
    code: 'RAZOR_MK_NO_IDENTITY',
  });
});

test('it is asked again after twice as long each time, up to a minute', async () => {
  const silence = new Error('silence');
  const { options, clock, failures, warnings } = bench([[...Array<Error>(8).fill(silence), found()]]);
  const looking = lookUp(options);
  for (let round = 0; round < 8; round++) {
    await clock.whenAsleep();
    await clock.advance(clock.slept.at(-1) ?? 0);
  }
  assert.equal((await looking).token, TOKEN);
  assert.deepEqual(clock.slept, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  assert.deepEqual(
    failures.map(([error, wait]) => [error, wait]),
    clock.slept.map((wait) => [silence, wait]),
  );
  assert.deepEqual(warnings, []);
});

test('a locked node is asked for again soon', async () => {
  const locked = new ApiRefusal(409, 'locked', undefined);
  const { options, clock } = bench([[...Array<Error>(4).fill(locked), found()]]);
  const looking = lookUp(options);
  for (let round = 0; round < 4; round++) {
    await clock.whenAsleep();
    await clock.advance(clock.slept.at(-1) ?? 0);
  }
  await looking;
  assert.deepEqual(clock.slept, [5000, 10_000, 30_000, 30_000]);
});

test('after the time limit a person is told once, and it goes on every minute until it is stopped', async () => {
  const { options, clock, warnings, stop } = bench([[new Error('silence')]], { timeoutMs: 6000 });
  const looking = lookUp(options);
  for (let round = 0; round < 4; round++) {
    await clock.whenAsleep();
    await clock.advance(clock.slept.at(-1) ?? 0);
  }
  assert.deepEqual(clock.slept.slice(0, 4), [1000, 2000, 60_000, 60_000]);
  assert.deepEqual(warnings, ['lookup: no node for this machine within 6 s; it goes on, more slowly']);
  stop.abort(new Error('stopped'));
  await assert.rejects(looking, /stopped/);
});
