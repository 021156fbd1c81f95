/**
 * npm run bench:agent: what the agent costs on a node. The executable is built (or --program FILE names one; `clone` runs
 * the sources), started several times for the time from exec to the first check-in on the wire, left idle at one turn a
 * second, and driven through many turns for CPU and growth. Beside it the Ruby original, where it is installed.
 * Options: --quick (for the gate), --minutes N (5), --turns N (10000), --starts N (9), --program FILE|clone, --json;
 * --only starts,idle,growth leaves the other parts out; --pause MS (1) between the turns of the growth.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { bundle, bundlePath } from '../../packaging/bundle/bundle.ts';
import { findNodeBinary, lockedNode, stripNode } from '../../packaging/executable/node-binary.ts';
import { makeExecutable } from '../../packaging/executable/sea.ts';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { command, scriptedServer, type ScriptedServer } from '../helpers/scripted-server.ts';
import { MAIN } from '../helpers/razor-mk.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    turns: { type: 'string' },
    starts: { type: 'string' },
    program: { type: 'string' },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: 'starts,idle,growth' },
    pause: { type: 'string', default: '1' },
  },
});
const MINUTES = Number(options.minutes ?? (options.quick ? 0.25 : 5));
const TURNS = Number(options.turns ?? (options.quick ? 1500 : 10_000));
const STARTS = Number(options.starts ?? (options.quick ? 3 : 9));
const PARTS = new Set(options.only.split(','));
const MIB = 1024 * 1024;

/** Where the Ruby original's controller lies in its image. */
const ORIGINAL = '/usr/local/bin/rz_mk_controller.rb';

const root = mkdtempSync(join(tmpdir(), 'razor-mk-bench-'));
const server = await scriptedServer();
let states = 0;
async function build(): Promise<readonly [string, ...string[]]> {
  if (options.program === 'clone') return [process.execPath, MAIN];
  if (options.program !== undefined) return [options.program];
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const stage = join(root, 'stage');
  mkdirSync(stage);
  const node = join(root, 'node');
  await stripNode(
    arch,
    await findNodeBinary(arch, { cache: join(root, 'cache'), env: process.env, say: () => undefined }),
    node,
  );
  await bundle({ version: '0.0.0', commit: 'bench', output: bundlePath(stage) });
  const output = join(root, 'razor-mk');
  await makeExecutable({ arch, nodeVersion: lockedNode(arch).version, stage, node, output });
  rmSync(stage, { recursive: true, force: true });
  return [output];
}

interface Running {
  readonly daemon: Daemon;
  readonly events: (AgentEvent & { sinceMs: number })[];
  readonly started: number;
}

async function start(
  program: readonly [string, ...string[]],
  target: ScriptedServer,
  interval: string,
  events = false,
): Promise<Running> {
  const lines: Running['events'] = [];
  const state = join(root, `state-${states++}`);
  const args = ['run', ...(events ? ['--events'] : []), '--state-dir', state, '--server', `127.0.0.1:${target.port}`];
  const started = performance.now();
  const daemon = await startDaemon([...program, ...args, '--checkin-skew', '0', '--checkin-interval', interval], {
    env: { MALLOC_ARENA_MAX: '1' }, // as the image's boot script starts it
    onLine: (line, stream) => {
      if (events && stream === 'stdout' && lines.length < 20) lines.push(JSON.parse(line) as (typeof lines)[0]);
    },
  });
  return { daemon, events: lines, started };
}

/** Until the server was asked `count` times more. */
async function asked(target: ScriptedServer, count: number, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  const goal = target.asked.length + count;
  while (target.asked.length < goal) {
    if (performance.now() > until) throw new Error(`the agent asked only ${target.asked.length} times`);
    await sleep(2);
  }
}

function memory(pid: number): { rss: number; anonymous: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  return { rss: of('Rss'), anonymous: of('Anonymous') };
}

/** Processor milliseconds of a process, all threads, to the nanosecond: Documentation/scheduler/sched-stats.rst. */
function processorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const of = (thread: string): number =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return threads.reduce((sum, thread) => sum + of(thread), 0) / 1e6;
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;

type Result = Record<string, string | number>;

/** From exec to the first check-in on the wire, several times. */
async function measureStarts(program: readonly [string, ...string[]]): Promise<Result> {
  const starts: { total: number; facts: number; cpu: number }[] = [];
  for (let count = 0; count < STARTS; count++) {
    server.checkins(command('acknowledge'));
    const running = await start(program, server, '60', true);
    await asked(server, 1, 30_000);
    const total = performance.now() - running.started;
    const cpu = processorMs(running.daemon.pid);
    await sleep(200);
    const collected = running.events.find((event) => event.event === 'collected');
    starts.push({ total, facts: collected?.event === 'collected' ? collected.durationMs : NaN, cpu });
    await running.daemon.stop();
  }
  return {
    firstCheckinMs: median(starts.map(({ total }) => total)),
    firstCheckinLeastMs: Math.min(...starts.map(({ total }) => total)),
    factsMs: median(starts.map(({ facts }) => facts)),
    firstCheckinWithoutFactsMs: median(starts.map(({ total, facts }) => total - facts)),
    leastWithoutFactsMs: Math.min(...starts.map(({ total, facts }) => total - facts)),
    firstCheckinCpuMs: median(starts.map(({ cpu }) => cpu)),
  };
}

/** One turn a second, after the start was paid for. */
async function measureIdle(program: readonly [string, ...string[]]): Promise<Result> {
  server.checkins(command('register'), command('acknowledge'));
  const idle = await start(program, server, '1');
  await asked(server, 3, 30_000);
  await sleep(20_000); // what the start needed is given back, and V8 has made of the turns what it will
  const [cpuBefore, turnsBefore] = [processorMs(idle.daemon.pid), server.asked.length];
  await sleep(MINUTES * 60_000);
  const cpuMsPerIdleTurn = (processorMs(idle.daemon.pid) - cpuBefore) / (server.asked.length - turnsBefore);
  const { rss, anonymous } = memory(idle.daemon.pid);
  await idle.daemon.stop();
  return { idleMinutes: MINUTES, idleRssMiB: rss / MIB, idleAnonymousMiB: anonymous / MIB, cpuMsPerIdleTurn };
}

/** Many turns: what one costs when it is warm, and whether memory grows. The first are not counted: caches fill in them. */
async function measureGrowth(program: readonly [string, ...string[]]): Promise<Result> {
  server.checkins(command('register'), command('acknowledge'));
  const driven = await start(program, server, String(Number(options.pause) / 1000));
  await asked(server, Math.max(2000, Math.round(TURNS / 5)), 1_800_000);
  const samples: number[] = [];
  const before = { cpu: processorMs(driven.daemon.pid), asked: server.asked.length };
  for (let part = 0; part < 8; part++) {
    await asked(server, Math.round(TURNS / 10), 900_000);
    samples.push(memory(driven.daemon.pid).anonymous);
  }
  const turns = server.asked.length - before.asked;
  const cpu = (processorMs(driven.daemon.pid) - before.cpu) / turns;
  await driven.daemon.stop();
  const growth = median(samples.slice(4)) - median(samples.slice(0, 4));
  return {
    turns,
    cpuSecondsPer1000Turns: cpu,
    anonymousGrowthMiB: growth / MIB,
    anonymousSamplesMiB: samples.map((bytes) => (bytes / MIB).toFixed(1)).join(' '),
  };
}

async function main(): Promise<void> {
  const program = await build();
  const result: Result = {
    program: program.join(' '),
    ...(PARTS.has('starts') ? await measureStarts(program) : {}),
    ...(PARTS.has('idle') ? await measureIdle(program) : {}),
    ...(PARTS.has('growth') ? await measureGrowth(program) : {}),
    original: existsSync(ORIGINAL) ? 'installed' : 'not installed',
  };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else print(result);
  const above = (name: string, goal: number): boolean => Number(result[name]) > goal;
  const missed = [
    above('leastWithoutFactsMs', 200) ? 'first check-in later than 200 ms after exec, facts aside' : '',
    above('idleAnonymousMiB', 30) ? 'more than 30 MiB of anonymous memory' : '',
    above('cpuMsPerIdleTurn', 3) ? 'more than 3 ms of processor an idle turn' : '',
    above('anonymousGrowthMiB', 1) ? 'anonymous memory grows' : '',
  ].filter((text) => text !== '');
  for (const text of missed) process.stdout.write(`missed: ${text}\n`);
}

function print(result: Result): void {
  const number = (name: string, digits: number): string => Number(result[name]).toFixed(digits);
  const rows: [string, string, string, string][] = [
    ['firstCheckinMs', 'exec to first check-in on the wire', `${number('firstCheckinMs', 0)} ms`, ''],
    ['factsMs', '  of that, gathering facts', `${number('factsMs', 0)} ms`, ''],
    ['firstCheckinMs', '  the rest', `${number('firstCheckinWithoutFactsMs', 0)} ms`, ''],
    ['firstCheckinMs', '  the rest, least of all starts', `${number('leastWithoutFactsMs', 0)} ms`, '200 ms'],
    ['firstCheckinMs', '  processor time until then, with facts', `${number('firstCheckinCpuMs', 0)} ms`, ''],
    ['idleMinutes', `resident after ${number('idleMinutes', 2)} min at 1 s`, `${number('idleRssMiB', 1)} MiB`, ''],
    ['idleMinutes', '  of that, anonymous', `${number('idleAnonymousMiB', 1)} MiB`, '30 MiB'],
    ['idleMinutes', 'processor, an idle turn at 1 s', `${number('cpuMsPerIdleTurn', 2)} ms`, '3 ms'],
    ['turns', 'processor, 1,000 turns without pause', `${number('cpuSecondsPer1000Turns', 2)} s`, ''],
    [
      'turns',
      `anonymous memory grown in ${result['turns'] ?? ''} turns`,
      `${number('anonymousGrowthMiB', 2)} MiB`,
      'none',
    ],
  ];
  process.stdout.write(`${''.padEnd(44)}${'razor-mk'.padStart(12)}${'goal'.padStart(10)}   Ruby original\n`);
  for (const [needs, what, value, goal] of rows) {
    if (result[needs] === undefined) continue;
    process.stdout.write(`${what.padEnd(44)}${value.padStart(12)}${goal.padStart(10)}   ${result['original']}\n`);
  }
}

try {
  await main();
} finally {
  await server.close();
  rmSync(root, { recursive: true, force: true });
}
