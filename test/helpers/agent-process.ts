/** The real agent as a process of its own, its events as they come. */
import { rmSync } from 'node:fs';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { RAZOR_MK, WITH_CACHE } from './razor-mk.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface AgentProcess {
  readonly daemon: Daemon;
  readonly events: AgentEvent[];
  /** Lines of standard error. */
  readonly lines: string[];
  readonly stateDir: string;
  /** Resolves when `test` is true of the events; rejects after `ms`, or when the process ends before. */
  until(what: string, test: (events: readonly AgentEvent[]) => boolean, ms?: number): Promise<void>;
  /** SIGTERM, and how long it took until the process was gone. */
  stop(): Promise<number>;
}

export interface ProcessOptions {
  readonly stateDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Leaves the state directory when stopped. */
  readonly keepState?: boolean;
}

export async function agentProcess(args: readonly string[], options: ProcessOptions = {}): Promise<AgentProcess> {
  const stateDir = options.stateDir ?? temporaryDirectory();
  const events: AgentEvent[] = [];
  const lines: string[] = [];
  let look = (): void => undefined;
  const argv = [...RAZOR_MK, 'run', '--events', '--state-dir', stateDir, '--config', '/dev/null', ...args] as const;
  const daemon = await startDaemon(argv, {
    env: { ...WITH_CACHE, ...options.env },
    onLine: (line, stream) => {
      if (stream === 'stderr') lines.push(line);
      else events.push(JSON.parse(line) as AgentEvent);
      look();
    },
  });
  let ended: string | undefined;
  void daemon.exited.then(({ status, signal }) => {
    ended = `status ${status}, signal ${signal}`;
    look();
  });
  return {
    daemon,
    events,
    lines,
    stateDir,
    until: (what, test, ms = 20_000) =>
      new Promise((resolve, reject) => {
        const tail = (): string => `${JSON.stringify(events.slice(-3))}\n${lines.slice(-5).join('\n')}`;
        const poll = setInterval(() => look(), 50);
        const done = (): void => {
          clearTimeout(timer);
          clearInterval(poll);
          look = () => undefined;
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`not within ${ms} ms: ${what}\n${tail()}`));
        }, ms);
        look = () => {
          if (test(events)) {
            done();
            resolve();
          } else if (ended !== undefined) {
            done();
            reject(new Error(`the agent ended (${ended}) before: ${what}\n${tail()}`));
          }
        };
        look();
      }),
    async stop() {
      const started = performance.now();
      await daemon.stop(6000);
      if (options.keepState !== true) rmSync(stateDir, { recursive: true, force: true });
      return performance.now() - started;
    },
  };
}
