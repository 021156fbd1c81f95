import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetInWords } from '../../../../agent/http/tls/clock-offset.ts';

test('how far the clock is off is said in the unit that people would use, and below two seconds not at all', () => {
  const said = [1999, 45_000, -600_000, 3 * 3_600_000, -86_400_000 * 3].map(offsetInWords);
  assert.deepEqual(said, [
    'right',
    '45 s ahead of the server’s',
    '10 min behind the server’s',
    '3 h ahead of the server’s',
    '3 days behind the server’s',
  ]);
});
