import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { startWorker } from './workers.ts';

const ADD = 'export const add = (a: number, b: number): number => a + b;\n';
const TEST = `import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { add } from '../a.ts';
test('one and one', () => assert.equal(add(1, 1), 2));
describe('more', () => { it('two and one', async (t) => { t.after(() => undefined); assert.equal(add(2, 1), 3); }); });
`;

/** Two trees with a file and its test. */
function trees(t: TestContext): { changed: string; untouched: string } {
  const root = temporaryDirectory(t);
  const [changed, untouched] = [join(root, 'tree-1'), join(root, 'tree-0')];
  for (const tree of [changed, untouched])
    for (const [path, text] of [
      ['a.ts', ADD],
      ['test/a.test.ts', TEST],
      ['package.json', '{"type":"module"}'],
    ] as const) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    }
  return { changed, untouched };
}

test('a change of a file fails its test, by name, and passes again without it, in one process', async (t) => {
  const { changed, untouched } = trees(t);
  const worker = startWorker(changed, untouched, { PATH: process.env.PATH ?? '' });
  t.after(() => worker.stop());
  const task = { changed: 'a.ts', leading: ['a.ts', 'test/a.test.ts'], tests: ['test/a.test.ts'] };
  const meet = async (text: string): Promise<unknown> => {
    writeFileSync(join(changed, 'a.ts'), text);
    return await worker.work(task, 30_000);
  };
  const file = 'test/a.test.ts';
  assert.deepEqual(await meet(ADD), { spoilt: false });
  assert.deepEqual(await meet(ADD.replace('a + b', 'a - b')), { failed: { file, test: 'one and one' }, spoilt: false });
  assert.deepEqual(await meet(ADD.replace('a + b', '2')), { failed: { file, test: 'two and one' }, spoilt: false });
  assert.deepEqual(await meet('nonsense('), { failed: { file, test: 'the file does not load' }, spoilt: false });
  assert.deepEqual(await meet(ADD), { spoilt: false });
  // what never ends takes its process with it, and the next has another
  writeFileSync(join(changed, 'a.ts'), ADD.replace('a + b', '{ for (;;); }'));
  assert.equal(await worker.work(task, 2000), undefined);
  assert.deepEqual(await meet(ADD), { spoilt: false });
});
