/** The primitives under a `Sources`: what a machine, a tree or a capture answers, without memory. */
import type { RunResult } from '../../platform/process/run.ts';
import type { CommandOptions, FileSystemSpace, OsValues } from './sources.ts';

/** A read's outcome: bytes, or why not (errno, `TIMEOUT`, `NOT_A_FILE`); `PARTIAL` with bytes when it broke off. */
export interface ReadOutcome {
  readonly bytes?: Buffer;
  readonly code?: string;
}

export interface Origin {
  readonly kind: 'live' | 'tree' | 'capture';
  readonly root: string;
  read(path: string, limit: number): ReadOutcome;
  /** Undefined where there is no such directory. */
  list(path: string): readonly string[] | undefined;
  exists(path: string): boolean;
  link(path: string): string | undefined;
  real(path: string): string | undefined;
  /** Like `read`, off the main thread, within a time limit. */
  readSlow(path: string, limit: number): Promise<ReadOutcome>;
  run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<RunResult>;
  os(): OsValues;
  /** Absent where no file system can be asked. */
  readonly space?: (path: string) => FileSystemSpace | undefined;
  lookup(name: string, make: () => string | undefined): string | undefined;
}
