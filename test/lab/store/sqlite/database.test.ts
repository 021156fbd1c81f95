import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '../../../../lab/store/sqlite/database.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('the file and its journal are read by their owner only, whatever the umask and whoever made the file', async (t) => {
  const path = join(temporaryDirectory(), 'lab.db');
  writeFileSync(path, '', { mode: 0o644 });
  const umask = process.umask(0o022);
  t.after(() => process.umask(umask));
  const db = openDatabase(path);
  t.after(() => db.close());
  await db.write(() => db.prepare("INSERT INTO broker (uuid, name, url) VALUES ('a', 'a', 'a')").run());
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
});

test('a statement that makes SQLite undo the whole transaction rejects every write of the group and leaves none behind', async (t) => {
  const db = openDatabase(':memory:');
  t.after(() => db.close());
  const undone = t.mock.fn();
  db.onUndone(undone);
  const add = (name: string, url: string) =>
    db.write(() => db.prepare('INSERT INTO broker (uuid, name, url) VALUES (?, ?, ?)').run(name, name, url));
  await add('before', 'http://a');
  const pages = Number(Object.values(db.prepare('PRAGMA page_count').get() ?? {})[0]);
  db.prepare(`PRAGMA max_page_count=${pages + 1}`).get();
  const results = await Promise.allSettled([add('A', 'small'), add('B', 'x'.repeat(100_000)), add('C', 'small')]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['rejected', 'rejected', 'fulfilled'],
    'C came after the transaction was gone and has one of its own',
  );
  for (const result of results.slice(0, 2)) {
    assert.match(String((result as PromiseRejectedResult).reason), /database or disk is full/);
  }
  const names = db.prepare('SELECT name FROM broker ORDER BY id').all();
  assert.deepEqual(
    names.map((row) => row['name']),
    ['before', 'C'],
  );
  assert.ok(undone.mock.callCount() > 0, 'caches are emptied');
  await add('after', 'http://b');
});
