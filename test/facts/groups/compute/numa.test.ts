import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNuma } from '../../../../facts/groups/compute/numa.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';

const NODES = '/sys/devices/system/node';

test('NUMA nodes and their processors come in the order of their numbers, not of their names', () => {
  const files: Record<string, string> = { [`${NODES}/possible`]: '0-10\n' };
  for (const id of [0, 2, 10]) {
    files[`${NODES}/node${id}/meminfo`] = `Node ${id} MemTotal:       ${(id + 1) * 1000} kB\n`;
    files[`${NODES}/node${id}/distance`] = '10 20 30\n';
  }
  for (const cpu of [2, 10, 9]) files[`${NODES}/node2/cpu${cpu}/online`] = '1\n';
  files[`${NODES}/node10/cpulist`] = '4-5,7\n';
  const nodes = readNuma(madeUpSources({ files }));
  assert.deepEqual(
    nodes.map(({ id }) => id),
    [0, 2, 10],
  );
  assert.deepEqual(
    nodes.map(({ cpus }) => cpus),
    [[], [2, 9, 10], [4, 5, 7]],
    'where the processors have no directories, the list of those that run counts',
  );
  assert.equal(nodes[2]?.cpuList, '4-5,7');
  assert.deepEqual(
    nodes.map(({ memory }) => memory),
    [1000 * 1024, 3000 * 1024, 11_000 * 1024],
  );
  assert.deepEqual(nodes[0]?.distances, [10, 20, 30]);
});

test('a machine without NUMA has no nodes, and a node without meminfo has no size', () => {
  assert.deepEqual(readNuma(madeUpSources({ files: {} })), []);
  const [node] = readNuma(madeUpSources({ files: { [`${NODES}/node0/cpulist`]: '0\n', [`${NODES}/nodes`]: '' } }));
  assert.deepEqual([node?.id, node?.memory, node?.distances], [0, undefined, []]);
});
