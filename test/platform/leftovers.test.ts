import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownMark, removeLeftovers } from '../../platform/leftovers.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const [own = '', world = ''] = ownMark().split('-');
/** No process has this number: it is above the kernel's own limit (PID_MAX_LIMIT). */
const GONE = 4_194_305;

/** What is left of these names. `old` are a day old and more. */
function left(
  names: readonly string[],
  { old = [], prefix = '' }: { old?: readonly string[]; prefix?: string } = {},
): string[] {
  const directory = temporaryDirectory();
  for (const name of [...names, ...old]) writeFileSync(join(directory, name), 'x');
  const yesterday = Date.now() / 1000 - 24 * 3600 - 10;
  for (const name of old) utimesSync(join(directory, name), yesterday, yesterday);
  removeLeftovers(directory, prefix);
  return readdirSync(directory).sort();
}

test('a mark names the process and its world', () => {
  assert.equal(own, String(process.pid));
  assert.match(world, /^[0-9a-f]{8}$/);
  assert.equal(ownMark(), ownMark());
});

test('what processes that are gone left is removed; of those that live, and what has no mark, nothing', () => {
  const kept = [`.a.${own}-${world}.part`, '.a.part', `a.${GONE}-${world}`, `.a.${GONE}-xyz.part`, 'a'];
  assert.deepEqual(left([...kept, `.a.${GONE}-${world}.part`, `b-${GONE}-${world}-c`]), kept.toSorted());
});

test('what another world left is removed when it is a day old', () => {
  const other = `.a.${own}-00000000.part`;
  assert.deepEqual(left([other]), [other]);
  assert.deepEqual(left([], { old: [other] }), []);
});

test('only names with the prefix are looked at', () => {
  const names = [`mine.${GONE}-${world}.x`, `other.${GONE}-${world}.x`];
  assert.deepEqual(left(names, { prefix: 'mine' }), [names[1]]);
});

test('what was moved aside comes back where nothing took its place', () => {
  assert.deepEqual(left([`.state.${GONE}-${world}.part.old`]), ['state']);
  assert.deepEqual(left([`.state.${GONE}-${world}.part.old`, 'state']), ['state']);
  assert.deepEqual(left([`x.state.${GONE}-${world}.part.old`]), []);
});

test('directories go as a whole, and one that is not there is none', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, `.a.${GONE}-${world}.part`));
  writeFileSync(join(directory, `.a.${GONE}-${world}.part`, 'x'), '');
  removeLeftovers(directory);
  assert.deepEqual(readdirSync(directory), []);
  removeLeftovers(join(directory, 'none'));
});
