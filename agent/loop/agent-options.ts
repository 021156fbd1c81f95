/** What the agent is started with, and what others may ask of it. Types only. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import type { CommandRegistry } from '../commands/command-registry.ts';
import type { PushedMap, PushRefusal } from '../config/pushed.ts';
import type { Resolved, Settings } from '../config/settings.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { ServerService, TurnServer } from '../servers/server.ts';
import type { StateStore } from '../state/state-store.ts';
import type { AgentHooks } from './hooks.ts';

export interface AgentOptions {
  readonly store: StateStore;
  readonly commands: CommandRegistry;
  /** Which kind of server is asked. */
  readonly descriptor: TurnServer;
  readonly kernel: CommandLine;
  /** What runs beside the turns for this server. */
  readonly service?: ServerService | undefined;
  /** Gathers the facts anew, by the settings of that moment. */
  readonly collect: (settings: Settings) => Promise<FactSet>;
  /** The settings, with a pushed map in its place of the order. */
  readonly settings: (pushed: PushedMap) => Resolved;
  /** Finds servers; those in `unanswered` were tried in vain. */
  readonly discover: (settings: Settings, signal: AbortSignal, unanswered: ReadonlySet<string>) => Promise<Discovery>;
  readonly httpFor: (settings: Settings, server: Candidate) => Promise<HttpClient>;
  readonly hooks?: AgentHooks;
  /** What the rest of the node has to report in the fact razor_mk_errors. */
  readonly extraErrors?: () => readonly string[];
  /** Facts about this agent itself, for servers that give commands. */
  readonly ownFacts?: () => Readonly<Record<string, string>>;
  /** Ends after so many turns; never by default. */
  readonly turns?: number;
  /** Ends after a turn whose command has one of these names. */
  readonly stopAfter?: readonly string[];
}

/** What others in this process may ask of a running agent. */
export interface AgentControl {
  /** Pushed through the local interface: examined and applied like a server's. */
  offerConfig(map: PushedMap): { readonly changed: boolean; readonly refused: readonly PushRefusal[] };
  /** Ends the present wait. */
  wake(): void;
  /** The next turn gathers the facts anew. */
  expireFacts(): void;
  readonly settings: Resolved;
}

/** How the agent ended. */
export interface AgentEnd {
  /** Turns that were taken. */
  readonly turns: number;
  /** Those of them that the server answered. */
  readonly answered: number;
  /** What the last turn failed with; undefined after an answer. */
  readonly error: unknown;
}
