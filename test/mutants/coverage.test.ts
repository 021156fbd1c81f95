import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { changesOf, readCoverage } from './coverage.ts';

const range = (startOffset: number, endOffset: number, count: number) => ({ startOffset, endOffset, count });

test('the innermost range decides, and what lies behind it is the outer one’s again', () => {
  const functions = [{ ranges: [range(0, 100, 1)] }, { ranges: [range(10, 50, 3), range(20, 30, 0)] }];
  const changes = changesOf({ url: 'file:///a.ts', functions });
  const at = (offset: number): boolean | undefined => changes.findLast((change) => change.at <= offset)?.executed;
  assert.deepEqual([5, 15, 20, 29, 30, 49, 50, 99, 100].map(at), [
    ...[true, true, false, false, true, true, true, true, false],
  ]);
});

test('a place is executed when any process of the test executed it; an unknown test says nothing', (t) => {
  const tree = '/tree';
  const directory = join(temporaryDirectory(t), 'coverage');
  mkdirSync(directory);
  const process = (name: string, count: number): void => {
    const result = [
      { url: `file://${tree}/agent/a.ts`, functions: [{ ranges: [range(0, 100, 1), range(40, 60, count)] }] },
      { url: 'node:fs', functions: [] },
      { url: 'file:///elsewhere/b.ts', functions: [{ ranges: [range(0, 10, 1)] }] },
    ];
    writeFileSync(join(directory, name), JSON.stringify({ result }));
  };
  process('coverage-1.json', 0);
  process('coverage-2.json', 1);
  const coverage = readCoverage(tree, new Map([['test/a.test.ts', { directory, durationMs: 7 }]]));
  assert.equal(coverage.executed('test/a.test.ts', 'agent/a.ts', 50), true);
  assert.equal(coverage.executed('test/a.test.ts', 'agent/a.ts', 100), false);
  assert.equal(coverage.executed('test/a.test.ts', 'agent/other.ts', 0), false);
  assert.equal(coverage.executed('test/b.test.ts', 'agent/a.ts', 50), undefined);
  assert.equal(coverage.duration('test/a.test.ts'), 7);
});

test('what stands outside of functions counts for every test, since only the first one of a process loads the file', (t) => {
  const traces = ['a', 'b'].map((name) => {
    const directory = join(temporaryDirectory(t), name);
    mkdirSync(directory);
    const functions = [
      { ranges: [range(0, 100, name === 'a' ? 1 : 0)] },
      { ranges: [range(40, 60, name === 'a' ? 1 : 0)] },
    ];
    writeFileSync(join(directory, 'x.json'), JSON.stringify({ result: [{ url: 'file:///tree/x.ts', functions }] }));
    return [`test/${name}.test.ts`, { directory, durationMs: 1 }] as const;
  });
  const coverage = readCoverage('/tree', new Map(traces));
  assert.equal(coverage.executed('test/b.test.ts', 'x.ts', 10), true);
  assert.equal(coverage.executed('test/b.test.ts', 'x.ts', 50), false);
});
