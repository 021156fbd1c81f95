/**
 * Where facts come from. Every look at the machine goes through a `Sources`: rooted, capped, remembered. What is
 * remembered is at the same time the recording of which a capture is made (facts/capture/capture.ts). Reads never throw: what
 * is not there is undefined, what failed is in `failures`.
 */
import type { RunOptions, RunResult } from '../../platform/process/run.ts';

/** What the operating system says about itself without a file. Recorded like one. */
export interface OsValues {
  readonly hostname: string;
  /** uname -s, -r, -v, -m. */
  readonly sysname: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  /** Node's own list of addresses (getifaddrs), by interface. */
  readonly addresses: Readonly<Record<string, readonly OsAddress[]>>;
  /** IANA name of the time zone. */
  readonly timezone: string;
  /** Name of the user that asked. */
  readonly user: string;
  readonly path: string;
}

export interface OsAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly address: string;
  readonly netmask: string;
  readonly internal: boolean;
}

/** Of a file system, in bytes. */
export interface FileSystemSpace {
  readonly size: number;
  readonly free: number;
  /** Free for users other than root. */
  readonly available: number;
}

/** A read that failed in a way that is worth telling: EIO, a time limit, a file that is no file. */
export interface SourceFailure {
  readonly path: string;
  /** errno, `TIMEOUT`, `NOT_A_FILE` or `PARTIAL`. */
  readonly code: string;
}

/** Options of a recorded command: how it is run where it is run. */
export type CommandOptions = Pick<RunOptions, 'timeoutMs' | 'outputLimit' | 'signal'>;

export interface Sources {
  /** The running machine, an unpacked tree, or a capture. */
  readonly kind: 'live' | 'tree' | 'capture';
  /** `/`, the directory of the tree, or the name of the capture; for people. */
  readonly root: string;
  /** The whole text of a file (UTF-8 where valid, else Latin-1), at most `limit` bytes (1 MiB). Undefined where it cannot be read. */
  text(path: string, limit?: number): string | undefined;
  /** The first line, trimmed; undefined where the file cannot be read or the line is empty. */
  line(path: string): string | undefined;
  /** The first line as a decimal or 0x… integer; undefined where it is none. */
  int(path: string): number | undefined;
  bytes(path: string, limit?: number): Buffer | undefined;
  /** The names in a directory, sorted by code unit; empty where there is none. */
  list(path: string): readonly string[];
  exists(path: string): boolean;
  /** The text of a symbolic link. */
  link(path: string): string | undefined;
  /** The last part of a symbolic link's text: the driver's or the subsystem's name. */
  linkName(path: string): string | undefined;
  /** The path with every link resolved, as the machine itself would say it. */
  real(path: string): string | undefined;
  /**
   * Reads files that a driver may answer slowly, or never (NIC speed, firmware tables of devices), off the main thread
   * and within a time limit; afterwards `text` and the others find them. Such files are not read otherwise.
   */
  prefetch(paths: readonly string[]): Promise<void>;
  /** Runs a program (platform/process/run.ts); on a tree nothing is run and the failure is `not-found`. */
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<RunResult>;
  os(): OsValues;
  /** How full the file system of a directory is; undefined on a tree, and where it cannot be asked. */
  space(path: string): FileSystemSpace | undefined;
  /** A text of ours that is no file of the machine, such as a lookup in pci.ids: recorded, so that a replay needs no such list. */
  lookup(name: string, make: () => string | undefined): string | undefined;
  readonly failures: readonly SourceFailure[];
  /** Paths that exist and may not be read by this user. */
  readonly denied: readonly string[];
  /** The same machine with nothing remembered: one for each gathering. */
  fresh(): Sources;
}
