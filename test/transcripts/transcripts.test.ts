import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { SCENES } from './scenes.ts';
import { expectedText, play } from './transcripts.ts';

/** The lines that differ, `-` those expected and `+` those printed; empty where all are the same. */
function diffOf(printed: string, expected: string): string {
  const [now, before] = [printed.split('\n'), expected.split('\n')];
  if (printed === expected) return '';
  const gone = before.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  return [...gone, ...come].join('\n') || 'the same lines in another order';
}

for (const [name, scene] of Object.entries(SCENES)) {
  test(`the command lines of ${name} print what was looked at and committed`, async (t) => {
    const written = 'run node test/transcripts/transcripts.ts, and look at what changed';
    assert.equal(diffOf(await play(scene, temporaryDirectory(t)), expectedText(name)), '', written);
  });
}
