import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openReplica } from '../../../../lab/store/postgres/replica.ts';
import { backupTo } from '../../../../lab/store/sqlite/backup.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('a replica has a file without a name, notes what was changed, forgets what was undone, and can be copied', async (t) => {
  const replica = openReplica();
  t.after(() => replica.close());
  const path = replica.db.location() ?? '';
  assert.match(path, /razor-mk-replica-/);
  assert.equal(existsSync(dirname(path)), false, 'nothing is left of it, however the process ends');
  const add = (uuid: string): void =>
    void replica.prepare("INSERT INTO broker (uuid, name, url) VALUES (?, 'n', 'u')").run(uuid);
  replica.prepare('BEGIN').run();
  add('a');
  replica.prepare('SAVEPOINT one').run();
  add('b');
  replica.prepare('ROLLBACK TO one').run();
  replica.prepare('RELEASE one').run();
  assert.deepEqual([...replica.takeChanges()], [['broker', [[1]]]]);
  replica.prepare('COMMIT').run();
  replica.prepare("DELETE FROM broker WHERE uuid = 'a'").run();
  assert.deepEqual([...replica.takeChanges()], [['broker', [[1]]]]);
  for (let i = 0; i < 2000; i++) add(`x${i}`);
  const copy = join(temporaryDirectory(t), 'copy.db');
  await backupTo(replica.db, copy);
  const db = new DatabaseSync(copy);
  assert.equal(db.prepare('SELECT count(*) AS n FROM broker').get()?.['n'], 2000);
  db.close();
});
