/**
 * A network namespace without a name, together with a process namespace whose first process dies with us (pdeathsig): the
 * kernel then ends everything in it, so that nothing is left behind, not even after a crash or kill -9.
 */
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { startDaemon, type Daemon, type DaemonOptions } from '../../platform/process/daemon.ts';
import { errnoOf, RazorMkError } from '../../platform/errors/errors.ts';
import { run, type RunResult } from '../../platform/process/run.ts';

export interface Namespace {
  /** Pid of the first process inside: `nsenter -t PID -n -p PROGRAM` goes in. */
  readonly pid: number;
  /** argv that runs a program inside. */
  inside(argv: readonly [string, ...string[]]): [string, ...string[]];
  /** Runs a program inside to its end; a failure throws RAZOR_MK_RUN. */
  must(argv: readonly [string, ...string[]]): Promise<RunResult>;
  /** Starts a long-running program inside; it is stopped with the namespace. */
  start(argv: readonly [string, ...string[]], options?: DaemonOptions): Promise<Daemon>;
  close(): Promise<void>;
}

/** Dies when its parent does. */
const BOUND_TO_US: readonly [string, ...string[]] = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** Makes a namespace with its loopback up. Throws RAZOR_MK_VM where that is not allowed. */
export async function createNamespace(): Promise<Namespace> {
  const root = process.getuid?.() === 0;
  const unshare = ['unshare', ...(root ? [] : ['-r']), '--net', '--pid', '--fork', '--kill-child'];
  const holder = await startDaemon([...BOUND_TO_US, ...unshare, 'sleep', 'infinity']);
  const first = await firstProcess(holder);
  if (first === undefined) {
    await holder.stop();
    throw new RazorMkError('RAZOR_MK_VM', 'this user may not make network namespaces');
  }
  const user = root ? [] : ['--user', '--preserve-credentials'];
  const inside = (argv: readonly string[]): [string, ...string[]] => [
    ...(['nsenter', '--target', String(first), ...user, '--net', '--pid'] as [string, ...string[]]),
    ...argv,
  ];
  const daemons: Daemon[] = [];
  const namespace: Namespace = {
    pid: first,
    inside,
    async must(argv) {
      const result = await run(inside(argv), { timeoutMs: 30_000 });
      if (result.status !== 0) {
        const why = result.stderr.toString().trim() || result.failure || `status ${String(result.status)}`;
        throw new RazorMkError('RAZOR_MK_RUN', `${argv.join(' ')}: ${why}`);
      }
      return result;
    },
    async start(argv, options) {
      const daemon = await startDaemon([...BOUND_TO_US, ...inside(argv)], options);
      daemons.push(daemon);
      return daemon;
    },
    async close() {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      await holder.stop(100);
    },
  };
  await namespace.must(['ip', 'link', 'set', 'lo', 'up']);
  return namespace;
}

/** Throws RAZOR_MK_VM where this user may not make tap devices, which machines in a namespace need. */
export function needTaps(device = '/dev/net/tun'): void {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch (error) {
    const why = errnoOf(error) === 'EACCES' ? `this user may not open ${device}` : `there is no ${device}`;
    throw new RazorMkError('RAZOR_MK_VM', `${why}, which machines in a network namespace need`);
  }
}

/** The process that the holder forked into its namespaces, or undefined when it did not within 5 s. */
async function firstProcess(holder: Daemon): Promise<number | undefined> {
  const deadline = performance.now() + 5000;
  let gone = false;
  void holder.exited.then(() => (gone = true));
  while (performance.now() < deadline && !gone) {
    const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').catch(() => '');
    const pid = Number.parseInt(children, 10);
    // before it is `sleep` it has not asked yet to die with its parent (unshare --kill-child)
    const name = pid > 0 ? await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '') : '';
    if (name.trim() === 'sleep') return pid;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return undefined;
}
