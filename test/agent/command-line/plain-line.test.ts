import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Chosen, openParser } from '../../../agent/command-line/parser.ts';
import { plainLine } from '../../../agent/command-line/plain-line.ts';
import { tableOf } from '../../../agent/command-line/option-table.ts';
import { VERBS } from '../../../agent/verbs.ts';

/** What yargs makes of a line: the options, or undefined where it refuses it or another verb is meant. */
async function byYargs(argv: readonly string[]): Promise<object | undefined> {
  try {
    await (await openParser(argv)).parseAsync();
  } catch (error) {
    return error instanceof Chosen ? error.args : undefined;
  }
  return undefined;
}

test('the line that the image starts the agent with needs no parser, nor does `facts`', async () => {
  for (const line of [
    ['run', '--live'],
    ['facts'],
    ['facts', '--format', 'json'],
    ['checkin', '--server', '10.0.0.1'],
  ]) {
    const plain = await plainLine(line);
    assert.ok(plain !== undefined, line.join(' '));
    assert.deepEqual({ ...plain.args }, { ...(await byYargs(line)) }, line.join(' '));
  }
});

test('what may mean something else is left to yargs', async () => {
  const lines = [
    [],
    ['nobody'],
    ['facts', 'memory'],
    ['facts', 'explain', 'memory'],
    ['facts', '--name', 'memory'],
    ['run', '--no-live'],
    ['run', '--live', 'false'],
    ['run', '--live=false'],
    ['run', '--live', '--live'],
    ['run', '--server'],
    ['run', '--server', '--live'],
    ['run', '--server', '"10.0.0.1"'],
    ['run', '--turns', '0x10'],
    ['run', '--turns', '1e3'],
    ['run', '--interval', '5'],
    ['run', '--checkin-interval', '5'],
    ['run', '--stop-after-command', 'reboot'],
    ['run', '--unknown'],
    ['facts', '--format', 'nonsense'],
    ['facts', '--facts-dir=/x', 'memory'],
    ['run', '--'],
    ['run', '-V'],
    ['explain-reply'],
  ];
  for (const line of lines) assert.equal(await plainLine(line), undefined, line.join(' '));
});

test('a line that is read without yargs is read as yargs reads it, whatever the verb and the words', async () => {
  const verbs = await Promise.all(
    VERBS.map(async (entry) => ({ name: entry.name, options: tableOf(await entry.load()).options })),
  );
  const values = [
    '10.0.0.1',
    'a b',
    '5',
    '-1',
    '',
    '007',
    'true',
    'x=y',
    'json',
    'reboot',
    'ä',
    '1.5',
    '--live',
    "'q'",
  ];
  const word = (options: readonly { readonly name: string }[]): fc.Arbitrary<string[]> =>
    fc
      .tuple(
        fc.constantFrom(...options.map(({ name }) => name)),
        fc.constantFrom(...values),
        fc.integer({ min: 0, max: 9 }),
      )
      .map(([name, value, form]) =>
        form < 3 ? [`--${name}`] : form < 8 ? [`--${name}`, value] : form === 8 ? [`--${name}=${value}`] : [value],
      );
  const line = fc
    .constantFrom(...verbs)
    .chain(({ name, options }) => fc.array(word(options), { maxLength: 3 }).map((words) => [name, ...words.flat()]));
  let plainLines = 0;
  await fc.assert(
    fc.asyncProperty(line, async (argv) => {
      const plain = await plainLine(argv);
      if (plain === undefined) return;
      plainLines += 1;
      assert.deepEqual({ ...plain.args }, { ...(await byYargs(argv)) }, argv.join(' '));
    }),
    { numRuns: 300, seed: 1 },
  );
  assert.ok(plainLines > 30, `${plainLines} lines were plain`);
});
