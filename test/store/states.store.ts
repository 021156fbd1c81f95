/** States of a database that a lab meets: locked, without an answer, out of connections, read-only; and clocks that differ. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { createEvents } from '../../lab/lab-events.ts';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { openPostgresStore } from '../../lab/store/postgres/open-postgres-store.ts';
import type { Store } from '../../lab/store/store.ts';
import { checkin, register, startLabProcessIn } from '../helpers/lab-process.ts';
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
after(async () => {
  // a session that somebody forgot would keep the server for ten seconds
  await server?.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
  await server?.stop();
});

async function labOn(t: TestContext, db: string): Promise<Lab> {
  const ports = { nodes: 0, images: 0, people: 0 };
  const lab = await startLab({ ports, db, imageDir: temporaryDirectory(t), secretsKey: KEY_FILE });
  t.after(() => lab.close());
  return lab;
}

async function storeOn(t: TestContext, url: string): Promise<Store> {
  const events = createEvents(() => 0);
  const store = await openPostgresStore(url, events, KEY_FILE);
  t.after(() => store.close());
  return store;
}

const broker = (store: Store, name: string): Promise<unknown> =>
  store.write(() => store.brokers.add({ name, url: 'http://a/' }));
const brokers = (store: Store): string[] => store.brokers.list().map(({ name }) => name);
const storedBrokers = (url: string): Promise<string> =>
  server.sql("SELECT coalesce(string_agg(name, ' ' ORDER BY id), '') FROM razor_mk.broker", url);

/** Asks until it is so. */
async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) if (performance.now() > end) throw new Error(`waited too long for ${what}`);
}

/** Ends all sessions on a database but the one that asks. */
async function disconnect(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await server.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
  );
}

test(
  'tables that somebody keeps locked: known nodes are answered, registers are told to come again, and afterwards all goes on',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const lab = await labOn(t, url);
    assert.equal((await register(lab.nodesUrl, '525400000001', { serial: 'before' })).status, 200);
    const pid = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
    const held = server.sql('SELECT pg_advisory_lock(1920626027, 1), pg_sleep(28)', url).catch(() => undefined);
    await eventually('the lock', async () => (await server.sql(pid)) !== '');
    const refused = await register(lab.nodesUrl, '525400000002', { serial: 'refused' });
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5']);
    assert.match(lab.store.standing.away?.message ?? '', /keeps the tables locked/);
    assert.match(lab.store.standing.away?.remedy ?? '', /pg_locks/);
    assert.equal(await checkin(lab.nodesUrl, '525400000001'), 'acknowledge');
    await server.sql(`SELECT pg_terminate_backend(pid) FROM (${pid}) AS holder`);
    await held;
    await until('the lab to go on', () => lab.store.standing.away === undefined, 30_000);
    assert.equal((await register(lab.nodesUrl, '525400000002', { serial: 'again' })).status, 200);
    const serials = "SELECT string_agg(facts ->> 'serial', ' ' ORDER BY node) FROM razor_mk.node_facts";
    assert.equal(await server.sql(serials, url), 'before again');
  },
);

/** A way to the server that can fall silent: nothing goes through, and no connection ends. */
async function silentProxy(t: TestContext): Promise<{ port: number; silent: boolean }> {
  const state = { port: 0, silent: false };
  state.port = await openProxy(t, server.port, (near, far) => {
    const pass = (from: Socket, to: Socket): void =>
      void from.on('data', (bytes) => {
        if (!state.silent) to.write(bytes);
      });
    pass(near, far);
    pass(far, near);
  });
  return state;
}

test(
  'a database that does not answer: the start fails with a reason in seconds, a lab that runs refuses writes and goes on',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const proxy = await silentProxy(t);
    const through = url.replace(`:${server.port}/`, `:${proxy.port}/`);
    const store = await storeOn(t, through);
    await broker(store, 'before');
    const warnings: string[] = [];
    const heed = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', heed);
    t.after(() => process.off('warning', heed));
    proxy.silent = true;
    await assert.rejects(storeOn(t, through), { code: 'RAZOR_MK_LAB_DB', message: /does not answer in time/ });
    await assert.rejects(broker(store, 'refused'), {
      code: 'RAZOR_MK_LAB_DB_AWAY',
      message: /does not answer in time/,
    });
    assert.deepEqual(brokers(store), ['before'], 'what is known is answered, and nothing of what was refused');
    proxy.silent = false;
    await until('the store to be back', () => store.standing.away === undefined, 30_000);
    await broker(store, 'after');
    assert.equal(await storedBrokers(url), 'before after');
    assert.deepEqual(warnings, [], 'no question is asked on a connection that has not answered the last one');
  },
);

test('no connection is left, then there are some again', { skip }, async (t) => {
  await server.sql('CREATE ROLE narrow LOGIN');
  await server.sql('CREATE DATABASE narrow OWNER narrow');
  const url = `postgres://narrow@127.0.0.1:${server.port}/narrow`;
  const store = await storeOn(t, url);
  await broker(store, 'before');
  await server.sql('ALTER ROLE narrow CONNECTION LIMIT 0');
  await disconnect(url);
  await assert.rejects(broker(store, 'refused'), { code: 'RAZOR_MK_LAB_DB_AWAY', message: /no connection left/ });
  assert.deepEqual(brokers(store), ['before']);
  await server.sql('ALTER ROLE narrow CONNECTION LIMIT -1');
  await until('the store to be back', () => store.standing.away === undefined, 30_000);
  await broker(store, 'after');
  assert.deepEqual(brokers(store), ['before', 'after']);
});

test(
  'a database that is read-only at the start is refused while it is empty, and only read otherwise',
  { skip },
  async (t) => {
    const empty = await server.newDatabase();
    const readOnly = (url: string, on: boolean): Promise<string> =>
      server.sql(
        `ALTER DATABASE ${new URL(url).pathname.slice(1)} ${on ? 'SET default_transaction_read_only = on' : 'RESET default_transaction_read_only'}`,
      );
    await readOnly(empty, true);
    await assert.rejects(storeOn(t, empty), { code: 'RAZOR_MK_LAB_DB', message: /read-only/, remedy: /primary/ });
    await readOnly(empty, false);
    const store = await storeOn(t, empty);
    await broker(store, 'before');
    await readOnly(empty, true);
    const late = await storeOn(t, empty);
    assert.deepEqual(brokers(late), ['before']);
    await assert.rejects(broker(late, 'refused'), { code: 'RAZOR_MK_LAB_DB_AWAY', message: /read-only/ });
    await readOnly(empty, false);
    await disconnect(empty);
    await until('the store to be back', () => late.standing.away === undefined, 30_000);
    await broker(late, 'after');
    assert.equal(await storedBrokers(empty), 'before after');
  },
);

/** A module that moves the wall clock of the process that loads it first. */
function shiftedClock(t: TestContext, hours: number): string {
  const path = join(temporaryDirectory(t), 'shift.mjs');
  writeFileSync(
    path,
    `const Real = Date, shift = ${hours * 3600_000};
     globalThis.Date = class extends Real {
       constructor(...words) { if (words.length === 0) super(Real.now() + shift); else super(...words); }
       static now() { return Real.now() + shift; }
     };`,
  );
  return `--import ${path}`;
}

test(
  'labs whose clocks are two hours apart keep the database’s time: no node is silent for one that the other has just seen',
  { skip },
  async (t) => {
    const url = await server.newDatabase();
    const words = ['--database', url, '--image-dir', temporaryDirectory(t), '--secrets-key', KEY_FILE];
    const labs = await Promise.all(
      [-1, 1].map((hours) =>
        startLabProcessIn({ NODE_OPTIONS: shiftedClock(t, hours) }, [...words, '--node-expire', '60']),
      ),
    );
    t.after(() => Promise.all(labs.map((lab) => lab.stop())));
    const [early, late] = labs;
    assert.ok(early && late);
    assert.equal((await register(early.nodesUrl, '525400000001', { a: '1' })).status, 200);
    await eventually(
      'the other lab to know it',
      async () => (await checkin(late.nodesUrl, '525400000001')) === 'acknowledge',
    );
    for (const lab of [early, late, early]) assert.equal(await checkin(lab.nodesUrl, '525400000001'), 'acknowledge');
    await eventually('its contact to be stored', async () => {
      const contact = Number(await server.sql('SELECT contact FROM razor_mk.node_seen', url));
      return Math.abs(contact - Date.now()) < 30_000;
    });
    const made = 'SELECT (extract(epoch FROM now()) * 1000)::bigint - created FROM razor_mk.node';
    assert.ok(Math.abs(Number(await server.sql(made, url))) < 60_000);
  },
);
