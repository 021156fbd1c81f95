/** What a group of facts is: a pure reader of sources that adds facts. One file a subject. */
import type { IdentityChoice } from '../identity/identity-types.ts';
import type { Sources } from '../sources/sources.ts';
import type { BmcMemory } from './system/bmc-memory.ts';

interface FactDetails {
  /** The text that the value was taken from. */
  readonly raw?: string | undefined;
  /** Changes by itself: never counts as a change of the machine. */
  readonly volatile?: boolean;
  /** Blanks at its end are part of it. */
  readonly exact?: boolean;
}

/** Adds a fact. Nothing is added for undefined, null and the empty text: such a fact is absent, as in Facter. */
export type AddFact = (
  name: string,
  value: string | number | boolean | undefined | null,
  sources: string | readonly string[],
  details?: FactDetails,
) => void;

export interface GroupContext {
  readonly sources: Sources;
  readonly add: AddFact;
  /** The value of a fact that an earlier group made. */
  readonly get: (name: string) => string | undefined;
  /** Also what costs time or starts programs. */
  readonly all: boolean;
  /** How the mk_hw_* facts are made. */
  readonly hardware: 'native' | 'lshw';
  /** Interfaces taken into the id, or left out, against the rules. */
  readonly identityChoice: IdentityChoice;
  /** What the management processor answered, where it is asked; undefined where it is asked only with `all`. */
  readonly bmc: BmcMemory | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Group {
  readonly name: string;
  /** Files of this group that only `prefetch` may read; they are read before all groups. */
  readonly slow?: (sources: Sources) => readonly string[];
  readonly collect: (context: GroupContext) => void | Promise<void>;
}
