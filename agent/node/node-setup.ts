/** What a verb has read once and made ready: what the node, the agent and the jobs are built from. Types only. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { RazorMkError } from '../../platform/errors/errors.ts';
import type { PushedMap } from '../config/pushed.ts';
import type { Resolved, Settings } from '../config/settings.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { FileClient } from '../http/file-client.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import type { ServerDescriptor } from '../servers/server.ts';

export interface NodeSetup {
  /** The kernel line, with the words of virtual media at its end. */
  readonly kernel: CommandLine;
  /** Its text. */
  readonly kernelLine: string;
  /** Which kind of server the node is given to, and why. */
  readonly descriptor: ServerDescriptor;
  readonly descriptorReason: string;
  /** Why that could not be decided; `descriptor` is then the default one. */
  readonly undecided: RazorMkError | undefined;
  /** The settings with a pushed map in its place. */
  readonly settings: (pushed: PushedMap) => Resolved;
  /** Finds servers; those in `unanswered` were tried in vain. Throws RAZOR_MK_NO_SERVER. */
  readonly discover: (settings: Settings, signal: AbortSignal, unanswered?: ReadonlySet<string>) => Promise<Discovery>;
  /** A client for one server, with the trust of the settings. Throws RAZOR_MK_TRUST. */
  readonly httpFor: (settings: Settings, server: Candidate) => Promise<HttpClient>;
  /** A client for one URL; `insecure` leaves certificates unchecked where none is pinned. Throws RAZOR_MK_TRUST. */
  readonly openHttp: (settings: Settings, url: string, insecure: boolean) => Promise<HttpClient>;
  /** A client for lists and files of any host (agent/http/tls/trust.ts): token and client certificate stay at home. */
  readonly openFiles: (
    settings: Settings,
    trust: { readonly insecure?: boolean; readonly pinOrAuthority?: boolean },
  ) => Promise<HttpClient & FileClient>;
  /** Gathers the facts anew; `env` is for the site's own programs. Never throws. */
  readonly collect: (
    settings: Settings,
    signal?: AbortSignal,
    env?: Readonly<Record<string, string>>,
  ) => Promise<FactSet>;
  /** A capture of the same sources, gzipped tar. */
  readonly capture: (settings: Settings, signal?: AbortSignal) => Promise<Buffer>;
}
