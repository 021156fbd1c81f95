/** What the contract of the stores is tried on. */
import type { Store } from '../../lab/store/store.ts';

/** A store of a test's own. */
export interface Opened {
  readonly store: Store;
  /** Ends it and opens what it had written. */
  again(): Promise<Store>;
  /** The keys of its secrets. */
  readonly keyFile: string;
  /** All bytes that are on the disk, as Latin-1. */
  content(): Promise<string>;
}

export const MADE = { dialect: 'razor', at: 1000, allowed: true };
export const MODEL = { label: 'm', template: 'ubuntu_jammy', image: undefined, metadata: { root_password: 'x' } };

/** A model at work on a node. */
export function binding(node: number) {
  const model = { ...MODEL, uuid: 'M' };
  return { node, policy: 'P', policyLabel: 'p', model, broker: undefined, state: 'init', bound: 7 };
}
