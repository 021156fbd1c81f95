import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClockWatch } from '../../../../agent/loop/timing/clock-watch.ts';
import type { HttpReply } from '../../../../agent/http/http-client.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';

test('a clock that is far off is reported once, and again after it was right in between', () => {
  const clock = fakeClock();
  const warnings: string[] = [];
  const watch = createClockWatch(clock, (message) => warnings.push(message));
  const reply = (offsetMs: number | undefined): void => {
    const date = offsetMs === undefined ? undefined : new Date(clock.wall().getTime() + offsetMs).toUTCString();
    watch({ headers: { date } } as unknown as HttpReply);
  };
  reply(59_000);
  assert.deepEqual(warnings, [], 'a minute is not far');
  reply(3_600_000);
  reply(3_600_000);
  reply(undefined); // says nothing about the clock
  reply(3_600_000);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /clock is .*certificates and log times/);
  reply(0);
  reply(-7_200_000);
  assert.equal(warnings.length, 2, 'a second jump');
});
