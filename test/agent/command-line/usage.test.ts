import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageError } from '../../../agent/command-line/usage.ts';

async function said(message: string, ...argv: readonly string[]): Promise<string> {
  const { message: text, remedy, code } = await usageError(message, argv);
  assert.equal(code, 'RAZOR_MK_USAGE');
  return `${text} | ${remedy ?? ''}`;
}

test('an unknown verb, with the one that was meant', async () => {
  const remedy = ' | razor-mk --help lists the verbs.';
  assert.equal(await said('Unknown argument: chekin', 'chekin'), `unknown verb chekin; did you mean checkin?${remedy}`);
  assert.equal(
    await said('x', 'replay'),
    `unknown verb replay; did you mean facts --from CAPTURE, or run --from CAPTURE?${remedy}`,
  );
  assert.equal(await said('x', 'toString'), `unknown verb toString${remedy}`);
  assert.match(await said('x', 'redact'), /^unknown verb redact; did you mean .*capture --redact/);
  assert.equal(await said('Something else'), `Something else${remedy}`);
});

test('an unknown option or word of a verb, with those that were meant', async () => {
  const remedy = ' | See razor-mk help facts.';
  assert.equal(
    await said('Unknown argument: structred', 'facts', '--structred'),
    `facts: unknown option --structred; did you mean --structured?${remedy}`,
  );
  assert.match(
    await said('Unknown arguments: structred, nonsense', 'facts', '--structred', '--nonsense'),
    /^facts: unknown option --structred; did you mean --structured\?; unknown option --nonsense \|/,
  );
  assert.equal(await said('Unknown argument: nonsense', 'facts', 'nonsense'), `facts: unknown word nonsense${remedy}`);
  assert.match(
    await said('Unknown command: nod', 'lab', 'nod'),
    /^(lab: unknown word|unknown verb) nod; did you mean (lab )?node/,
  );
});

test('a word that is missing is named', async () => {
  const text = await said('Not enough non-option arguments: got 0, need at least 1', 'lab', 'key');
  assert.match(text, /^lab key: [A-Z-]+ is missing: razor-mk lab key /);
});

test('a value that is none of the choices, with the one that was meant', async () => {
  const given = (value: string): string =>
    `Invalid values:\n  Argument: log-level, Given: "${value}", Choices: "debug", "info", "warn"`;
  assert.equal(
    await said(given('inf'), 'facts'),
    'facts: log-level cannot be inf; did you mean info? | See razor-mk help facts.',
  );
  assert.equal(
    await said(given('nonsense'), 'facts'),
    'facts: log-level cannot be nonsense; known: debug, info, warn | See razor-mk help facts.',
  );
  assert.equal(await said('Anything', 'facts'), 'facts: Anything | See razor-mk help facts.');
});
