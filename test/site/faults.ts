/** What is done to the site, within its hub: load, faults, and the comparison at the end. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { run } from '../../platform/process/run.ts';
import { checkin, register, startLabProcess, type LabProcess } from '../helpers/lab-process.ts';
import { startCluster, type Cluster, type MachineName } from './cluster.ts';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const [directory = ''] = positionals;
const LOAD_MS = Number(values.seconds) * 1000;
const LIMIT_MS = 120_000;

const began = performance.now();
const say = (text: string): void =>
  void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
const engineLog: string[] = [];

async function sql(text: string, user = 'postgres:change-me-1', database = 'postgres'): Promise<string> {
  const url = `postgres://${user}@10.77.1.1:5000/${database}`;
  const words = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text, url];
  const asked = await run(['/usr/lib/postgresql/15/bin/psql', ...words], { timeoutMs: 20_000 });
  if (asked.status !== 0) throw new Error(asked.stderr.toString());
  return asked.stdout.toString().trim();
}

async function wait(what: string, ready: () => Promise<boolean>, ms = LIMIT_MS): Promise<void> {
  const end = performance.now() + ms;
  while (!(await ready().catch(() => false))) {
    if (performance.now() > end) throw new Error(`waited too long for ${what}: ${engineLog.slice(-15).join('\n')}`);
    await sleep(250);
  }
}

/** Both machines have what is acknowledged: names are set late, and only then it is so. */
const inStep = (): Promise<void> =>
  wait(
    'the standby in step',
    async () => (await sql(`SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'`)) === '1',
  );

interface Load {
  readonly acknowledged: ReadonlyMap<string, string>;
  readonly checkins: { answered: number; failed: number };
  /** Milliseconds of the longest time without a register that was acknowledged, since the last call. */
  longestGap(): number;
  stop(): Promise<void>;
}

/** Fifty registers a second and as many check-ins as come back, each to a lab of its own choice. */
function startLoad(labs: readonly LabProcess[]): Load {
  const acknowledged = new Map<string, string>();
  const checkins = { answered: 0, failed: 0 };
  let [next, ended, last, gap] = [0, false, performance.now(), 0];
  const any = (): LabProcess => labs[Math.floor(Math.random() * labs.length)] as LabProcess;
  const registers = async (): Promise<void> => {
    while (!ended) {
      const serial = String(next++);
      const hwId = `5254${serial.padStart(8, '0')}`;
      const started = performance.now();
      try {
        const reply = await register(any().nodesUrl, hwId, { serial, padding: 'x'.repeat(2000) });
        await reply.arrayBuffer();
        if (reply.status === 200) {
          acknowledged.set(hwId, serial);
          const now = performance.now();
          gap = Math.max(gap, now - last);
          last = now;
        }
      } catch {
        // a lab that is not there
      }
      await sleep(Math.max(0, 200 - (performance.now() - started)));
    }
  };
  const asks = async (): Promise<void> => {
    while (!ended) {
      const known =
        acknowledged.size === 0 ? 'none' : `5254${String(Math.floor(Math.random() * next)).padStart(8, '0')}`;
      await checkin(any().nodesUrl, known).then(
        () => checkins.answered++,
        () => checkins.failed++,
      );
      await sleep(5);
    }
  };
  const workers = Promise.all([...Array.from({ length: 10 }, registers), ...Array.from({ length: 6 }, asks)]);
  return {
    acknowledged,
    checkins,
    longestGap() {
      const longest = Math.max(gap, performance.now() - last);
      gap = 0;
      return longest;
    },
    async stop() {
      ended = true;
      await workers;
    },
  };
}

async function underFault(
  name: string,
  load: Load,
  break_: () => Promise<void>,
  mend: () => Promise<void>,
): Promise<void> {
  await sleep(LOAD_MS);
  load.longestGap();
  const [before, failed] = [load.acknowledged.size, load.checkins.failed];
  await break_();
  await sleep(3000);
  const enough = load.acknowledged.size + 50;
  await wait(`registers after: ${name}`, () => Promise.resolve(load.acknowledged.size >= enough));
  const away = load.longestGap() / 1000;
  say(
    `${name}: no register for at most ${away.toFixed(1)} s; check-ins that failed: ${load.checkins.failed - failed}; registers: ${load.acknowledged.size - before}`,
  );
  await mend();
}

async function faults(cluster: Cluster, labs: LabProcess[], load: Load): Promise<void> {
  const primary = async (): Promise<MachineName> => {
    let name: MachineName | undefined;
    await wait('a primary', async () => (name = await cluster.primary()) !== undefined);
    return name as MachineName;
  };
  let victim = await primary();
  await underFault(
    `machine of the primary (${victim}) killed`,
    load,
    () => cluster.kill(victim),
    async () => {
      await cluster.revive(victim);
      await inStep();
    },
  );
  victim = await primary();
  await underFault(
    `network of the primary (${victim}) cut`,
    load,
    () => cluster.cut(victim, true),
    async () => {
      await cluster.cut(victim, false);
      await inStep();
    },
  );
  const [, lost] = labs;
  await underFault(
    'one of two labs killed',
    load,
    async () => {
      process.kill(lost?.daemon.pid ?? 0, 'SIGKILL');
      await lost?.daemon.exited;
      labs.pop();
    },
    () => Promise.resolve(),
  );
}

const cluster = await startCluster(directory, (line) => void engineLog.push(line));
const labs: LabProcess[] = [];
try {
  await wait('a primary', async () => (await cluster.primary()) !== undefined);
  await wait('writes through HAProxy', async () => (await sql('SELECT pg_is_in_recovery()')) === 'f');
  say('a primary is there');
  await inStep();
  say('the standby is in step');
  await sql(`CREATE ROLE lab LOGIN PASSWORD 'secret'`);
  await sql('CREATE DATABASE site OWNER lab');
  for (let i = 0; i < 2; i++) {
    labs.push(
      await startLabProcess(
        '--database',
        'postgres://lab:secret@10.77.1.1:5000/site',
        '--image-dir',
        directory,
        '--secrets-key',
        join(directory, 'secrets.key'),
      ),
    );
  }
  say('two labs run');
  const load = startLoad(labs);
  try {
    await faults(cluster, labs, load);
  } finally {
    await load.stop();
  }
  const facts = `SELECT h.hw_id || ' ' || (f.facts ->> 'serial') FROM razor_mk.hw_id h JOIN razor_mk.node_facts f USING (node)`;
  const stored = new Set((await sql(facts, 'lab:secret', 'site')).split('\n'));
  for (const [hwId, serial] of load.acknowledged)
    assert.ok(stored.has(`${hwId} ${serial}`), `${hwId} was acknowledged and is gone`);
  const double = await sql('SELECT count(*) - count(DISTINCT hw_id) FROM razor_mk.hw_id', 'lab:secret', 'site');
  assert.equal(double, '0', 'an id with two nodes');
  say(
    `${load.acknowledged.size} registers were acknowledged, all of them are among the ${stored.size} that are stored; ${load.checkins.answered} check-ins`,
  );
} catch (error) {
  process.stdout.write(`${engineLog.slice(-40).join('\n')}\n`);
  throw error;
} finally {
  await Promise.all(labs.map((lab) => lab.stop()));
  await cluster.stop();
}
