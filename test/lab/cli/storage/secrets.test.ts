import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openKeyFile } from '../../../../lab/store/secrets/key-ring.ts';
import { run } from '../../../../platform/process/run.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const MAIN = fileURLToPath(new URL('../../../../agent/main.ts', import.meta.url));

test('lab secrets add-key adds a key behind those that are there', async (t) => {
  const path = join(temporaryDirectory(t), 'secrets.key');
  const first = openKeyFile(path).add();
  const added = await run([process.execPath, MAIN, 'lab', 'secrets', 'add-key', path]);
  const ring = openKeyFile(path);
  assert.equal(added.stdout.toString(), `key ${ring.newest()?.id ?? ''} is the newest in ${path}\n`);
  assert.notEqual(ring.newest()?.id, first.id);
  assert.ok(ring.find(first.id));
});
