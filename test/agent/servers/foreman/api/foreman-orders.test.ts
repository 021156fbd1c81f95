import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoopBreaker } from '../../../../../agent/commands/loop-breaker.ts';
import type { CommandRunner } from '../../../../../agent/loop/command-runner.ts';
import type { Runtime } from '../../../../../agent/loop/runtime.ts';
import { createForemanOrders } from '../../../../../agent/servers/foreman/api/foreman-orders.ts';
import { silentLog } from '../../../../../platform/log/log.ts';
import { fakeClock } from '../../../../helpers/fake-clock.ts';

function bench(holdMs = 0) {
  const clock = fakeClock();
  const stop = new AbortController();
  const seen: string[] = [];
  const runtime = {
    clock,
    log: silentLog,
    emit: (event: { event: string; message?: string }) => void seen.push(`${event.event} ${event.message ?? ''}`),
    signal: stop.signal,
  } as unknown as Runtime;
  const breaker = {
    judge: () => ({ holdMs, count: 6, begins: true }),
    record: async (command: string) => void seen.push(`recorded ${command}`),
  } as unknown as LoopBreaker;
  const orders = createForemanOrders(runtime, { breaker, openFiles: () => Promise.reject(new Error('none')) });
  const runner = {
    run: async ({ name }: { name: string }, param: unknown) => {
      seen.push(`${name} ${JSON.stringify(param)}`);
      if (name === 'kexec') throw new Error('it does not load');
    },
  } as unknown as CommandRunner;
  return { orders, runner, clock, seen, stop };
}

test('an order is carried out two seconds after its answer, and no other meanwhile', async () => {
  const { orders, runner, clock, seen } = bench();
  assert.deepEqual(orders.judge('reboot'), { kind: 'go' });
  assert.deepEqual([orders.judge('reboot'), orders.judge('kexec')], [{ kind: 'again' }, { kind: 'again' }]);
  const done = orders.carryOut('reboot', runner);
  await clock.advance(1999);
  assert.deepEqual(seen, []);
  await clock.advance(1);
  await done;
  assert.deepEqual(seen, ['recorded reboot', 'reboot {}']);
  assert.deepEqual(orders.judge('kexec'), { kind: 'go' });
});

test('an order that fails is reported, and another may come', async () => {
  const { orders, runner, clock, seen } = bench();
  const param = { kernel: 'http://h/k' };
  orders.prepareKexec(param);
  assert.throws(() => orders.prepareKexec({ kernel: 'ftp://h/k' }), { code: 'RAZOR_MK_COMMAND' });
  orders.judge('kexec');
  const done = orders.carryOut('kexec', runner);
  await clock.advance(2000);
  await done;
  assert.deepEqual(seen, [
    'recorded kexec',
    `kexec ${JSON.stringify(param)}`,
    'warning the order kexec failed: it does not load',
  ]);
  assert.deepEqual(orders.judge('reboot'), { kind: 'go' });
});

test('the loop breaker holds an order back, in whole seconds, and it does not count as begun', () => {
  const { orders, seen } = bench(1001);
  assert.deepEqual([orders.judge('reboot'), orders.judge('reboot')], Array(2).fill({ kind: 'held', seconds: 2 }));
  assert.match(seen[0] ?? '', /^warning reboot for the sixth time|^warning reboot for the 6th time/);
});

test('an agent that stops carries nothing out, and reports nothing', async () => {
  const { orders, runner, seen, stop } = bench();
  orders.judge('reboot');
  const done = orders.carryOut('reboot', runner);
  stop.abort(new Error('stopped'));
  await done;
  assert.deepEqual(seen, []);
});
