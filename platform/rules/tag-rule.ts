/** Rules of tags as people write them and stores keep them. */

/** One condition on a fact. */
export interface TagMatcher {
  readonly key: string;
  readonly compare: 'equal' | 'like';
  readonly value: string;
  readonly inverse: boolean;
}

/** A tag is given when every matcher holds; a rule without matchers gives none. */
export interface TagRule {
  readonly uuid: string;
  readonly name: string;
  /** May hold `%V=fact-%` and `%R=pattern:fact-%`. */
  readonly tag: string;
  readonly matchers: readonly TagMatcher[];
  /** A rule in razor-server's language (./tag-expression.ts), in place of matchers. */
  readonly rule?: readonly unknown[] | undefined;
}
