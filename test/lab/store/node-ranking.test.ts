import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rankNodes } from '../../../lab/store/node-ranking.ts';
import type { NodeRecord } from '../../../lab/store/records.ts';

const node = (id: number, contact: number): NodeRecord => ({ id, contact }) as NodeRecord;

describe('which node a set of ids means', () => {
  const nodes = new Map([node(1, 100), node(2, 300), node(3, 200)].map((each) => [each.id, each]));
  const owners: Record<string, number | readonly number[]> = { A: 1, B: [1, 2], C: 2, D: 3, E: [], F: 9 };
  const ranked = (...ids: string[]): number[] =>
    rankNodes(
      ids,
      (id) => owners[id] ?? [],
      (id) => nodes.get(id),
    ).map(({ id }) => id);

  it('is the one that shares most of them', () => {
    assert.deepEqual(ranked('A', 'B'), [1, 2]);
    assert.deepEqual(ranked('C', 'B'), [2, 1]);
    assert.deepEqual(ranked('D', 'A', 'B', 'C'), [2, 1, 3]);
  });

  it('is the one that was seen last, among those that share as many', () => {
    assert.deepEqual(ranked('A', 'D'), [3, 1]);
    assert.deepEqual(ranked('D', 'A'), [3, 1]);
  });

  it('counts an id once, however often it was sent', () => {
    assert.deepEqual(ranked('A', 'A', 'A', 'C'), [2, 1]);
  });

  it('is none for ids of nobody, and of a node that is gone', () => {
    assert.deepEqual(ranked(), []);
    assert.deepEqual(ranked('E', 'Z', 'F'), []);
    assert.deepEqual(ranked('F', 'D'), [3]);
  });
});
