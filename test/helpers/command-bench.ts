/** What a command is run with in tests: a system that records programs instead of running them, and never reboots. */
import { EventEmitter, once } from 'node:events';
import type { CommandRequest } from '../../agent/commands/command-handler.ts';
import type { Runtime } from '../../agent/loop/runtime.ts';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { openStateStore } from '../../agent/state/state-store.ts';
import { createLog } from '../../platform/log/log.ts';
import { run, type RunResult } from '../../platform/process/run.ts';
import { createSystem, type System } from '../../platform/system.ts';
import { machine } from './agent-parts.ts';
import { fakeClock } from './fake-clock.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface Bench {
  readonly runtime: Runtime;
  readonly request: CommandRequest;
  readonly lines: string[];
  readonly events: AgentEvent[];
  /** The argv of every program that was asked for, in order. */
  readonly programs: string[][];
  /** Resolves when so many programs were asked for. */
  readonly ran: (count: number) => Promise<void>;
  /** The time limit of each, in milliseconds; undefined where none was named. */
  readonly limits: (number | undefined)[];
  readonly dir: string;
}

/** A runtime whose system is live for the programs named in `real`, records all the others, and never reboots. */
export async function bench(
  param: unknown = {},
  options: {
    real?: RegExp;
    status?: (argv: readonly string[]) => number;
    failure?: RunResult['failure'];
    /** What every program writes to its standard error. */
    stderr?: string;
  } = {},
): Promise<Bench> {
  const dir = temporaryDirectory();
  const lines: string[] = [];
  const events: AgentEvent[] = [];
  const programs: string[][] = [];
  const asked = new EventEmitter();
  const record = (argv: readonly string[]): void => {
    programs.push([...argv]);
    asked.emit('program');
  };
  const ran = async (count: number): Promise<void> => {
    while (programs.length < count) await once(asked, 'program');
  };
  const limits: (number | undefined)[] = [];
  const log = createLog({ people: (line, level) => lines.push(`${level}: ${line}`) });
  const dry = createSystem({ live: false, log });
  const nothing = Buffer.alloc(0);
  const system: System = {
    ...dry,
    live: true,
    changes: dry.changes,
    async run(_what, argv, runOptions) {
      record(argv);
      limits.push(runOptions?.timeoutMs);
      if (options.real?.test(argv[0])) return await run(argv, runOptions);
      const status = options.status?.(argv) ?? 0;
      return {
        argv,
        status: options.failure === undefined ? status : undefined,
        signal: undefined,
        failure: options.failure,
        stdout: nothing,
        stderr: Buffer.from(options.stderr ?? 'no'),
        durationMs: 0,
      };
    },
    change: async (_, action) => await action(),
    reboot: () => Promise.resolve(record(['reboot'])),
    poweroff: () => Promise.resolve(record(['poweroff'])),
  };
  const runtime = {
    clock: fakeClock(),
    log,
    emit: (event: AgentEvent) => void events.push(event),
    system,
    signal: new AbortController().signal,
  };
  const request = {
    param,
    dialect: { serverUrl: 'http://10.0.0.1:8026' } as CommandRequest['dialect'],
    facts: machine(),
    store: await openStateStore(dir),
    register: () => Promise.resolve(),
  };
  return { runtime, request, lines, events, programs, ran, limits, dir };
}
