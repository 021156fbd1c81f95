/**
 * The only place where the machine is changed. The live system does it; the dry one, which is the default of every
 * verb, logs what would be done and does nothing. No other file starts a program that changes the machine,
 * and none writes outside the agent's own state directory.
 */
import { sync } from './process/sync.ts';
import type { Log } from './log/log.ts';
import { messageOf } from './errors/errors.ts';
import { replaceFile } from './files.ts';
import { run, type RunOptions, type RunResult } from './process/run.ts';

interface SystemChange {
  /** In words, after "would": `reboot`, `set the host name to mk525400123456`. */
  readonly what: string;
  readonly done: boolean;
}

export interface System {
  /** False in the dry twin. */
  readonly live: boolean;
  /** What was changed, or would have been, in order. At most the last 200. */
  readonly changes: readonly SystemChange[];
  /** Runs a program that changes the machine. Dry: nothing is started and the result is status 0 with no output. */
  run(what: string, argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** Replaces a file of the machine (not of our state directory). Dry: nothing is written. Throws RAZOR_MK_FILE_UNWRITABLE. */
  write(what: string, path: string, content: string, mode?: number): void;
  /** Any other change, as a function. Dry: the function is not called and the result is undefined. */
  change<T>(what: string, action: () => T | Promise<T>): Promise<T | undefined>;
  /** Flushes file systems and restarts the machine. */
  reboot(reason: string): Promise<void>;
  /** Flushes file systems and turns the machine off. */
  poweroff(reason: string): Promise<void>;
}

const HISTORY = 200;

/** The system: `live` changes the machine, otherwise each change is only logged as what would be done. */
export function createSystem(options: { readonly live: boolean; readonly log: Log }): System {
  const { live, log } = options;
  const changes: SystemChange[] = [];
  const note = (what: string): void => {
    changes.push({ what, done: live });
    if (changes.length > HISTORY) changes.shift();
    log.info(live ? what : `would ${what} (dry run; --live does it)`);
  };
  const system: System = {
    live,
    changes,
    async run(what, argv, runOptions) {
      note(what);
      if (live) return await run(argv, runOptions);
      const nothing = Buffer.alloc(0);
      return {
        argv,
        status: 0,
        signal: undefined,
        failure: undefined,
        stdout: nothing,
        stderr: nothing,
        durationMs: 0,
      };
    },
    write(what, path, content, mode) {
      note(what);
      if (live) replaceFile(path, content, mode);
    },
    async change(what, action) {
      note(what);
      return live ? await action() : undefined;
    },
    reboot: (reason) => end('reboot', ['reboot', '-f'], reason),
    poweroff: (reason) => end('poweroff', ['poweroff', '-f'], reason),
  };

  async function end(what: string, argv: readonly [string, ...string[]], reason: string): Promise<void> {
    if (live) await sync().catch((error: unknown) => log.warn(`sync failed: ${messageOf(error)}`));
    const result = await system.run(`${what} (${reason})`, argv, { timeoutMs: 60_000 });
    if (result.status !== 0) log.error(`${argv.join(' ')} failed: ${result.failure ?? `status ${result.status}`}`);
  }
  return system;
}
