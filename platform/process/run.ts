/** Programs are run as argv, never through a shell, with a time limit, an output cap and a clean environment. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { withUmask } from './umask.ts';

export interface RunOptions {
  /** Milliseconds until the whole process group is killed; 30,000 by default. */
  readonly timeoutMs?: number;
  /** Bytes of stdout and of stderr that are kept (each); the program is killed when it prints more. 8 MiB by default. */
  readonly outputLimit?: number;
  /** An iterable is read as fast as the program takes it. */
  readonly input?: string | Uint8Array | Iterable<Uint8Array>;
  /** Whether stdout is in the result, bounded by outputLimit; true by default. Otherwise only `onStdout` sees it. */
  readonly keepStdout?: boolean;
  readonly cwd?: string;
  /** Added to PATH, HOME and LANG=C, the whole environment otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** File mode mask of the program; that of this process otherwise. */
  readonly umask?: number;
  /** Each piece of stdout as it comes, for progress; it is in the result too. */
  readonly onStdout?: (piece: Buffer) => void;
}

export interface RunResult {
  readonly argv: readonly string[];
  /** Exit status, or undefined when it was killed or could not be started. */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why there is no proper result: not found, timed out, printed too much, aborted. */
  readonly failure: 'not-found' | 'not-started' | 'timeout' | 'output-limit' | 'aborted' | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly durationMs: number;
}

/** Where programs are looked for. The agent's own PATH is not trusted. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs one program to its end. Never throws: what went wrong is in the result. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const started = performance.now();
  const limit = options.outputLimit ?? 8 * 1024 * 1024;
  const [program, ...args] = argv;
  const child = withUmask(options.umask, () =>
    spawn(program, args, {
      cwd: options.cwd ?? '/',
      env: { PATH: DEFAULT_PATH, HOME: '/', LANG: 'C', LC_ALL: 'C', ...options.env },
      stdio: 'pipe',
      detached: true, // its own process group, so that what it starts is killed with it
    }),
  );
  let failure: RunResult['failure'];
  const kill = (why: NonNullable<RunResult['failure']>): void => {
    failure ??= why;
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // gone already
    }
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      if (size >= limit) return;
      chunks.push(chunk.subarray(0, limit - size));
      size += chunk.length;
      if (size > limit) kill('output-limit');
    });
    return chunks;
  };
  const stdout = options.keepStdout === false ? [] : collect(child.stdout);
  if (options.onStdout) child.stdout.on('data', options.onStdout);
  const stderr = collect(child.stderr);
  child.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code === 'ENOENT' ? 'not-found' : 'not-started';
  });
  child.stdin.on('error', () => undefined); // EPIPE of a program that does not read
  feed(child.stdin, options.input);
  const timer = setTimeout(() => kill('timeout'), options.timeoutMs ?? 30_000);
  const abort = (): void => kill('aborted');
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted === true) abort();
  const [status, signal] = await ended(child);
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', abort);
  return {
    argv,
    status: failure === undefined ? (status ?? undefined) : undefined,
    signal: signal ?? undefined,
    failure,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr),
    durationMs: performance.now() - started,
  };
}

function feed(stdin: Writable, input: RunOptions['input']): void {
  if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) return void stdin.end(input);
  // loaded here: most runs start no program
  const source = process.getBuiltinModule('node:stream').Readable.from(input, { objectMode: false });
  source.on('error', () => stdin.destroy());
  stdin.on('close', () => source.destroy());
  source.pipe(stdin);
}

type Ending = readonly [number | null, NodeJS.Signals | null];

/** How long a program's output may last after its own end. */
const LINGER_MS = 1000;

/**
 * Resolves when the program has ended and its pipes are closed. What it left running may hold them open for as long as it
 * lives: that is not waited for, and what it prints goes nowhere (closing the pipes would kill it at its next line).
 */
function ended(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', () => resolve([null, null]));
    child.once('close', (...how: Ending) => resolve(how));
    child.once('exit', (...how: Ending) => {
      const leave = (): void => {
        for (const stream of [child.stdout, child.stderr]) {
          stream.removeAllListeners('data').resume();
          (stream as Socket).unref();
        }
        resolve(how);
      };
      // what is in the pipes already is read between a timer and an immediate
      const timer = setTimeout(() => setImmediate(leave), LINGER_MS);
      child.once('close', () => clearTimeout(timer));
    });
  });
}
