import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTool, tool } from '../../packaging/tools.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';

const failure = async (words: readonly [string, ...string[]], options = {}): Promise<string> => {
  try {
    await tool(words, options);
  } catch (error) {
    assert.ok(error instanceof RazorMkError);
    return `${error.code} ${error.message}`;
  }
  return 'none';
};

test('a program of the build gives what it printed', async () => {
  assert.equal((await tool(['cat'], { input: 'text' })).stdout.toString(), 'text');
});

test('one that fails is an error with how it ended and what it said last, on stderr if there is any', async () => {
  assert.equal(
    await failure(['sh', '-c', 'echo out; echo err >&2; exit 3']),
    'RAZOR_MK_PACKAGE sh -c echo out; echo err >&2; exit 3: exit 3: err',
  );
  assert.equal(await failure(['sh', '-c', 'echo out; exit 3']), 'RAZOR_MK_PACKAGE sh -c echo out; exit 3: exit 3: out');
  assert.equal(await failure(['false']), 'RAZOR_MK_PACKAGE false: exit 1');
  assert.equal(await failure(['sh', '-c', 'kill -TERM $$']), 'RAZOR_MK_PACKAGE sh -c kill -TERM $$: killed by SIGTERM');
  assert.match(await failure(['sleep', '5'], { timeoutMs: 20 }), /^RAZOR_MK_PACKAGE sleep 5: timeout/);
});

test('one that is not installed is named with the package that carries it', async () => {
  assert.equal(await failure(['no-such-program']), 'RAZOR_MK_TOOL_MISSING no-such-program is not installed');
  assert.equal(
    missingTool(['mksquashfs']).remedy,
    'Install it: apt-get install squashfs-tools (or the package of your system that carries it).',
  );
  const two = missingTool(['xz', 'pixz']);
  assert.equal(two.message, 'xz or pixz is not installed');
  assert.match(two.remedy, /apt-get install xz-utils /);
});
