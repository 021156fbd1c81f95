import assert from 'node:assert/strict';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openStore } from '../../../../lab/store/sqlite/open-store.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';
import { until } from '../../../helpers/until.ts';

test('what is remembered of nodes is never older than the table, whatever changes them', async () => {
  const store = openStore(':memory:');
  const { nodes } = store;
  const made = { dialect: 'razor', at: 1, allowed: true };
  const ids = (...hwIds: string[]): number[] => nodes.find(hwIds).map(({ id }) => id);
  try {
    const a = await store.write(() => nodes.create({ ...made, hwIds: ['A1', 'A2'] }));
    assert.deepEqual(ids('A1'), [a.id]);
    assert.deepEqual(ids('B1'), [], 'and an id that nobody has is not remembered as such');
    const b = await store.write(() => nodes.create({ ...made, hwIds: ['B1'] }));
    assert.deepEqual(ids('B1'), [b.id]);
    await store.write(() => nodes.touch(a.id, 'busy', 5));
    assert.deepEqual([nodes.byId(a.id)?.contact, nodes.byId(a.id)?.lastState], [5, 'busy']);
    assert.deepEqual(nodes.byId(a.id), nodes.get(a.uuid), 'as the table says');
    await store.write(() => nodes.update(a.id, { forcedAction: 'reboot' }));
    assert.equal(nodes.byId(a.id)?.forcedAction, 'reboot');
    await store.write(() => nodes.setFacts(a.id, { one: '1' }, 'idle', 9));
    assert.deepEqual([nodes.byId(a.id)?.registered, nodes.byId(a.id)?.factsVersion], [9, 1]);
    await store.write(() => nodes.addHwIds(b.id, ['A2']));
    assert.deepEqual([ids('A1'), ids('A2')], [[a.id], [b.id]], 'an id that moved');
    await store.write(() => nodes.setHwIds(b.id, ['B9']));
    assert.deepEqual([ids('A2'), ids('B1'), ids('B9')], [[], [], [b.id]]);
    await assert.rejects(
      store.write(() => {
        nodes.update(a.id, { forcedAction: 'undone' });
        nodes.setHwIds(a.id, ['C1']);
        assert.deepEqual(ids('C1'), [a.id]);
        throw new Error('no');
      }),
    );
    assert.deepEqual(
      [nodes.byId(a.id)?.forcedAction, ids('C1'), ids('A1')],
      ['reboot', [], [a.id]],
      'what was undone is forgotten',
    );
    await store.write(() => nodes.remove(a.id));
    assert.deepEqual([ids('A1'), nodes.byId(a.id)], [[], undefined]);
  } finally {
    await store.close();
  }
});

test('contacts are written down within a second or so, and when the store is closed; until then they are counted as they are', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'lab.db');
  const inFile = (): unknown => {
    // the lab keeps the file to itself, so what a crash would leave is looked at in a copy
    const copy = join(directory, 'copy.db');
    for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
    const db = new DatabaseSync(copy);
    const row = db.prepare('SELECT contact, last_state, version FROM node_seen').get();
    db.close();
    for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
    return { ...row };
  };
  const store = openStore(path);
  const { nodes } = store;
  const made = { dialect: 'razor', at: 1, allowed: true, hwIds: ['A1'] };
  const a = await store.write(() => nodes.create(made));
  await store.write(() => nodes.touch(a.id, 'busy', 50));
  await store.write(() => nodes.touch(a.id, 'idle', 60));
  assert.deepEqual(inFile(), { contact: 1, last_state: null, version: 1 });
  for (const seen of [nodes.byId(a.id), nodes.get(a.uuid), nodes.list()[0], nodes.newest(1, 0)[0]]) {
    assert.deepEqual([seen?.contact, seen?.lastState, seen?.version], [60, 'idle', 3]);
  }
  assert.equal(nodes.silent(55, ['razor']).length, 0, 'it is not silent');
  await until('the contacts in the file', () => !JSON.stringify(inFile()).includes('null'));
  assert.deepEqual(inFile(), { contact: 60, last_state: 'idle', version: 3 });
  await store.write(() => nodes.touch(a.id, 'last', 70));
  await store.close();
  assert.deepEqual(inFile(), { contact: 70, last_state: 'last', version: 4 });
});
