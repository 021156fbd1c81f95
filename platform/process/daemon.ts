/** Long-running child processes: started as argv in their own process group, read line by line, always stopped. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { RazorMkError } from '../errors/errors.ts';
import { DEFAULT_PATH } from './run.ts';

export interface DaemonOptions {
  readonly cwd?: string;
  /** Added to PATH, HOME and LANG=C; the whole environment otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Each line of stdout and stderr, without its newline, cut at 64 KiB. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface Daemon {
  readonly argv: readonly string[];
  readonly pid: number;
  /** Resolves when the process ended, however it did. */
  readonly exited: Promise<{ readonly status: number | undefined; readonly signal: NodeJS.Signals | undefined }>;
  /** Writes to its standard input. */
  write(text: string): void;
  /** SIGTERM to the group, SIGKILL after `graceMs` (2,000); resolves when it is gone. May be called twice. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts a program that goes on running. Throws RAZOR_MK_RUN when it cannot be started. */
export async function startDaemon(argv: readonly [string, ...string[]], options: DaemonOptions = {}): Promise<Daemon> {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/',
    env: { PATH: DEFAULT_PATH, HOME: '/', LANG: 'C', LC_ALL: 'C', ...options.env },
    stdio: 'pipe',
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      reject(new RazorMkError('RAZOR_MK_RUN', `cannot start ${program}: ${error.message}`, { cause: error }));
    });
  });
  const pid = child.pid as number;
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[name] }).on('line', (line) => options.onLine?.(line.slice(0, 65_536), name));
  }
  child.stdin.on('error', () => undefined);
  const exited = new Promise<{ status: number | undefined; signal: NodeJS.Signals | undefined }>((resolve) => {
    child.once('exit', (status, signal) => resolve({ status: status ?? undefined, signal: signal ?? undefined }));
  });
  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // gone already
    }
  };
  return {
    argv,
    pid,
    exited,
    write: (text) => void child.stdin.write(text),
    async stop(graceMs = 2000) {
      killGroup('SIGTERM');
      const timer = setTimeout(() => killGroup('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
      killGroup('SIGKILL'); // whoever of the group outlived its leader
    },
  };
}
