import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { columnsOf, mergeChanges, TABLES } from '../../../../../lab/store/postgres/sql/tables.ts';
import { migrate } from '../../../../../lab/store/sqlite/migrations.ts';

test('every table and column of SQLite is one of PostgreSQL, with its key', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db);
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
  const names = db
    .prepare(sql)
    .all()
    .map((row) => String(row['name']));
  assert.deepEqual(
    TABLES.map(({ name }) => name).sort(),
    names,
    'a new table needs a row in TABLES and a migration there',
  );
  for (const table of TABLES) {
    const columns = db.prepare(`PRAGMA table_info(${table.name})`).all();
    assert.deepEqual([...columnsOf(table)].sort(), columns.map((row) => String(row['name'])).sort(), table.name);
    const key = columns.filter((row) => Number(row['pk']) > 0).map((row) => String(row['name']));
    assert.deepEqual(table.key, key, table.name);
    for (const row of columns) {
      const kind = table.columns[String(row['name'])];
      assert.equal(kind === 'integer', row['type'] === 'INTEGER', `${table.name}.${String(row['name'])}`);
    }
  }
  db.close();
});

test('entries of the feed become one set of keys, each once', () => {
  const merged = mergeChanges(['{"node":[[1],[2]],"hw_id":[["A",1]]}', '{"node":[[2],[3]],"hw_id":[["A",2]]}']);
  assert.deepEqual(Object.fromEntries(merged), {
    node: [[1], [2], [3]],
    hw_id: [
      ['A', 1],
      ['A', 2],
    ],
  });
});
