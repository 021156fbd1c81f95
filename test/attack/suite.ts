/** What every suite of attacks is given, and what it reports: how much was tried, and what did not hold. */

export interface Scale {
  /** Of the full count that is tried: 1, or less for the short form. */
  readonly share: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface Row {
  /** What was attacked, in words. */
  readonly what: string;
  readonly tried: number;
  /** What did not hold, in words; the inputs are not printed whole. */
  readonly failed: readonly string[];
  /** Why none of it was tried here. */
  readonly skipped?: string;
  /** Further figures: memory, times, statuses. */
  readonly note?: string;
}

export type Suite = (scale: Scale) => Promise<readonly Row[]>;

/** So many of a full count, at least `least`. */
export function counted({ share }: Scale, full: number, least = 1): number {
  return Math.max(least, Math.round(full * share));
}

/** What an action that must not fail in an unexpected way says when it does. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n').slice(0, 3).join(' | ');
}
