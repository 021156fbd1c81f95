import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutantsOf } from './operators.ts';

function mutated(text: string): string[] {
  return mutantsOf('x.ts', text).map(
    ({ start, end, replacement, operator }) => `${operator}: ${text.slice(0, start)}${replacement}${text.slice(end)}`,
  );
}

test('comparisons move by one and are turned round', () => {
  assert.deepEqual(mutated('f = a < b;'), ['statement removed: ;', 'boundary: f = a <= b;']);
  assert.deepEqual(mutated('const x = a === b'), ['equality: const x = a !== b']);
});

test('guards and statements go, log lines stay', () => {
  assert.deepEqual(mutated('function f() { if (a) return; }'), ['guard removed: function f() { ; }']);
  assert.deepEqual(mutated('if (a) b(); else c();'), [
    'statement removed: if (a) ; else c();',
    'statement removed: if (a) b(); else ;',
  ]);
  assert.deepEqual(mutated('log.info(x);'), []);
});

test('defaults and second halves of conditions go, but not a default for the type checker', () => {
  assert.deepEqual(mutated('const x = a ?? 5'), ['default: const x = a']);
  assert.deepEqual(mutated("const x = match[1] ?? ''"), []);
  assert.deepEqual(mutated('const x = a && b'), ['condition: const x = a']);
});

test('anchors, booleans, units, comparators, and min and max', () => {
  assert.deepEqual(mutated('const x = /^a$/i'), ['anchor: const x = /a$/i', 'anchor: const x = /^a/i']);
  assert.deepEqual(mutated('const x = /^(.*)$/'), ['anchor: const x = /(.*)$/']);
  assert.deepEqual(mutated('const x = true as true'), ['boolean: const x = false as true']);
  assert.deepEqual(mutated('const x = 5 * 1_000'), ['unit: const x = 5 * 1']);
  assert.deepEqual(mutated('const x = a.sort((b, c) => b - c)'), ['comparator removed: const x = a.sort()']);
  assert.deepEqual(mutated('const x = Math.min(1, 2)'), ['min/max: const x = Math.max(1, 2)']);
});
