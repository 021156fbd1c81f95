import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { loadKernelModules } from '../../../tinycore/node/kernel-modules.ts';
import { makeTree } from '../../helpers/tree.ts';

const BELOW = 'lib/modules/6.1/kernel';
const LOADED = ['one', 'two', 'three'];
const procModules = (names: readonly string[]): string => names.map((name) => `${name} 1 0 - Live 0x0\n`).join('');

/** Loads a list where one, two and three are loaded and have files. `stay` are those that rmmod cannot remove. */
async function loads(
  t: TestContext,
  list: readonly string[],
  { stay = [], refused = [] }: { readonly stay?: readonly string[]; readonly refused?: readonly string[] } = {},
): Promise<{ readonly programs: string[]; readonly changes: string; readonly warnings: string[] }> {
  const files = [...LOADED, 'four'].map((name) => [`${BELOW}/${name}.ko`, ''] as const);
  const root = makeTree(t, { ...Object.fromEntries(files), 'proc/modules': procModules(LOADED) });
  const [programs, warnings] = [[] as string[], [] as string[]];
  const log = createLog({ people: (line, level) => level === 'warn' && warnings.push(line) });
  const nothing = Buffer.alloc(0);
  const system = {
    ...createSystem({ live: true, log }),
    run(_what: string, argv: readonly string[]) {
      programs.push(argv.join(' ').replaceAll(`${join(root, BELOW)}/`, ''));
      const [program, ...words] = argv;
      let failed = refused.some((name) => words[0]?.endsWith(`/${name}.ko`));
      if (program === 'rmmod') {
        // as kmod and busybox do: what can go goes, whatever is said of the others
        failed = words.some((word, at) => stay.includes(word) || words.indexOf(word) !== at);
        const gone = words.filter((word) => !stay.includes(word));
        writeFileSync(join(root, 'proc/modules'), procModules(LOADED.filter((name) => !gone.includes(name))));
      }
      const stderr = failed ? Buffer.from('in use\n') : nothing;
      const ended = { signal: undefined, failure: undefined, stdout: nothing, stderr, durationMs: 0 };
      return Promise.resolve({ ...ended, argv, status: failed ? 1 : 0 });
    },
  };
  const fetchList = (): Promise<Buffer> => Promise.resolve(Buffer.from(JSON.stringify(list)));
  const changes = await loadKernelModules({ system, log, root, kernel: '6.1', listUri: 'x', fetchList });
  return { programs, changes: [...changes].map((change) => change.join('')).join(' '), warnings };
}

test('what rmmod removed before it failed is inserted again, and what it could not remove stays as it is', async (t) => {
  for (const [stay, inserted, changes] of [
    [[], ['one.ko', 'two.ko', 'four.ko'], 'one/ two/ four+'],
    [['two'], ['one.ko', 'four.ko'], 'one/ four+'],
    [['one', 'two'], ['four.ko'], 'four+'],
  ] as const) {
    const loaded = await loads(t, ['one', 'two', 'four'], { stay });
    const inserts = inserted.map((file) => `insmod ${file}`);
    assert.deepEqual(loaded.programs, ['rmmod one two', ...inserts, 'depmod -a'], `cannot be removed: ${stay.join()}`);
    assert.equal(loaded.changes, changes);
    assert.deepEqual(loaded.warnings, stay.length === 0 ? [] : ['rmmod one two failed: in use']);
  }
});

test('a module under two names is removed and inserted once', async (t) => {
  const { programs, changes, warnings } = await loads(t, ['one', 'one.ko', 'four.ko', 'four']);
  assert.deepEqual(programs, ['rmmod one', 'insmod one.ko', 'insmod four.ko', 'depmod -a']);
  assert.deepEqual([changes, warnings], ['one/ four+', []]);
});

test('a module that cannot be inserted is told as removed, one that was not there is left out', async (t) => {
  const { changes, warnings } = await loads(t, ['one', 'four'], { refused: ['one', 'four'] });
  assert.equal(changes, 'one-');
  assert.deepEqual(
    warnings.map((line) => line.replaceAll(/\/\S+\//g, '')),
    ['insmod one.ko failed: in use', 'insmod four.ko failed: in use'],
  );
  const nothing = await loads(t, ['four'], { refused: ['four'] });
  assert.deepEqual([nothing.changes, nothing.programs], ['', ['insmod four.ko']]);
});
