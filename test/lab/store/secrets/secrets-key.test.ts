import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeyFile } from '../../../../lab/store/secrets/key-ring.ts';
import { checkSecretsKey, createSeals, secretKeyRow } from '../../../../lab/store/secrets/secrets-key.ts';
import { openStore } from '../../../../lab/store/sqlite/open-store.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('a proof holds for its own key alone', (t) => {
  const ring = openKeyFile(join(temporaryDirectory(t), 'keys'));
  const [one, two] = [ring.add(), ring.add()];
  const row = secretKeyRow(one, true);
  assert.equal(checkSecretsKey(row, ring, 'lab.db').id, one.id);
  const wrong = { ...row, proof: secretKeyRow(two, true).proof };
  assert.throws(() => checkSecretsKey(wrong, ring, 'lab.db'), {
    code: 'RAZOR_MK_LAB_SECRETS',
    message: /proof of key/,
  });
  assert.throws(() => checkSecretsKey({ ...row, id: 'f00f00f00f00' }, ring, 'lab.db'), {
    message: /^the secrets in lab.db are sealed with key f00f00f00f00, and .*keys has other keys$/,
    remedy: /--secrets-key FILE/,
  });
});

test('sealing follows the key that the database names, and opening any that the ring has', (t) => {
  const ring = openKeyFile(join(temporaryDirectory(t), 'keys'));
  const [one, two] = [ring.add(), ring.add()];
  let current = one.id;
  const seals = createSeals(ring, () => current, 'lab.db');
  const first = seals.seal('sesame', 'p');
  current = two.id;
  const second = seals.seal('sesame', 'p');
  assert.deepEqual(
    [first, second].map((sealed) => sealed.split('.')[1]),
    [one.id, two.id],
  );
  for (const sealed of [first, second]) assert.equal(seals.open(sealed, 'p'), 'sesame');
  for (const [sealed, why] of [
    ['in the clear', /secret p cannot be opened: it is not sealed/],
    [first.slice(0, -4), /secret p cannot be opened/],
  ] as const)
    assert.throws(() => seals.open(sealed, 'p'), { code: 'RAZOR_MK_LAB_SECRETS', message: why });
});

test('a secret that was moved from one record to another is not opened', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  const store = openStore(path);
  await store.write(() =>
    ['a', 'b'].map((name) => store.brokers.add({ name, url: 'http://a/', secret: `of ${name}` })),
  );
  await store.close();
  const db = new DatabaseSync(path);
  db.exec(`UPDATE broker SET secret = (SELECT secret FROM broker WHERE name = 'a') WHERE name = 'b'`);
  db.close();
  const again = openStore(path);
  t.after(() => again.close());
  assert.throws(() => again.brokers.list(), {
    code: 'RAZOR_MK_LAB_SECRETS',
    message: /broker.secret:.*cannot be opened/,
  });
});
