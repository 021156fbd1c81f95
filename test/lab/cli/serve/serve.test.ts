import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLabProcess } from '../../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('silent nodes are kept where there is a file, and forgotten after five minutes otherwise or on request', async (t) => {
  const db = join(temporaryDirectory(t), 'lab.db');
  for (const [words, expected] of [
    [['--db', db], 0],
    [['--db', db, '--node-expire', '60'], 60_000],
    [[], 300_000],
  ] as const) {
    const lab = await startLabProcess(...words);
    try {
      const { body } = await lab.api('GET', '/status');
      assert.match(JSON.stringify(body), new RegExp(`"nodeExpireMs":${expected}\\b`));
    } finally {
      await lab.stop();
    }
  }
});
