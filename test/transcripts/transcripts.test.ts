import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { SCENES } from './scenes.ts';
import { expectedText, play } from './transcripts.ts';

for (const [name, scene] of Object.entries(SCENES)) {
  test(`the command lines of ${name} print what was looked at and committed`, async (t) => {
    assert.equal(await play(scene, temporaryDirectory(t)), expectedText(name));
  });
}
