/** A site moves from SQLite to PostgreSQL and back, by the verbs. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, type RunResult } from '../../platform/process/run.ts';
import { columnsOf, TABLES } from '../../lab/store/postgres/sql/tables.ts';
import { openStore } from '../../lab/store/sqlite/open-store.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const MAIN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
const skip = NO_POSTGRES;
let server: PostgresServer;
before(async () => {
  if (skip === false) server = await startPostgres(undefined);
});
after(() => server?.stop());

const verb = (...words: string[]): Promise<RunResult> =>
  run([process.execPath, MAIN, 'lab', 'database', ...words], { timeoutMs: 60_000 });

async function fill(path: string): Promise<void> {
  const store = openStore(path);
  await store.write(() => {
    const model = store.models.add({ label: 'm', template: 'ubuntu_jammy', image: undefined, metadata: { a: 'b' } });
    store.brokers.add({ name: 'b', url: 'http://b/', secret: 'whsec_x', attempts: 3 });
    store.tagRules.add({ name: 'r', tag: 't', matchers: [{ key: 'a', compare: 'equal', value: '1', inverse: false }] });
    for (let i = 0; i < 2500; i++) {
      const node = store.nodes.create({ dialect: 'razor', hwIds: [`A${i}`, `B${i}`], at: i, allowed: i % 2 === 0 });
      store.nodes.setFacts(node.id, { i, odd: `nul \\0 ${'\0'} half \ud800`, list: [1.5, null, 'ä'] }, 'idle', i);
      if (i % 5 === 0) {
        const rest = { policyLabel: 'p', broker: undefined, state: 'init', bound: i };
        const active = store.activeModels.bind({ ...rest, node: node.id, policy: 'P', model });
        const entry = { at: i, oldState: 'init', state: 'preinstall', action: 'a', method: 'm', result: 'r' };
        store.activeModels.record(active, entry);
      }
    }
    store.nodes.remove(2500);
    store.people.audit.add({ at: 1, who: 'a', address: 'b', action: 'c', status: 200, details: '{}' });
  });
  await store.close();
}

/** All rows; JSON by content. */
function contentOf(path: string): Record<string, unknown> {
  const db = new DatabaseSync(path, { readOnly: true });
  const all = Object.fromEntries(
    TABLES.map((table) => {
      const rows = db
        .prepare(`SELECT ${columnsOf(table).join(', ')} FROM ${table.name} ORDER BY ${table.key.join(', ')}`)
        .all();
      const json = Object.entries(table.columns).filter(([, kind]) => kind === 'json');
      for (const row of rows) {
        for (const [name] of json) row[name] = row[name] == null ? null : (JSON.parse(String(row[name])) as string);
      }
      return [table.name, rows];
    }),
  );
  const sequences = db.prepare('SELECT name, seq FROM sqlite_sequence ORDER BY name').all();
  db.close();
  return { ...all, sequences };
}

test(
  'import and export keep every row, every number that was given, and refuse to take the place of something unasked',
  { skip },
  async (t) => {
    const dir = temporaryDirectory(t);
    const [from, to] = [join(dir, 'from.db'), join(dir, 'to.db')];
    await fill(from);
    const url = await server.newDatabase();
    const imported = await verb('import', from, '--database', url);
    assert.equal(imported.status, 0, imported.stderr.toString());
    assert.match(imported.stdout.toString(), /^node +2499\n/m);
    assert.equal(
      await server.sql(`SELECT facts ->> 'i' FROM razor_mk.node_facts WHERE node = 7`, url),
      '',
      'kept as text, for U+0000',
    );
    assert.match(await server.sql(`SELECT metadata ->> 'sealed' FROM razor_mk.model`, url), /^rmk1\./);
    assert.equal(await server.sql(`SELECT matchers -> 0 ->> 'key' FROM razor_mk.tag_rule`, url), 'a');
    const twice = await verb('import', from, '--database', url);
    assert.equal(twice.status, 73);
    assert.match(twice.stderr.toString(), /holds something already.*--replace/s);
    assert.equal((await verb('import', from, '--database', url, '--replace')).status, 0);
    const exported = await verb('export', to, '--database', url);
    assert.equal(exported.status, 0, exported.stderr.toString());
    assert.match(exported.stdout.toString(), /every row was read again and is the same/);
    assert.deepEqual(contentOf(to), contentOf(from));
    const store = openStore(to, `${from}.key`);
    assert.equal(store.models.list()[0]?.metadata['a'], 'b');
    assert.equal(
      (await store.write(() => store.nodes.create({ dialect: 'razor', hwIds: ['new'], at: 1, allowed: true }))).id,
      2501,
    );
    await store.close();
  },
);

test('a file that is no database of a lab is refused, and nothing is left of the attempt', { skip }, async (t) => {
  const url = await server.newDatabase();
  const none = await verb('import', join(temporaryDirectory(t), 'none.db'), '--database', url);
  assert.equal(none.status, 73);
  assert.match(none.stderr.toString(), /there is no such file/);
  assert.equal(await server.sql('SELECT count(*) FROM razor_mk.node', url), '0');
  const missing = await verb('export', '/tmp/x.db');
  assert.equal(missing.status, 64);
});
