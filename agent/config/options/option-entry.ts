/** What the table of settings says of one setting. Types only. */
import type { Kind } from '../kinds.ts';

/** A setting whose value is a `T`. */
export interface OptionEntry<T> {
  readonly default: T;
  readonly kind: Kind;
  /** What a server pushes under this name; checked by `pushedKind` where JSON is stricter than text. */
  readonly pushed?: string;
  readonly pushedKind?: Kind;
  /** Where else it can be set; everywhere by default. The names are derived: see names.ts. */
  readonly places?: readonly ('option' | 'kernel' | 'environment' | 'file')[];
  /** What stands for the value in help: `SECONDS`. */
  readonly value: string;
  readonly meaning: string;
}
