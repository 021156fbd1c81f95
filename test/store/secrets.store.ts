/** Secrets of a site: a database in the clear is sealed, and labs that share it need the same keys. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createEvents } from '../../lab/lab-events.ts';
import { startLab } from '../../lab/lab-server.ts';
import { openPostgresStore } from '../../lab/store/postgres/open-postgres-store.ts';
import { POSTGRES_GROUND, POSTGRES_MIGRATIONS } from '../../lab/store/postgres/sql/postgres-migrations.ts';
import { openKeyFile } from '../../lab/store/secrets/key-ring.ts';
import { openStore } from '../../lab/store/sqlite/open-store.ts';
import type { Store } from '../../lab/store/store.ts';
import { run } from '../../platform/process/run.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { until } from '../helpers/until.ts';

const MAIN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
const skip = NO_POSTGRES;
let server: PostgresServer;
before(async () => {
  if (skip === false) server = await startPostgres(undefined);
});
after(() => server?.stop());

async function open(t: TestContext, url: string, keyFile: string): Promise<Store> {
  const store = await openPostgresStore(
    url,
    createEvents(() => 0),
    keyFile,
  );
  t.after(() => store.close());
  return store;
}

const broker = (name: string) => ({ name, url: `http://${name}/`, secret: `secret-of-${name}` });

/** What lies in the files of tables, without the journal. */
async function tablesOnDisk(): Promise<string> {
  await server.sql('CHECKPOINT');
  return readdirSync(join(server.data, 'base'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');
}

test(
  'a site of the schema before is sealed at the first start, and no table has what was in the clear',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const keyFile = join(temporaryDirectory(t), 'secrets.key');
    const steps = [POSTGRES_GROUND, ...POSTGRES_MIGRATIONS.slice(0, -1)].join(';\n');
    const [kept, odd] = ['sesame-in-the-clear', 'sesame-with-nul'];
    const oddJson = JSON.stringify(JSON.stringify({ root_password: `${odd}\0` }));
    await server.sql(
      `${steps};
     UPDATE razor_mk.meta SET version = ${POSTGRES_MIGRATIONS.length - 1};
     INSERT INTO razor_mk.node VALUES (1, 'N', 'razor', 0, '{}', NULL, 1, NULL, 1, NULL, NULL, NULL);
     INSERT INTO razor_mk.node_seen VALUES (1, 1, 1, NULL);
     INSERT INTO razor_mk.model VALUES (1, 'M', 'm', 'debian', NULL, '{"root_password":"${kept}"}'),
       (2, 'O', 'odd', 'debian', NULL, '${oddJson}');
     INSERT INTO razor_mk.broker VALUES (1, 'B', 'b', 'http://b/?token-in-the-clear', 'whsec_in_the_clear', 2);
     INSERT INTO razor_mk.active_model VALUES (1, 'A', 1, 'P', 'p',
       '{"uuid":"M","label":"m","template":"debian","metadata":{"root_password":"${kept}"}}', NULL, 'init', 1, 1, 0, NULL, 0, NULL);
     INSERT INTO razor_mk.sequence VALUES ('node', 1), ('model', 2), ('broker', 1), ('active_model', 1)`,
      url,
    );
    const secrets = [kept, odd, 'token-in-the-clear', 'whsec_in_the_clear'];
    const before = await tablesOnDisk();
    for (const secret of secrets) assert.ok(before.includes(secret), `${secret} is there before`);
    const store = await open(t, url, keyFile);
    const passwords = store.models.list().map(({ metadata }) => metadata['root_password']);
    assert.deepEqual(passwords, [kept, `${odd}\0`]);
    assert.deepEqual({ ...store.activeModels.list()[0]?.model.metadata }, { root_password: kept });
    assert.deepEqual(
      store.brokers.list().map(({ url: at, secret, attempts }) => [at, secret, attempts]),
      [['http://b/?token-in-the-clear', 'whsec_in_the_clear', 2]],
    );
    const bytes = await tablesOnDisk();
    for (const secret of secrets) assert.ok(!bytes.includes(secret), `${secret} is gone`);
    assert.equal(await server.sql('SELECT clean FROM razor_mk.secret_key', url), '1');
    assert.equal(await server.sql(`SELECT label FROM razor_mk.model WHERE metadata ? 'sealed' LIMIT 1`, url), 'm');
  },
);

test('a second lab needs the keys of the first, and learns of another key while it runs', { skip }, async (t) => {
  const url = await server.newDatabase();
  const dir = temporaryDirectory(t);
  const [first, second, own] = ['first.key', 'second.key', 'own.key'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const a = await open(t, url, first);
  await a.write(() => a.brokers.add(broker('one')));
  await assert.rejects(open(t, url, second), {
    code: 'RAZOR_MK_LAB_SECRETS',
    message: /there is no key in .*second.key/,
  });
  assert.ok(!existsSync(second), 'it makes none of its own');
  openKeyFile(own).add();
  await assert.rejects(open(t, url, own), { code: 'RAZOR_MK_LAB_SECRETS', message: /has other keys/ });
  copyFileSync(first, second);
  const b = await open(t, url, second);
  assert.equal(b.brokers.list()[0]?.secret, 'secret-of-one');
  await assert.rejects(a.rotateSecrets(), { code: 'RAZOR_MK_LAB_SECRETS', message: /no newer key/, remedy: /add-key/ });
  openKeyFile(first).add();
  copyFileSync(first, second);
  const { key, sealed } = await a.rotateSecrets();
  assert.equal(sealed, 2);
  await b.write(() => b.brokers.add(broker('two')));
  await until('the first lab to hear of it', () => a.brokers.list().length === 2);
  for (const store of [a, b])
    assert.deepEqual(
      store.brokers.list().map(({ secret }) => secret),
      ['secret-of-one', 'secret-of-two'],
    );
  const keys = await server.sql(`SELECT DISTINCT split_part(secret, '.', 2) FROM razor_mk.broker`, url);
  assert.equal(keys, key, 'both labs seal with the new key');
});

test('two labs that start on an empty database at once end with one key', { skip }, async (t) => {
  const url = await server.newDatabase();
  const keyFile = join(temporaryDirectory(t), 'secrets.key');
  const stores = await Promise.all([open(t, url, keyFile), open(t, url, keyFile)]);
  await Promise.all(stores.map((store, i) => store.write(() => store.brokers.add(broker(`b${i}`)))));
  assert.equal(await server.sql('SELECT id FROM razor_mk.secret_key', url), openKeyFile(keyFile).newest()?.id);
});

test('an import brings its key, which labs that run must have', { skip }, async (t) => {
  const url = await server.newDatabase();
  const dir = temporaryDirectory(t);
  const [file, siteKey] = [join(dir, 'lab.db'), join(dir, 'site.key')];
  const from = openStore(file);
  await from.write(() => from.brokers.add(broker('moved')));
  await from.close();
  const verb = (...words: string[]) => run([process.execPath, MAIN, 'lab', 'database', ...words, '--database', url]);
  const site = await openPostgresStore(
    url,
    createEvents(() => 0),
    siteKey,
  );
  const refused = await verb('import', file, '--replace');
  assert.equal(refused.status, 78, refused.stderr.toString());
  assert.match(refused.stderr.toString(), /labs run with key/);
  await site.close();
  const id = openKeyFile(`${file}.key`).newest()?.id ?? '';
  const imported = await verb('import', file, '--replace');
  assert.equal(imported.status, 0, imported.stderr.toString());
  assert.match(imported.stdout.toString(), new RegExp(`secrets stay sealed with key ${id}: `));
  await assert.rejects(open(t, url, siteKey), { code: 'RAZOR_MK_LAB_SECRETS' });
  const again = await open(t, url, `${file}.key`);
  assert.equal(again.brokers.list()[0]?.secret, 'secret-of-moved');
});

test('a lab on PostgreSQL is given a key file', { skip }, async () => {
  const db = await server.newDatabase();
  await assert.rejects(startLab({ db }), { code: 'RAZOR_MK_USAGE', message: '--database needs --secrets-key' });
});
