import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLab } from '../../../lab/lab-server.ts';

test('a search among very many nodes says what it did not look at', async (t) => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  t.after(() => lab.close());
  const look = async (word: string): Promise<string> => await (await fetch(`${lab.peopleUrl}/?q=${word}`)).text();
  const add = (from: number, count: number): Promise<void> =>
    lab.store.write(() => {
      for (let i = from; i < from + count; i++) {
        const hwIds = [`02000${i.toString(16).padStart(7, '0')}`.toUpperCase()];
        lab.store.nodes.create({ dialect: 'razor', hwIds, at: Date.now(), allowed: true });
      }
    });
  await add(0, 1);
  assert.match(await look('nics_1'), /No node matches “nics_1”/);
  await add(1, 2000);
  const page = await look('nics_1');
  assert.match(page, /only whole MACs and UUIDs are searched, not tags, names or facts/);
  assert.match(page, /placeholder="whole MAC or UUID"/);
  assert.match(await look('020000000001'), /02:00:00:00:00:01/);
});
