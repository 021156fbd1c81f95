/** Files that are no database, or one that cannot be used: said at the start, and left as they are. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../../../lab/store/sqlite/open-store.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('a file that is no database is refused by name and left as it is; no key is made for it', (t) => {
  const dir = temporaryDirectory(t);
  const path = join(dir, 'lab.db');
  for (const text of ['no database', 'x'.repeat(100_000), 'SQLite format 3\0'.padEnd(4096, 'x')]) {
    writeFileSync(path, text);
    const message = /^cannot open the database .*lab\.db: .*(not a database|malformed)/;
    assert.throws(() => openStore(path), { code: 'RAZOR_MK_LAB_DB', message }, text.slice(0, 20));
    assert.equal(readFileSync(path, 'utf8'), text);
    assert.ok(!existsSync(`${path}.key`));
  }
});

test('a database that was cut is refused, and what is left of it stays', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  const store = openStore(path);
  await store.write(() => {
    for (let i = 0; i < 200; i++) store.brokers.add({ name: `b${i}`, url: `http://b/${'x'.repeat(500)}` });
  });
  await store.close();
  truncateSync(path, 8192);
  const bytes = readFileSync(path);
  assert.throws(() => openStore(path).brokers.list(), /malformed/);
  assert.ok(readFileSync(path).subarray(4096).equals(bytes.subarray(4096)), 'but for the mark in its head');
});

test('a place where no database can be is said with the path', (t) => {
  const dir = temporaryDirectory(t);
  mkdirSync(join(dir, 'directory'));
  for (const [path, why] of [
    [join(dir, 'none', 'lab.db'), /cannot open the database .*none\/lab\.db: ENOENT/],
    [join(dir, 'directory'), /cannot open the database .*directory: EISDIR/],
  ] as const)
    assert.throws(() => openStore(path), { code: 'RAZOR_MK_LAB_DB', message: why, remedy: /Check the path/ });
});
