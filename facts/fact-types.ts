/**
 * What a fact is. Values are strings, as the rules of Razor 0.x need them
 * (docs/contracts/razor-0.x.md#what-breaks-a-plausible-agent).
 */

import type { Identity } from './identity/identity-types.ts';
import type { Inventory } from './inventory/inventory.ts';

export interface Fact {
  readonly name: string;
  readonly value: string;
  /** The group that made it: cpu, memory, network … */
  readonly group: string;
  /** The files, or the argv of programs, that it was made from. */
  readonly sources: readonly string[];
  /** The raw text it was taken from, where that is short. */
  readonly raw?: string;
  /** Milliseconds that its group took. */
  readonly durationMs?: number;
  /** Changes by itself (uptime, free memory): never counts as a change of the machine. */
  readonly volatile?: boolean;
}

/** A probe that failed. It lost its own group's facts only. */
export interface ProbeError {
  readonly group: string;
  readonly message: string;
  readonly source?: string;
}

/** The result of one gathering. */
export interface FactSet {
  /** By name, sorted by name. */
  readonly facts: ReadonlyMap<string, Fact>;
  readonly identity: Identity;
  readonly errors: readonly ProbeError[];
  readonly durationMs: number;
  /** What each group took and gave, in the order in which they ran. */
  readonly groups?: readonly { readonly name: string; readonly durationMs: number; readonly facts: number }[];
  /** The structured view of the same reading, with numbers as numbers. */
  readonly inventory?: () => Inventory;
}
