import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { openKeyFile } from '../../../../lab/store/secrets/key-ring.ts';
import { openStore } from '../../../../lab/store/sqlite/open-store.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('hundreds of secrets are sealed anew while others are added and changed, and none keeps the old key', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  const store = openStore(path);
  const add = (name: string): Promise<unknown> =>
    store.write(() => store.brokers.add({ name, url: 'http://a/', secret: `of ${name}` }));
  await store.write(() => {
    for (let i = 0; i < 450; i++) store.brokers.add({ name: `b${i}`, url: 'http://a/', secret: `of b${i}` });
  });
  const rotation = store.rotateSecrets();
  await add('meanwhile');
  const { key, sealed } = await rotation;
  assert.ok(sealed >= 900, `${sealed}`);
  assert.equal(openKeyFile(`${path}.key`).newest()?.id, key, 'it made a key of its own');
  await store.close();
  const db = new DatabaseSync(path);
  const keys = `SELECT DISTINCT substr(secret, 6, 12) AS key FROM broker UNION SELECT substr(url, 6, 12) FROM broker UNION SELECT id FROM secret_key`;
  assert.deepEqual(
    db
      .prepare(keys)
      .all()
      .map((row) => row['key']),
    [key],
  );
  db.close();
  const again = openStore(path);
  t.after(() => again.close());
  for (const { name, secret } of again.brokers.list()) assert.equal(secret, `of ${name}`);
  assert.equal(again.brokers.list().length, 451);
});

test('a rotation that was interrupted is brought to its end by the next one', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  const store = openStore(path);
  await store.write(() => store.brokers.add({ name: 'b', url: 'http://a/', secret: 'sesame' }));
  const before = openKeyFile(`${path}.key`).newest()?.id;
  await store.close();
  const db = new DatabaseSync(path);
  const old = db.prepare('SELECT secret FROM broker').get()?.['secret'];
  db.close();
  const running = openStore(path);
  await running.rotateSecrets();
  const file = openKeyFile(`${path}.key`);
  assert.notEqual(file.newest()?.id, before);
  await running.close();
  // as it was before its turn came
  const half = new DatabaseSync(path);
  half.prepare('UPDATE broker SET secret = ?').run(old ?? null);
  half.close();
  const again = openStore(path);
  t.after(() => again.close());
  assert.equal(again.brokers.list()[0]?.secret, 'sesame', 'both keys are there');
  const { sealed } = await again.rotateSecrets();
  assert.equal(sealed, 2);
  assert.equal(again.brokers.list()[0]?.secret, 'sesame');
});
