import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRazorServerState } from '../../../../lab/dialects/razor-server/razor-server-state.ts';

test('nodes are matched by MAC alone where nothing else was said', () => {
  assert.deepEqual(createRazorServerState({}, false).matchNodesOn, ['mac']);
  assert.deepEqual(createRazorServerState({ matchNodesOn: ['serial'] }, false).matchNodesOn, ['serial']);
});

test('a merged node is found through all merges behind it; a faithful lab has forgotten it', () => {
  const state = createRazorServerState({}, false);
  state.noteMerge(1, 2);
  state.noteMerge(2, 3);
  assert.deepEqual(
    [1, 2, 3].map((id) => state.mergedInto(id)),
    [3, 3, undefined],
  );
  const faithful = createRazorServerState({}, true);
  faithful.noteMerge(1, 2);
  assert.equal(faithful.mergedInto(1), undefined);
});

test('merges that lead in a circle end the search', () => {
  const state = createRazorServerState({}, false);
  state.noteMerge(1, 2);
  state.noteMerge(2, 1);
  assert.ok([1, 2].includes(state.mergedInto(1) ?? 0));
});

test('so many merges are kept; then all are forgotten at once', () => {
  const state = createRazorServerState({}, false);
  for (let id = 0; id < 10_000; id++) state.noteMerge(id, 20_000);
  assert.equal(state.mergedInto(0), 20_000);
  state.noteMerge(10_000, 20_000);
  assert.equal(state.mergedInto(0), undefined);
  assert.equal(state.mergedInto(10_000), 20_000);
});

test('facts of the blacklist are not stored: names as they are, patterns of whole names', () => {
  const facts = { uptime: '1', uptime_days: '2', 'a.c': '3', abc: '4', '/x': '5' };
  const stored = (factsBlacklist?: readonly string[]): string[] =>
    Object.keys(
      createRazorServerState(factsBlacklist === undefined ? {} : { factsBlacklist }, false).withoutBlacklisted(facts),
    );
  assert.deepEqual(stored(), Object.keys(facts));
  assert.deepEqual(stored([]), Object.keys(facts));
  assert.deepEqual(stored(['uptime', 'a.c', '/x']), ['uptime_days', 'abc']);
  assert.deepEqual(stored(['/uptime/']), ['uptime_days', 'a.c', 'abc', '/x']);
  assert.deepEqual(stored(['/a.c|uptime.*/']), ['/x']);
  assert.deepEqual(stored(['/(/', '/nothing/']), Object.keys(facts));
});
