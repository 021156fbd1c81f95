/**
 * What the agent says while it works. `razor-mk run --events` prints each as one JSON line on standard output, with
 * `at` (wall time, ISO 8601) and `sinceMs` (milliseconds since the start of the process) added.
 */
import type { DiscoveryStep } from '../discovery/candidate.ts';

export type AgentEvent =
  | { event: 'started'; version: string; dialect: string; live: boolean; stateDir: string }
  /** A step of the boot of a live node. */
  | { event: 'step'; name: string; state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped'; note: string }
  /** The sign that people wait for on the console, before the first turn. */
  | { event: 'loaded'; version: string }
  /** A server address was found: the first candidate, how it was found, and every step. */
  | {
      event: 'discovered';
      server: string;
      source: string;
      candidates: readonly string[];
      steps: readonly DiscoveryStep[];
    }
  /** Facts were gathered. `errors` are probes that failed. */
  | { event: 'collected'; facts: number; durationMs: number; errors: number; nodeId: string; note?: string }
  /** A check-in was answered; `asked` is false where the dialect decided by itself and no server was asked (Foreman). */
  | {
      event: 'checkin';
      server: string;
      firstCheckin: boolean;
      command: string;
      durationMs: number;
      turn: number;
      /** Why, in the server's words. */
      reason?: string;
      asked?: false;
    }
  /** What the reply means, before it is carried out. */
  | { event: 'command'; name: string; known: boolean; destructive: boolean; plan: readonly string[] }
  /** A command was not carried out: why, and what a person can do. The turn counts, for the server answered. */
  | { event: 'command-failed'; name: string; message: string; remedy: string }
  /** The facts were accepted. `reason` is why they were sent. */
  | { event: 'registered'; facts: number; reason: string; notes: readonly string[]; durationMs: number }
  /** Pushed configuration: what was taken over and what was refused, key by key. */
  | {
      event: 'config';
      applied: readonly { key: string; from: unknown; to: unknown }[];
      refused: readonly { key: string; value: string; reason: string }[];
    }
  /** Pushed configuration was given up for the last good one. */
  | { event: 'config-rollback'; reason: string }
  /** Something listens for orders: where, and whom it answers. */
  | { event: 'listening'; url: string; to: readonly string[] }
  /** The machine goes down; the last word of it. */
  | { event: 'leaving'; what: string; server: string }
  /** A change of the machine: done with --live, only told without. */
  | { event: 'would' | 'did'; what: string }
  /** Ironic or Foreman took what was gathered; `node` where it said which node that is. */
  | { event: 'reported'; server: string; facts: number; node?: string; durationMs: number }
  /** Ironic knows this node and may command it through `callback`. */
  | { event: 'serving'; server: string; node: string; callback: string }
  /** A sign of life that the server took. */
  | { event: 'heartbeat'; server: string; node: string; durationMs: number }
  | { event: 'waiting'; ms: number; reason: string }
  | { event: 'warning'; message: string }
  | { event: 'error'; code: string; message: string; remedy: string }
  | { event: 'stopped'; reason: string; turns: number };

export type Emit = (event: AgentEvent) => void;
