/**
 * What `run` hands to a server that has no turns: everything it needs, so that a test can run it without a process, and
 * nothing that only one of them knows.
 */
import type { FactSet } from '../../facts/fact-types.ts';
import type { Settings } from '../config/settings.ts';
import type { ListDisks } from '../disks/disks.ts';
import type { FileClient } from '../http/file-client.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { DeploySource } from './ironic-2014/parameters/deploy-source.ts';

export interface JobOptions extends Runtime {
  /** A line for the console, whatever the log level. */
  readonly say: (line: string) => void;
  /** The kernel line; words of virtual media's parameters are at its end, so that they win. */
  readonly kernel: CommandLine;
  /** The kernel line and the virtual media apart. Undefined where somebody but `run` starts the job. */
  readonly source?: DeploySource | undefined;
  readonly settings: Settings;
  /** Gathers the facts anew. Never throws. */
  readonly collect: () => Promise<FactSet>;
  /** The machine's whole disks; those of /sys where undefined. A dry agent may be given a file that stands for them. */
  readonly listDisks?: ListDisks | undefined;
  /** A capture of this machine (gzipped tar), for people who look into a failure. */
  readonly capture: () => Promise<Buffer>;
  /** Resolves when the cards with a link were listened on for LLDP; at the latest after so long. At once where nobody listens. */
  readonly neighboursHeard?: ((timeoutMs: number) => Promise<void>) | undefined;
  /** Private to this agent; files in it survive its restart, not the machine's. */
  readonly stateDir: string;
  /** Where the agent's own log files are. */
  readonly logDir: string;
  /**
   * A client for one server, with the trust that the settings ask for. `insecure` leaves the certificate unchecked where no
   * pin is set. Throws RAZOR_MK_TRUST.
   */
  readonly openHttp: (url: string, trust?: { readonly insecure?: boolean }) => Promise<HttpClient>;
  /** A client for files of any host, whose checksums came from the server: nothing that is the server's alone goes with it. */
  readonly openFiles: (trust: { readonly insecure: boolean }) => Promise<FileClient>;
}

/** Does the job until it is stopped; resolves to the exit status of `run`. */
export type Job = (options: JobOptions) => Promise<number>;
