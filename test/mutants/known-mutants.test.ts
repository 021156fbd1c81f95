import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KNOWN, locate } from './known-mutants.ts';

test('every named mutant has its place in the code, so that none is passed over when the code changes', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const lost = KNOWN.map((one) => locate(root, one)).filter((found) => typeof found === 'string');
  assert.deepEqual(lost, []);
});
