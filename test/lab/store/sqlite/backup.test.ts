import assert from 'node:assert/strict';
import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLab } from '../../../../lab/lab-server.ts';
import { openStore } from '../../../../lab/store/sqlite/open-store.ts';
import { checkin, register } from '../../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('a backup of a running lab is whole and private, and restoring it while the lab runs brings everything back', async (t) => {
  const dir = temporaryDirectory(t);
  const [db, copy] = [join(dir, 'lab.db'), join(dir, 'copy.db')];
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, db });
  t.after(() => lab.close());
  const post = async (verb: string, path: string): Promise<{ status: number; text: string }> => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.peopleUrl}/api/${verb}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ path }),
    });
    return { status: reply.status, text: await reply.text() };
  };
  await register(lab.nodesUrl, '525400000001', { hostname: 'kept' });
  await lab.store.write(() => lab.store.brokers.add({ name: 'kept', url: 'http://a/' }));
  assert.deepEqual(await post('backup', copy), { status: 201, text: `${JSON.stringify({ path: copy, nodes: 1 })}\n` });
  assert.equal(statSync(copy).mode & 0o777, 0o600);
  assert.ok(!existsSync(`${copy}-wal`), 'one file');
  assert.match((await post('backup', copy)).text, /cannot write .*EEXIST/, 'nothing is overwritten');

  await register(lab.nodesUrl, '525400000001', { hostname: 'changed' });
  await register(lab.nodesUrl, '525400000002', { hostname: 'later' });
  await lab.store.write(() => lab.store.brokers.add({ name: 'later', url: 'http://b/' }));
  for (const [name, content] of [
    ['text', 'no database'],
    ['empty', ''],
  ] as const) {
    const path = join(dir, name);
    writeFileSync(path, content);
    assert.match((await post('restore', path)).text, /cannot restore/);
  }
  assert.match((await post('restore', join(dir, 'none'))).text, /there is no such file/);
  assert.equal(lab.store.nodes.count(), 2, 'a refused restore changes nothing');

  assert.equal((await post('restore', copy)).status, 200);
  const [node] = lab.store.nodes.list();
  assert.equal(lab.store.nodes.count(), 1);
  assert.deepEqual({ ...lab.store.nodes.facts(node?.id ?? 0) }, { hostname: 'kept' });
  assert.deepEqual(
    lab.store.brokers.list().map(({ name }) => name),
    ['kept'],
  );
  assert.equal(await checkin(lab.nodesUrl, '525400000002'), 'register', 'caches have forgotten it');
  assert.equal(await checkin(lab.nodesUrl, '525400000001'), 'acknowledge');
  await register(lab.nodesUrl, '525400000003', { a: '1' });
  assert.equal(lab.store.nodes.count(), 2, 'and the lab goes on');
  assert.throws(() => openStore(copy), { code: 'RAZOR_MK_LAB_SECRETS' });
  const opened = openStore(copy, `${db}.key`);
  t.after(() => opened.close());
  assert.equal(opened.nodes.count(), 1, 'a backup is a database of its own');
});

test('a plain copy of an open database is refused instead of starting empty; one with its journal, or of a closed lab, is taken', async (t) => {
  const dir = temporaryDirectory(t);
  const path = join(dir, 'lab.db');
  const store = openStore(path);
  const made = { dialect: 'razor', hwIds: ['A1'], at: 1, allowed: true };
  await store.write(() => store.nodes.create(made));
  const plain = join(dir, 'plain.db');
  copyFileSync(path, plain);
  assert.throws(() => openStore(plain), {
    code: 'RAZOR_MK_LAB_DB',
    message: /copied while a lab had it open/,
    remedy: /lab backup/,
  });
  const whole = join(dir, 'whole.db');
  for (const end of ['', '-wal']) copyFileSync(path + end, whole + end);
  const copied = openStore(whole, `${path}.key`);
  assert.equal(copied.nodes.count(), 1);
  await copied.close();
  await store.close();
  const closed = join(dir, 'closed.db');
  copyFileSync(path, closed);
  const again = openStore(closed, `${path}.key`);
  t.after(() => again.close());
  assert.equal(again.nodes.count(), 1);
});
