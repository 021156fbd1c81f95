/** One PostgreSQL and what happens to it: killed, cut off in the middle of a commit, full, read-only, of another version. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { createEvents } from '../../lab/lab-events.ts';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { openPostgresStore } from '../../lab/store/postgres/open-postgres-store.ts';
import type { Store } from '../../lab/store/store.ts';
import { checkin, register } from '../helpers/lab-process.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { until } from '../helpers/until.ts';
import { openProxy } from './database-proxy.ts';

const skip = NO_POSTGRES;
/** Of all labs of this file. */
const KEY_FILE = join(temporaryDirectory(), 'secrets.key');
let server: PostgresServer;
before(async () => {
  if (skip === false) server = await startPostgres(undefined);
});
after(() => server?.stop());

async function labOn(t: TestContext, db: string): Promise<Lab> {
  const lab = await startLab({
    ports: { nodes: 0, images: 0, people: 0 },
    db,
    imageDir: temporaryDirectory(t),
    secretsKey: KEY_FILE,
  });
  t.after(() => lab.close());
  return lab;
}

async function storeOn(t: TestContext, url: string, heard: string[] = []): Promise<Store> {
  const events = createEvents(() => 0);
  events.subscribe(({ message }) => void heard.push(message));
  const store = await openPostgresStore(url, events, KEY_FILE);
  t.after(() => store.close());
  return store;
}

/** Facts as PostgreSQL has them, by id. */
async function storedSerials(url: string): Promise<Map<string, string>> {
  const sql = `SELECT h.hw_id || ' ' || (f.facts ->> 'serial') FROM razor_mk.hw_id h JOIN razor_mk.node_facts f USING (node)`;
  const lines = (await server.sql(sql, url)).split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}

test(
  'kill -9 of the server in the middle of registers: nothing that was acknowledged is lost, and the lab goes on',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const lab = await labOn(t, url);
    await register(lab.nodesUrl, '525400FFFFFF', { serial: 'first' });
    await register(lab.nodesUrl, '525400DDDDDD', { serial: 'forced' });
    const [forced] = lab.store.nodes.find(['525400DDDDDD']);
    await lab.store.write(() => lab.store.nodes.update(forced?.id ?? 0, { forcedAction: 'reboot' }));
    assert.equal(await checkin(lab.nodesUrl, '525400DDDDDD'), 'reboot');
    const acknowledged = new Map<string, string>();
    const refused = new Set<number>();
    let next = 0;
    let ended = false;
    const worker = async (): Promise<void> => {
      while (!ended) {
        const serial = String(next++);
        const hwId = `5254${serial.padStart(8, '0')}`;
        const reply = await register(lab.nodesUrl, hwId, { serial, padding: 'x'.repeat(2000) });
        await reply.arrayBuffer();
        if (reply.status === 200) acknowledged.set(hwId, serial);
        else {
          refused.add(reply.status);
          assert.equal(reply.headers.get('retry-after'), '5');
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    };
    const workers = Promise.all(Array.from({ length: 16 }, worker));
    try {
      for (let kill = 1; kill <= 3; kill++) {
        const before = acknowledged.size;
        await until('registers', () => acknowledged.size >= before + 60, 60_000);
        await server.kill();
        await until('the lab to notice', () => lab.store.standing.away !== undefined, 30_000);
        assert.equal(await checkin(lab.nodesUrl, '525400FFFFFF'), 'acknowledge', 'a known node is answered');
        assert.equal(await checkin(lab.nodesUrl, '525400EEEEEE'), 'register', 'an unknown one is told the truth');
        assert.equal(await checkin(lab.nodesUrl, '525400DDDDDD'), 'acknowledge', 'what was forced may be taken back');
        await server.start();
        await until('the lab to go on', () => lab.store.standing.away === undefined, 30_000);
      }
    } finally {
      ended = true;
      await workers;
    }
    assert.deepEqual([...refused], [503], 'nothing else was answered');
    const stored = await storedSerials(url);
    for (const [hwId, serial] of acknowledged) assert.equal(stored.get(hwId), serial, `${hwId} was acknowledged`);
    for (const [hwId] of stored) assert.equal(lab.store.nodes.find([hwId]).length, 1, `${hwId} is in the replica`);
    assert.equal(lab.store.nodes.count(), stored.size);
    t.diagnostic(`${acknowledged.size} acknowledged in three kills, ${stored.size} stored`);
  },
);

/** A way to the server that cuts a connection at its next commit: before the server gets it, or after. */
async function cuttingProxy(t: TestContext): Promise<{ port: number; cut: 'before' | 'after' | undefined }> {
  const state: { port: number; cut: 'before' | 'after' | undefined } = { port: 0, cut: undefined };
  state.port = await openProxy(t, server.port, (near, far) => {
    let [lost, writes] = [false, false];
    near.on('data', (bytes) => {
      // a look at the feed ends in a commit too: only one with an entry is meant
      writes ||= bytes.includes('entry');
      const meant = writes && bytes.includes('COMMIT');
      if (meant) writes = false;
      if (!state.cut || !meant) return void far.write(bytes);
      lost = true;
      if (state.cut === 'after') far.write(bytes);
      state.cut = undefined;
      setTimeout(() => near.destroy(), 80);
    });
    far.on('data', (bytes) => {
      if (!lost) near.write(bytes);
    });
  });
  return state;
}

test(
  'a commit whose answer is lost is found out: what was stored is reported as stored, once; what was not is refused',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const proxy = await cuttingProxy(t);
    const heard: string[] = [];
    const store = await storeOn(t, url.replace(`:${server.port}/`, `:${proxy.port}/`), heard);
    const create = (hwId: string): Promise<number> =>
      store.write(() => store.nodes.create({ dialect: 'razor', hwIds: [hwId], at: 1, allowed: true }).id);
    await create('A');
    const count = async (): Promise<string> => await server.sql('SELECT count(*) FROM razor_mk.node', url);
    proxy.cut = 'after';
    assert.equal(await create('B'), 2);
    assert.deepEqual([await count(), store.nodes.count(), store.nodes.find(['B'])[0]?.id], ['2', 2, 2]);
    proxy.cut = 'before';
    await assert.rejects(create('C'), { code: 'RAZOR_MK_LAB_DB_AWAY' });
    assert.deepEqual([await count(), store.nodes.count(), store.nodes.find(['C'])], ['2', 2, []]);
    await until('the store to be back', () => store.standing.away === undefined);
    assert.equal(await create('D'), 3);
    assert.deepEqual([await count(), store.nodes.count()], ['3', 3]);
  },
);

test('what is wrong at the start is said, with what to do', { skip }, async (t) => {
  const url = await server.newDatabase();
  const open = (at: string): Promise<Store> =>
    openPostgresStore(
      at,
      createEvents(() => 0),
      KEY_FILE,
    );
  const refuses = async (at: string, message: RegExp, remedy: RegExp): Promise<void> =>
    await assert.rejects(open(at), (error: Error & { code?: string; remedy?: string }) => {
      assert.equal(error.code, 'RAZOR_MK_LAB_DB');
      assert.match(error.message, message);
      assert.match(error.remedy ?? '', remedy);
      return true;
    });
  await refuses(url.replace(/:\d+\//, ':1/'), /nothing listens there/, /--database/);
  await refuses(`${url}_none`, /no such database/, /createdb/);
  const first = await storeOn(t, url);
  await server.sql('UPDATE razor_mk.meta SET version = 99', url);
  await refuses(url, /schema 99, this lab knows \d/, /newer version/);
  await assert.rejects(
    first.write(() => 1),
    { code: 'RAZOR_MK_LAB_DB_AWAY', message: /schema 99/ },
    'a lab that runs writes no more',
  );
  await server.sql('UPDATE razor_mk.meta SET version = 0', url);
  await refuses(url, /schema 0, and labs of that version use it/, /Stop them all/);
  const limited = await server.newDatabase();
  const name = new URL(limited).pathname.slice(1);
  await server.sql(`ALTER DATABASE ${name} CONNECTION LIMIT 0; ALTER ROLE lab RESET ALL; CREATE ROLE plain LOGIN`);
  await refuses(limited.replace('lab@', 'plain@'), /no connection left/, /max_connections/);
  await server.sql(`ALTER DATABASE ${name} CONNECTION LIMIT -1; REVOKE CREATE ON DATABASE ${name} FROM plain`);
  await refuses(limited.replace('lab@', 'plain@'), /this user may not/, /GRANT CREATE/);
});

test(
  'a database that becomes read-only refuses writes with a reason, and the store goes on afterwards',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const name = new URL(url).pathname.slice(1);
    const store = await storeOn(t, url);
    const broker = (name: string): Promise<unknown> => store.write(() => store.brokers.add({ name, url: 'http://a/' }));
    await broker('before');
    const disconnect = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`;
    await server.sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await server.sql(disconnect);
    await assert.rejects(broker('refused'), { code: 'RAZOR_MK_LAB_DB_AWAY', message: /read-only/ });
    assert.deepEqual(
      store.brokers.list().map(({ name }) => name),
      ['before'],
      'and nothing of it is shown',
    );
    await server.sql(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await server.sql(disconnect);
    await until('the store to be back', () => store.standing.away === undefined);
    await until('this lab to lead again', () => store.standing.leads);
    await broker('after');
    assert.equal(
      await server.sql("SELECT string_agg(name, ' ' ORDER BY id) FROM razor_mk.broker", url),
      'before after',
    );
  },
);

test(
  'a replica whose place in the feed is gone, or has another history, reads everything again',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const [a, b] = [await storeOn(t, url), await storeOn(t, url)];
    await a.write(() => a.brokers.add({ name: 'one', url: 'http://a/' }));
    await until('the other lab to hear of it', () => b.brokers.list().length === 1);
    // as a standby that was promoted without the last entry, and has written others since
    await server.sql(
      `UPDATE razor_mk.feed SET group_id = 'another' WHERE seq = 1; UPDATE razor_mk.broker SET name = 'other'`,
      url,
    );
    await b.write(() => b.brokers.add({ name: 'two', url: 'http://b/' }));
    const names = (store: Store): string =>
      store.brokers
        .list()
        .map(({ name }) => name)
        .join(' ');
    assert.equal(names(b), 'other two');
    await until('the first lab', () => names(a) === 'other two');
    await server.sql('DELETE FROM razor_mk.feed WHERE seq < (SELECT max(seq) FROM razor_mk.feed)', url);
    await a.write(() => a.brokers.remove(a.brokers.list()[0]?.uuid ?? ''));
    assert.equal(names(a), 'two');
    await until('the second lab', () => names(b) === 'two');
  },
);
