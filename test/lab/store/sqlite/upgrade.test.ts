import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openKeyFile } from '../../../../lab/store/secrets/key-ring.ts';
import { inspectDatabase } from '../../../../lab/store/sqlite/inspect.ts';
import { MIGRATIONS } from '../../../../lab/store/sqlite/migrations.ts';
import { openStore } from '../../../../lab/store/sqlite/open-store.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** A file as the lab of an earlier schema left it, with one of each thing that schema 1 had. */
function fileOfSchema(path: string, schema: number): void {
  const db = new DatabaseSync(path);
  db.exec(`${MIGRATIONS[0] as string};
    INSERT INTO node (uuid, dialect, facts, created, contact, last_state) VALUES ('N', 'razor', '{"a":"1"}', 7, 8, 'idle');
    INSERT INTO hw_id VALUES ('525400000001', 1, 0);
    INSERT INTO tag_rule (uuid, name, tag, matchers) VALUES ('T', 'rule', 'tag', '[]');
    INSERT INTO model (uuid, label, template, metadata) VALUES ('M', 'model', 'debian', '{"root_password":"x"}');
    INSERT INTO broker (uuid, name, url) VALUES ('B', 'broker', 'http://b/');
    INSERT INTO policy (uuid, label, line, enabled, maximum, tags, model) VALUES ('P', 'policy', 0, 1, 0, '[]', 'M');
    INSERT INTO active_model (uuid, node, policy, policy_label, model, state, counter, bound)
      VALUES ('A', 1, 'P', 'policy', '{"uuid":"M","label":"model","template":"debian","metadata":{}}', 'init', 1, 9)`);
  for (const step of MIGRATIONS.slice(1, schema)) db.exec(step);
  db.exec(`PRAGMA user_version=${schema}`);
  db.close();
}

test('a database of each earlier schema is brought up to date with everything that it holds', async (t) => {
  const dir = temporaryDirectory(t);
  for (let schema = 1; schema < MIGRATIONS.length; schema++) {
    const path = join(dir, `${schema}.db`);
    fileOfSchema(path, schema);
    const found = { schema, known: MIGRATIONS.length, nodes: 1, operators: 0, secretKey: undefined };
    assert.deepEqual(inspectDatabase(path), found);
    const store = openStore(path);
    const node = store.nodes.find(['525400000001'])[0];
    assert.deepEqual([node?.uuid, node?.contact, node?.lastState], ['N', 8, 'idle'], `schema ${schema}`);
    assert.deepEqual({ ...store.nodes.facts(node?.id ?? 0) }, { a: '1' });
    assert.equal(store.activeModels.ofNode(node?.id ?? 0)?.policyLabel, 'policy');
    const labels = [store.tagRules, store.models, store.brokers, store.policies].map((shelf) => shelf.list()[0]?.uuid);
    assert.deepEqual(labels, ['T', 'M', 'B', 'P']);
    assert.equal(store.people.operators.list().length, 0);
    await store.close();
    assert.equal(inspectDatabase(path).schema, MIGRATIONS.length, 'for good');
  }
});

test('secrets that a database holds in the clear are sealed at the first start, and nothing of them stays in its file', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  fileOfSchema(path, MIGRATIONS.length - 1);
  const db = new DatabaseSync(path);
  const [kept, gone, bound] = [
    'sesame-in-the-clear',
    'sesame-of-a-model-that-was-removed',
    'sesame-of-an-active-model',
  ];
  db.exec(`UPDATE model SET metadata = '{"root_password":"${kept}"}';
    UPDATE broker SET secret = 'whsec_in_the_clear', url = 'http://b/?token-in-the-clear';
    UPDATE active_model SET model = json_set(model, '$.metadata', json('{"root_password":"${bound}"}'));
    INSERT INTO model (uuid, label, template, metadata) VALUES ('G', 'gone', 'debian', '{"root_password":"${gone}"}');
    DELETE FROM model WHERE uuid = 'G'`);
  db.close();
  const secrets = [kept, gone, bound, 'whsec_in_the_clear', 'token-in-the-clear'];
  const bytes = (): string =>
    ['', '-wal'].map((end) => (existsSync(path + end) ? readFileSync(path + end, 'latin1') : '')).join('');
  for (const secret of secrets) assert.ok(bytes().includes(secret), `${secret} is there before`);
  const store = openStore(path);
  for (const secret of secrets) assert.ok(!bytes().includes(secret), `${secret} is gone while it runs`);
  assert.deepEqual({ ...store.models.list()[0]?.metadata }, { root_password: kept });
  assert.deepEqual({ ...store.activeModels.list()[0]?.model.metadata }, { root_password: bound });
  const [broker] = store.brokers.list();
  assert.deepEqual([broker?.url, broker?.secret], ['http://b/?token-in-the-clear', 'whsec_in_the_clear']);
  await store.close();
  for (const secret of secrets) assert.ok(!bytes().includes(secret), `${secret} is gone afterwards`);
  assert.deepEqual(
    [inspectDatabase(path).secretKey?.id, inspectDatabase(path).secretKey?.clean],
    [openKeyFile(`${path}.key`).newest()?.id, 1],
  );
});

test('a start that ended between sealing and writing the file anew is made up for by the next one', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  await openStore(path).close();
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA secure_delete=OFF; UPDATE secret_key SET clean = 0;
    INSERT INTO tag_rule (uuid, name, tag, matchers) VALUES ('T', 'sesame-in-the-clear', 't', '[]'); DELETE FROM tag_rule`);
  db.close();
  assert.ok(readFileSync(path, 'latin1').includes('sesame-in-the-clear'));
  await openStore(path).close();
  assert.ok(!readFileSync(path, 'latin1').includes('sesame-in-the-clear'));
  assert.equal(inspectDatabase(path).secretKey?.clean, 1);
});

test('a database of a later schema is not opened', async (t) => {
  const path = join(temporaryDirectory(t), 'later.db');
  await openStore(path).close();
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA user_version=${MIGRATIONS.length + 1}`);
  db.close();
  assert.throws(() => openStore(path), { code: 'RAZOR_MK_LAB_DB', message: /written by a newer version/ });
});
