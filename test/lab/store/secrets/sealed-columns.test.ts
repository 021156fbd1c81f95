import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { newKey } from '../../../../lab/store/secrets/seal.ts';
import {
  openedJson,
  placeOf,
  resealed,
  SEALED_COLUMNS,
  sealedIn,
} from '../../../../lab/store/secrets/sealed-columns.ts';
import { sealsOf } from '../../../../lab/store/secrets/secrets-key.ts';
import { migrate } from '../../../../lab/store/sqlite/migrations.ts';

test('each sealed column is one of a table with id and uuid', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db);
  for (const { table, column } of SEALED_COLUMNS) db.prepare(`SELECT id, uuid, ${column} FROM ${table}`).all();
  db.close();
});

test('what looks sealed but stood in the clear is sealed as it stands', () => {
  const to = sealsOf(newKey());
  const text = sealsOf(newKey()).seal('other', 'p');
  for (const column of SEALED_COLUMNS) {
    const value = { sealed: text };
    const stored =
      column.kind === 'text'
        ? text
        : JSON.stringify(column.member === undefined ? value : { [column.member]: value, a: 1 });
    const sealed = resealed(column, { uuid: 'U', stored }, { from: undefined, to });
    const place = placeOf(column.table, column.column, 'U');
    const opened = to.open(sealedIn(column, sealed), place);
    assert.deepEqual(column.kind === 'text' ? opened : JSON.parse(opened), column.kind === 'text' ? text : value);
    if (column.member !== undefined) assert.equal((JSON.parse(sealed) as { a: number }).a, 1, 'the rest stays');
    const again = resealed(column, { uuid: 'U', stored: sealed }, { from: to, to });
    assert.equal(to.open(sealedIn(column, again), place), opened);
  }
});

test('JSON in the clear where something sealed should be is not taken', () => {
  const seals = sealsOf(newKey());
  for (const stored of [{ root_password: 'x' }, { sealed: 1 }, null, 'text'])
    assert.throws(() => openedJson(stored, 'p', seals), JSON.stringify(stored));
});
