/**
 * How much a lab takes: check-ins and registers a second with 1,000, 10,000 and 100,000 known nodes, in memory and on disk.
 * The lab is one process and the load another, on the same machine. Exit status 1 when a goal is missed.
 * `postgres` is a server of the bench's own on the same machine, whose processor time is not the lab's.
 *   node test/bench/lab.ts [--nodes N,N] [--seconds S] [--store memory,disk,postgres] [--profile DIRECTORY]
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDaemon } from '../../platform/process/daemon.ts';
import { load, type LoadOptions, type Measured } from './lab/load.ts';
import { startPostgres } from '../helpers/postgres-server.ts';
import { checkin, register } from './lab/nodes.ts';

const SERVER = fileURLToPath(new URL('lab/serve.ts', import.meta.url));
const CONNECTIONS = 32;
const GOAL = { nodes: 100_000, perSecond: 3000, p99Ms: 20 };

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000,10000,100000' },
    seconds: { type: 'string', default: '4' },
    store: { type: 'string', default: 'memory,disk' },
    profile: { type: 'string' },
  },
});

interface Row {
  readonly nodes: number;
  readonly store: string;
  readonly full: Measured;
  readonly steady: Measured;
  readonly registers: Measured;
  /** Microseconds of the lab's processor time. */
  readonly perCheckin: number;
  readonly perRegister: number;
  readonly rss: number;
  readonly bytes: number;
}

async function bench(nodes: number, store: string, seconds: number): Promise<Row> {
  const directory = mkdtempSync(join(tmpdir(), 'razor-mk-bench-'));
  const postgres =
    store === 'postgres' ? await startPostgres(undefined, ['shared_buffers=512MB', 'max_wal_size=4GB']) : undefined;
  const db = (await postgres?.newDatabase()) ?? (store === 'disk' ? join(directory, 'lab.db') : ':memory:');
  const waiting: ((line: string) => void)[] = [];
  const next = (): Promise<string> => new Promise((heard) => waiting.push(heard));
  const first = next();
  const server = await startDaemon(
    [process.execPath, SERVER, db, String(nodes), '60000', join(directory, 'secrets.key')],
    {
      onLine: (text, stream) => (stream === 'stdout' ? waiting.shift()?.(text) : process.stderr.write(`${text}\n`)),
    },
  );
  const ask = (line: string): Promise<string> => {
    const answer = next();
    server.write(`${line}\n`);
    return answer;
  };
  try {
    const port = Number((await first).split(' ')[1]);
    const usage = async (): Promise<number[]> => (await ask('usage')).split(' ').slice(1).map(Number);
    const under = async (what: Pick<LoadOptions, 'rate' | 'make'>, time = seconds): Promise<[Measured, number]> => {
      const [, before = 0] = await usage();
      const measured = await load({ port, seconds: time, connections: CONNECTIONS, ...what });
      const [, after = 0] = await usage();
      return [measured, (after - before) / measured.count];
    };
    await under({ rate: 0, make: checkin(nodes) }, 1); // warms up
    if (options.profile !== undefined) await ask('profile');
    const [full, perCheckin] = await under({ rate: 0, make: checkin(nodes) });
    if (options.profile !== undefined) {
      mkdirSync(options.profile, { recursive: true });
      await ask(`profiled ${resolve(options.profile, `checkins-${nodes}-${store}.cpuprofile`)}`);
    }
    const [steady] = await under({ rate: GOAL.perSecond, make: checkin(nodes) });
    if (options.profile !== undefined) await ask('profile');
    const [registers, perRegister] = await under({ rate: 0, make: register(nodes) });
    if (options.profile !== undefined) {
      await ask(`profiled ${resolve(options.profile, `registers-${nodes}-${store}.cpuprofile`)}`);
    }
    const [rss = 0] = await usage();
    const bytes = store === 'disk' ? statSync(db).size : 0;
    return { nodes, store, full, steady, registers, perCheckin, perRegister, rss, bytes };
  } finally {
    await server.stop(20_000);
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const HEADS = [
  ...['nodes', 'store', 'check-ins/s', 'CPU us', 'p50 ms', 'p99 ms', 'at 3,000/s: p50', 'p99'],
  ...['registers/s', 'CPU us', 'p99 ms', 'MiB', 'file MiB', 'failed'],
] as const;

function cells({ nodes, store, full, steady, registers, perCheckin, perRegister, rss, bytes }: Row): string[] {
  const ms = (value: number): string => value.toFixed(1);
  const whole = (value: number): string => value.toFixed(0);
  const failures = full.failures + steady.failures + registers.failures;
  return [
    ...[String(nodes), store, whole(full.perSecond), whole(perCheckin), ms(full.p50), ms(full.p99)],
    ...[ms(steady.p50), ms(steady.p99), whole(registers.perSecond), whole(perRegister), ms(registers.p99)],
    ...[whole(rss / 2 ** 20), store === 'disk' ? whole(bytes / 2 ** 20) : '-', String(failures)],
  ];
}

const line = (words: readonly string[]): void => {
  const padded = words.map((word, i) => word.padStart(Math.max(6, HEADS[i]?.length ?? 0)));
  process.stdout.write(`${padded.join('  ')}\n`);
};

const counts = options.nodes.split(',').map(Number);
const began = performance.now();
process.stdout.write(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores shared with the load; load average before: ` +
    `${loadavg()[0]?.toFixed(1)}\n${CONNECTIONS} connections; CPU us is the lab's processor time of one request\n`,
);
line(HEADS);
const rows: Row[] = [];
for (const nodes of counts) {
  for (const store of options.store.split(',')) {
    const row = await bench(nodes, store, Number(options.seconds));
    rows.push(row);
    line(cells(row));
  }
}
let missed = false;
for (const { nodes, store, full, steady, registers } of rows) {
  const failures = full.failures + steady.failures + registers.failures;
  if (failures > 0) process.stdout.write(`FAILED: ${failures} requests with ${nodes} nodes (${store})\n`);
  if (failures > 0) missed = true;
  if (nodes !== GOAL.nodes) continue;
  for (const [what, got, good] of [
    [`${GOAL.perSecond} check-ins a second`, `${full.perSecond.toFixed(0)}/s`, full.perSecond >= GOAL.perSecond],
    [`p99 under ${GOAL.p99Ms} ms at that rate`, `${steady.p99.toFixed(1)} ms`, steady.p99 < GOAL.p99Ms],
  ] as const) {
    process.stdout.write(`goal ${good ? 'met   ' : 'MISSED'}  ${nodes} nodes, ${store}: ${what}: ${got}\n`);
    missed ||= !good;
  }
}
process.stdout.write(
  `${((performance.now() - began) / 1000).toFixed(0)} s in all; load average after: ${loadavg()[0]?.toFixed(1)}\n`,
);
process.exitCode = missed ? 1 : 0;
