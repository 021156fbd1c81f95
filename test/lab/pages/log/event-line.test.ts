import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabEvent } from '../../../../lab/lab-events.ts';
import { eventLine, foldEvents } from '../../../../lab/pages/log/event-line.ts';

const event = (seq: number, message: string): LabEvent => ({
  seq,
  at: Date.UTC(2026, 10, 30, 8, 0, seq),
  type: 'checkin',
  node: 'n',
  message,
});

test('equal events in a row are one line that says how often and since when, and news stays', () => {
  const same = Array.from({ length: 60 }, (_, i) => event(i + 1, 'acknowledge: no policy fits'));
  const folded = foldEvents([event(0, 'registered'), ...same, event(61, 'reboot')]);
  assert.deepEqual(
    folded.map(({ event: { message }, times }) => [message, times]),
    [
      ['registered', 1],
      ['acknowledge: no policy fits', 60],
      ['reboot', 1],
    ],
  );
  const [first, repeated] = folded.map((one) => eventLine(one).markup);
  assert.match(repeated ?? '', /60 times since 08:00:01/);
  assert.doesNotMatch(first ?? '', /times/);
});
