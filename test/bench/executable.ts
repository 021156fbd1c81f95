/**
 * npm run bench:package: what the V8 flags of the executable cost and save. Each variant is built, started against a lab on
 * loopback some times in turn, and then left running for a minute at one check-in a second, all variants side by side.
 * Prints a table (docs/packaging.md holds one). Options by environment: STARTS (7), SECONDS (60).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { bundle, bundlePath } from '../../packaging/bundle/bundle.ts';
import { findNodeBinary, lockedNode, stripNode } from '../../packaging/executable/node-binary.ts';
import { makeExecutable, V8_FLAGS } from '../../packaging/executable/sea.ts';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';

const HEAP = ['--max-old-space-size=64', '--max-semi-space-size=1'];
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };
const VARIANTS: readonly { name: string; flags: readonly string[]; env?: Readonly<Record<string, string>> }[] = [
  { name: 'no flags', flags: [] },
  { name: 'heap limits', flags: HEAP },
  { name: 'heap limits, --optimize-for-size', flags: [...HEAP, '--optimize-for-size'] },
  { name: 'heap limits, --lite-mode', flags: [...HEAP, '--lite-mode'] },
  { name: 'as shipped', flags: V8_FLAGS },
  { name: 'as shipped, MALLOC_ARENA_MAX=1', flags: V8_FLAGS, env: ONE_ARENA },
];
const STARTS = Number(process.env['STARTS'] ?? 7);
const SECONDS = Number(process.env['SECONDS'] ?? 60);

const directory = mkdtempSync(join(tmpdir(), 'razor-mk-bench-'));
const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
try {
  await main(directory, lab);
} finally {
  await lab.close();
  rmSync(directory, { recursive: true, force: true });
}

async function main(root: string, server: Lab): Promise<void> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const { version } = lockedNode(arch);
  const node = join(root, 'node');
  await stripNode(
    arch,
    await findNodeBinary(arch, { cache: join(root, 'cache'), env: process.env, say: () => undefined }),
    node,
  );
  const built = new Map<string, string>();
  for (const [index, { flags }] of VARIANTS.entries()) {
    const key = flags.join(' ');
    if (built.has(key)) continue;
    const stage = join(root, `stage-${index}`);
    mkdirSync(stage);
    await bundle({ version: '0.0.0', commit: 'bench', output: bundlePath(stage) });
    const output = join(root, `razor-mk-${index}`);
    await makeExecutable({ arch, nodeVersion: version, stage, node, output, flags });
    built.set(key, output);
    rmSync(stage, { recursive: true, force: true });
  }
  const start = async (index: number, number: number): Promise<Daemon> => {
    const variant = VARIANTS[index];
    const state = join(root, `state-${index}-${number}`);
    const mac = `0200000000${String(index).padStart(2, '0')}`;
    const program = built.get(variant?.flags.join(' ') ?? '') ?? '';
    const at = ['--server', new URL(server.nodesUrl).host, '--checkin-skew', '0', '--checkin-interval', '1'];
    return await startDaemon([program, 'run', ...at, '--hw-id', mac, '--state-dir', state], {
      ...(variant?.env === undefined ? {} : { env: variant.env }),
    });
  };
  const times = VARIANTS.map((): number[] => []);
  for (let number = 0; number < STARTS; number += 1)
    for (const index of VARIANTS.keys()) {
      const seen = server.events.last;
      const begun = performance.now();
      const daemon = await start(index, number);
      await server.events.waitFor((event) => event.seq > seen && event.type === 'checkin', AbortSignal.timeout(30_000));
      times[index]?.push(performance.now() - begun);
      await daemon.stop();
    }
  const daemons = await Promise.all(VARIANTS.map((_, index) => start(index, STARTS)));
  await sleep(SECONDS * 1000);
  const memory = daemons.map((daemon) => readFileSync(`/proc/${daemon.pid}/status`, 'utf8'));
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  const mib = (status: string | undefined, key: string): string =>
    (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status ?? '')?.[1] ?? Number.NaN) / 1024).toFixed(1);
  console.log(
    `Node ${version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}; ${STARTS} starts; ${SECONDS} s at 1 Hz\n`,
  );
  console.log(
    '| V8 flags | exec to first check-in, ms: median (min) | anonymous memory, MiB | RSS, MiB |\n|---|---|---|---|',
  );
  for (const [index, { name }] of VARIANTS.entries()) {
    const sorted = (times[index] ?? []).toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const [anonymous, rss] = ['RssAnon', 'VmRSS'].map((key) => mib(memory[index], key));
    console.log(`| ${name} | ${median.toFixed(0)} (${(sorted[0] ?? Number.NaN).toFixed(0)}) | ${anonymous} | ${rss} |`);
  }
}
