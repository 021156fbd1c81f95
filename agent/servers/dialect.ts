/** The exchanges of one kind of server. One file a dialect; the agent knows this interface only. */
import type { StructuredFacts } from '../../facts/facts.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';

/** What the node reports about itself. */
export interface NodeReport {
  readonly identity: Identity;
  /** Fact values by name, after exclusion. */
  readonly facts: Readonly<Record<string, string>>;
  /** Facter 4's structured facts, for servers that are sent them, after exclusion by their top names. */
  readonly structured?: StructuredFacts;
  readonly firstCheckin: boolean;
  /** `idle`, always, in the originals. */
  readonly lastState: string;
}

/** A command of the server: `acknowledge`, `register`, `reboot`, `poweroff`, or any name the server knows. */
export interface ServerCommand {
  readonly name: string;
  readonly param: unknown;
}

/** A check-in's reply, parsed and bounded. */
export interface CheckinReply {
  readonly command: ServerCommand;
  /** The pushed configuration as it came, not validated yet; undefined where the dialect has none or the reply had none. */
  readonly clientConfig: Readonly<Record<string, unknown>> | undefined;
  /** Why, in the server's words; undefined where it gives none. */
  readonly reason?: string | undefined;
}

/** A request as it would go out, for --dry-run and for tests. */
export interface RequestPreview {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** What had to be left out and why (facts dropped for size), in words. */
  readonly notes: readonly string[];
}

/**
 * The exchanges of one dialect with one server. Failures throw RazorMkError: RAZOR_MK_HTTP (retry), RAZOR_MK_REPLY
 * (not a reply of this dialect) or RAZOR_MK_REFUSED (the server's own error).
 */
export interface Dialect {
  /** The address in use, for status and logs. */
  readonly serverUrl: string;
  /** The id that this dialect sends for a machine. Throws RAZOR_MK_NO_IDENTITY. */
  nodeId(identity: Identity): string;
  previewCheckin(report: NodeReport): RequestPreview;
  /** Undefined where the dialect has no register of its own (razor-server: the first check-in registers). */
  previewRegister(report: NodeReport): RequestPreview | undefined;
  checkin(report: NodeReport, signal?: AbortSignal): Promise<CheckinReply>;
  /** Resolves when the server accepted. The notes say what was left out. Does nothing where the dialect has no register. */
  register(report: NodeReport, signal?: AbortSignal): Promise<readonly string[]>;
  /** Puts a line into the server's own log of this node, where it keeps one (razor-server: /svc/log). */
  logToServer?(severity: 'info' | 'warn' | 'error', message: string, signal?: AbortSignal): Promise<void>;
}
