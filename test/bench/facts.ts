/**
 * `npm run bench:facts`: one gathering of this agent against the programs that do the same, in one run and interleaved, so that
 * all of them meet the same load. Medians, ratios; `--json` for programs, `--runs N` (10 by default).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { collectFacts, openSources } from '../../facts/facts.ts';
import { corpusRoot, machinesOf } from '../corpus/corpus.ts';

interface Contestant {
  readonly name: string;
  /** Resolves when it is done; throws where it is not installed. */
  readonly once: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');

function program(...argv: [string, ...string[]]): () => Promise<void> {
  return async () => {
    const result = spawnSync(argv[0], argv.slice(1), { stdio: 'ignore', timeout: 60_000 });
    if (result.error) throw result.error;
    await Promise.resolve();
  };
}

function installed(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, name)));
}

async function contestants(): Promise<Contestant[]> {
  const warm = openSources();
  const list: Contestant[] = [
    { name: 'razor-mk facts, warm', once: async () => void (await collectFacts({ sources: warm })) },
  ];
  const server = await recordedServer();
  if (server) list.push({ name: 'razor-mk facts, warm, recorded server (137 PCI devices)', once: server });
  list.push({
    name: 'razor-mk facts, cold, from sources',
    once: program(process.execPath, join(ROOT, 'agent/main.ts'), 'facts'),
  });
  const executable = builtExecutable();
  if (executable !== undefined)
    list.push({ name: 'razor-mk facts, cold, executable', once: program(executable, 'facts') });
  if (installed('facter')) list.push({ name: 'facter', once: program('facter', '--json') });
  if (installed('lshw')) list.push({ name: 'lshw once', once: program('lshw') });
  if (installed('lshw') && installed('lscpu')) {
    list.push({
      name: 'lscpu and five lshw -c',
      once: async () => {
        await program('lscpu')();
        for (const kind of ['bus', 'memory', 'disk', 'processor', 'network']) await program('lshw', '-c', kind)();
      },
    });
  }
  const { default: si } = await import('systeminformation');
  list.push({
    name: 'systeminformation, seven functions, warm',
    once: async () => {
      await Promise.all([
        si.system(),
        si.bios(),
        si.baseboard(),
        si.cpu(),
        si.mem(),
        si.diskLayout(),
        si.networkInterfaces(),
      ]);
    },
  });
  return list;
}

/** The recorded tree with most PCI devices, where the reference recordings lie. */
async function recordedServer(): Promise<(() => Promise<void>) | undefined> {
  const root = corpusRoot();
  if (root === undefined) return undefined;
  const archive = readdirSync(join(root, 'trees/ghw')).find((name) => name.includes('8581cf3a'));
  const [machine] = archive === undefined ? [] : await machinesOf(join(root, 'trees/ghw', archive));
  return machine && (async () => void (await collectFacts({ sources: machine.sources })));
}

function builtExecutable(): string | undefined {
  return [join(ROOT, 'build/razor-mk'), join(ROOT, 'build/package/razor-mk')].find((path) => existsSync(path));
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Processes that one gathering starts: none, which is counted with the kernel's own number. */
async function processesStarted(): Promise<number> {
  const { readFileSync } = await import('node:fs');
  const forks = (): number => Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? NaN);
  const sources = openSources();
  await collectFacts({ sources });
  let least = Infinity;
  for (let i = 0; i < 10; i += 1) {
    const before = forks();
    await collectFacts({ sources });
    least = Math.min(least, forks() - before);
  }
  return least;
}

async function main(): Promise<void> {
  const wanted = Number(process.argv[process.argv.indexOf('--runs') + 1]);
  const runs = process.argv.includes('--runs') && wanted >= 1 ? wanted : 10;
  const list = await contestants();
  const times = new Map(list.map(({ name }) => [name, [] as number[]]));
  for (const { once } of list) await once();
  for (let i = 0; i < 10; i += 1) await list[0]?.once(); // warm means that the code is compiled
  for (let run = 0; run < runs; run += 1) {
    for (const { name, once } of list) {
      const started = performance.now();
      await once();
      times.get(name)?.push(performance.now() - started);
    }
  }
  const rows = [...times].map(([name, each]) => ({ name, medianMs: median(each), leastMs: Math.min(...each) }));
  const base = rows[0]?.medianMs ?? 1;
  const processes = await processesStarted();
  if (process.argv.includes('--json')) {
    const contestantRows = rows.map((row) => ({ ...row, ratio: row.medianMs / base }));
    console.log(JSON.stringify({ runs, processesStarted: processes, contestants: contestantRows }));
    return;
  }
  console.log(`median of ${runs}, interleaved; processes that a warm gathering starts: ${processes}\n`);
  for (const { name, medianMs, leastMs } of rows) {
    const ratio = (medianMs / base).toFixed(1);
    console.log(
      `${name.padEnd(58)} ${medianMs.toFixed(1).padStart(8)} ms  least ${leastMs.toFixed(1).padStart(8)}  x ${ratio.padStart(6)}`,
    );
  }
}

await main();
