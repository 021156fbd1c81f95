/** What the agent tells about itself: the answer of the status socket, and what the status page and the metrics are made of. */
import type { DiscoveryStep } from '../discovery/candidate.ts';

export interface BootStep {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  readonly note: string;
}

export interface Problem {
  /** ISO 8601. */
  readonly at: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** How often it came in a row. */
  readonly times: number;
}

export interface ConfigValue {
  readonly name: string;
  /** As text; secrets are redacted. */
  readonly value: string;
  readonly from: string;
}

export interface StatusSnapshot {
  readonly version: string;
  readonly pid: number;
  readonly live: boolean;
  readonly dialect: string;
  readonly hostname: string;
  readonly nodeId: string | undefined;
  readonly stateDir: string;
  /** The log file, where there is one. */
  readonly logFile?: string | undefined;
  /** Port on 127.0.0.1 of health, metrics and setMkConfig; undefined when it could not be had. */
  readonly controlPort: number | undefined;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptimeS: number;
  /** In words: what the agent is doing now. */
  readonly state: string;
  /** False when nothing has happened for too long. */
  readonly healthy: boolean;
  readonly boot: readonly BootStep[];
  readonly server:
    | {
        readonly url: string;
        readonly source: string;
        readonly candidates: readonly string[];
        readonly steps: readonly DiscoveryStep[];
      }
    | undefined;
  readonly turns: {
    readonly count: number;
    readonly good: number;
    readonly failed: number;
    readonly failedInARow: number;
    readonly registers: number;
    /** The last answered check-in. */
    readonly last:
      | {
          readonly at: string;
          readonly command: string;
          readonly durationMs: number;
          /** Why, in the server's words; undefined where it gave none. */
          readonly reason?: string | undefined;
        }
      | undefined;
    readonly next: { readonly inMs: number; readonly reason: string } | undefined;
  };
  /** Of servers without check-ins (Ironic, Foreman); undefined for others, and before anything was exchanged. */
  readonly service:
    | {
        /** When the server took what was gathered. */
        readonly reportedAt: string | undefined;
        /** Where this agent takes commands. */
        readonly callback: string | undefined;
        readonly heartbeats: number;
        readonly heartbeatAt: string | undefined;
      }
    | undefined;
  readonly command:
    | {
        readonly name: string;
        readonly known: boolean;
        readonly at: string;
        readonly plan: readonly string[];
        readonly times: number;
      }
    | undefined;
  /** Names of commands that the server asked for and this agent does not know. */
  readonly unknownCommands: readonly string[];
  readonly holding: string | undefined;
  readonly facts: { readonly count: number; readonly probeErrors: number; readonly at: string } | undefined;
  readonly config: readonly ConfigValue[];
  /** Newest last. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly { readonly at: string; readonly message: string; readonly times: number }[];
  readonly changes: readonly { readonly what: string; readonly done: boolean }[];
  readonly process: { readonly rssBytes: number; readonly heapBytes: number; readonly cpuSeconds: number };
  /** Counters for the metrics, by name and label. */
  readonly counters: {
    readonly commands: Readonly<Record<string, number>>;
    readonly errors: Readonly<Record<string, number>>;
    readonly checkinSeconds: { readonly count: number; readonly sum: number };
    readonly logLinesLost: number;
    readonly syslogLinesDropped: number;
  };
}
