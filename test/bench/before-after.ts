/**
 * npm run bench:before -- --before DIR: the executable and extension of another build (DIR/razor-mk, DIR/razor-mk.tcz) beside those of
 * build/, interleaved, in processor time, so that a loaded machine does not decide: warm `facts`, one turn from exec to its end, and the
 * same turn from a freshly mounted extension, where unpacking counts. Options: --runs N (7), --now DIR (build), --json. Needs root for the
 * cold part, python3, squashfs-tools.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../platform/process/run.ts';
import { command, scriptedServer } from '../helpers/scripted-server.ts';
import { median } from './boot-table.ts';
import { measureInTurn, sampleOf } from './processor-time.ts';

const PROGRAM = 'usr/local/lib/razor-mk/razor-mk';

async function must(...argv: [string, ...string[]]): Promise<void> {
  const { status, stderr } = await run(argv, { timeoutMs: 120_000 });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr.toString().trim()}`);
}

/** Processor milliseconds of a turn whose program lies in an extension that was mounted for it, and so is unpacked as it is read. */
async function cold(extension: string, mount: string, words: readonly string[]): Promise<number> {
  await must('mount', '-o', 'loop,ro', extension, mount);
  try {
    return sampleOf({ name: extension, argv: [join(mount, PROGRAM), ...words] }).cpuMs;
  } finally {
    await must('umount', mount);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      before: { type: 'string' },
      now: { type: 'string', default: join(import.meta.dirname, '../../build') },
      runs: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
      inside: { type: 'boolean', default: false },
    },
  });
  if (values.before === undefined) throw new Error('--before names the directory of the other build');
  const builds = [resolve(values.before), resolve(values.now)] as const;
  const runs = Number(values.runs);
  const root = mkdtempSync(join(tmpdir(), 'razor-mk-before-'));
  const server = await scriptedServer();
  server.checkins(command('acknowledge'));
  const turn = ['run', '--once', '--checkin-skew', '0', '--server', `127.0.0.1:${server.port}`, '--state-dir', root];
  try {
    const warm = (words: readonly string[]): number[] =>
      measureInTurn(
        builds.map((build) => ({ name: build, argv: [join(build, 'razor-mk'), ...words] })),
        runs,
      ).map(({ cpuMs }) => cpuMs);
    const rows: [string, number[]][] = [['facts, processor ms', warm(['facts'])]];
    // the server answers in this process, so the child must not hold it up
    rows.push([
      'one turn, processor ms',
      await inTurn(builds, runs, async (build) => await turnOf(join(build, 'razor-mk'), turn)),
    ]);
    const mount = join(root, 'mount');
    mkdirSync(mount);
    const fromExtension = async (build: string): Promise<number> =>
      await cold(join(build, 'razor-mk.tcz'), mount, ['facts']);
    rows.push(['facts out of a cold extension, processor ms', await inTurn(builds, runs, fromExtension)]);
    rows.push(['extension, bytes', builds.map((build) => statSync(join(build, 'razor-mk.tcz')).size)]);
    if (values.json) return void console.log(JSON.stringify({ runs, rows }));
    console.log(`${''.padEnd(46)}${'before'.padStart(12)}${'now'.padStart(12)}  ratio`);
    for (const [what, [before = NaN, now = NaN]] of rows)
      console.log(
        `${what.padEnd(46)}${before.toFixed(0).padStart(12)}${now.toFixed(0).padStart(12)}  ${(now / before).toFixed(2)}`,
      );
    console.log(`medians of ${runs}, interleaved`);
  } finally {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Medians of a figure of each build, measured in turn. */
async function inTurn(
  builds: readonly string[],
  runs: number,
  measure: (build: string) => Promise<number>,
): Promise<number[]> {
  const samples = builds.map((): number[] => []);
  for (let count = 0; count < runs; count += 1)
    for (const [index, build] of builds.entries()) samples[index]?.push(await measure(build));
  return samples.map(median);
}

/** Processor milliseconds of a program and what it starts, in GNU's or the shell's own words: `times` of a shell. */
async function turnOf(program: string, words: readonly string[]): Promise<number> {
  const { status, stdout, stderr } = await run(
    ['bash', '-c', '"$@" >/dev/null || exit; times', 'bash', program, ...words],
    {
      timeoutMs: 120_000,
    },
  );
  if (status !== 0) throw new Error(`${program}: ${stderr.toString().trim()}`);
  const children = stdout.toString().trim().split('\n').at(-1) ?? '';
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, min, s]) => sum + Number(min) * 60_000 + Number(s) * 1000,
    0,
  );
}

if (process.argv.includes('--inside')) await main();
else {
  // mounts that nobody else sees, and that are gone with this process
  const argv = ['--mount', process.execPath, process.argv[1] ?? '', ...process.argv.slice(2), '--inside'];
  process.exitCode = spawnSync('unshare', argv, { stdio: 'inherit' }).status ?? 1;
}
