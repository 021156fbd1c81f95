/** Processor time of programs, interleaved: on a machine that does other things too, it is what can be compared. */
import { spawnSync } from 'node:child_process';
import { median } from './boot-table.ts';

export interface Contestant {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
}

export interface ProcessorRow {
  readonly name: string;
  /** Medians: milliseconds of user and system time with all that it started, processes beside itself, MiB at its largest. */
  readonly cpuMs: number;
  readonly processes: number;
  readonly mib: number;
  readonly bytes: number;
}

/** Starts a program through Python, whose `resource` tells what a child and its children took; nothing else of Debian's base does. */
const METER = `
import os, resource, subprocess, sys
out = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print((used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024, len(out.stdout), out.returncode)
`;

/** One run that nothing else waits for: milliseconds of processor time, MiB, bytes of standard output. Throws where the program fails. */
export function sampleOf({ name, argv }: Contestant): { cpuMs: number; mib: number; bytes: number } {
  const { stdout, status } = spawnSync('python3', ['-c', METER, ...argv], { timeout: 300_000 });
  const [cpuMs = NaN, mib = NaN, bytes = NaN, code = NaN] = stdout.toString().trim().split(' ').map(Number);
  if (status !== 0 || code !== 0) throw new Error(`${name}: ${argv.join(' ')} ended with status ${code}`);
  return { cpuMs, mib, bytes };
}

/** Processes that a program starts, as strace sees it; threads are none. */
function processesOf({ argv }: Contestant): number {
  const traced = ['-f', '-qq', '-e', 'trace=execve', '-e', 'signal=none', '-e', 'status=successful', ...argv];
  const { stderr } = spawnSync('strace', traced, { timeout: 300_000, stdio: ['ignore', 'ignore', 'pipe'] });
  return Math.max(0, (stderr.toString().match(/execve\(/g) ?? []).length - 1);
}

/** Measures all of them `runs` times in turn, after one run each that is not counted. */
export function measureInTurn(contestants: readonly Contestant[], runs: number, count = false): ProcessorRow[] {
  const samples = contestants.map((): ReturnType<typeof sampleOf>[] => []);
  for (let run = -1; run < runs; run += 1)
    for (const [index, contestant] of contestants.entries()) {
      const sample = sampleOf(contestant);
      if (run >= 0) samples[index]?.push(sample);
    }
  return contestants.map((contestant, index) => {
    const of = (key: 'cpuMs' | 'mib' | 'bytes'): number => median((samples[index] ?? []).map((each) => each[key]));
    const processes = count ? processesOf(contestant) : 0;
    return { name: contestant.name, cpuMs: of('cpuMs'), mib: of('mib'), bytes: of('bytes'), processes };
  });
}
