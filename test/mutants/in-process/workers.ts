/** Processes in which mutants meet test files; one that hangs or has grown is replaced. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Task } from './main.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

export interface Worker {
  /** Does a task; undefined when it does not end in `limitMs`, or takes its process with it. */
  work(task: Task, limitMs: number): Promise<Answer | undefined>;
  /** Ends the process; the next task starts another. */
  stop(): void;
}

/** A worker for the tree `root`, a copy of `untouched`, with the environment `env`. */
export function startWorker(root: string, untouched: string, env: Readonly<Record<string, string>>): Worker {
  let child: ChildProcess | undefined;
  const stop = (): void => {
    child?.kill('SIGKILL');
    child = undefined;
  };
  return {
    stop,
    work: (task, limitMs) =>
      new Promise((resolve) => {
        child ??= fork(MAIN, [untouched], {
          cwd: root,
          execArgv: [],
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
          env,
        });
        const mine = child;
        const end = (answer: Answer | undefined): void => {
          clearTimeout(timer);
          mine.removeAllListeners();
          mine.once('exit', () => {
            if (child === mine) child = undefined;
          });
          if (answer === undefined) stop();
          resolve(answer);
        };
        const timer = setTimeout(() => end(undefined), limitMs);
        mine.on('message', (answer: Answer) => end(answer));
        mine.once('exit', () => end(undefined));
        mine.send(task);
      }),
  };
}
