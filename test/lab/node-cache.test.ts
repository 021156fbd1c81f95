import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../lab/store.ts';

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
        nodes.touch(a.id, 'undone', 99);
        nodes.setHwIds(a.id, ['C1']);
        assert.deepEqual(ids('C1'), [a.id]);
        throw new Error('no');
      }),
    );
    assert.deepEqual(
      [nodes.byId(a.id)?.lastState, ids('C1'), ids('A1')],
      ['idle', [], [a.id]],
      'what was undone is forgotten',
    );
    await store.write(() => nodes.remove(a.id));
    assert.deepEqual([ids('A1'), nodes.byId(a.id)], [[], undefined]);
  } finally {
    store.close();
  }
});
