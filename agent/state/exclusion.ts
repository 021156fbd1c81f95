/** The exclusion pattern, compiled once for as long as it stays the same. */
import { compileExclusion, DEFAULT_EXCLUSION, type Exclusion } from '../../facts/facts.ts';

/** What a descriptor says of it. */
interface ExclusionRule {
  readonly turns?: { readonly exclusion?: string } | undefined;
}

/**
 * The pattern that counts: `pattern` is the setting, as somebody set or a server pushed it; where it is empty, the server's own.
 * Empty for servers that filter by themselves.
 */
export function exclusionPattern(pattern: string, { turns }: ExclusionRule): string {
  if (pattern !== '') return pattern;
  return turns === undefined ? DEFAULT_EXCLUSION : (turns.exclusion ?? '');
}

const NO_EXCLUSION: Exclusion = { pattern: '', excludes: () => false };

/** The same, compiled. Throws RAZOR_MK_PATTERN for a pattern that cannot be used. */
export function exclusionOf(pattern: string, rule: ExclusionRule): Exclusion {
  const wanted = exclusionPattern(pattern, rule);
  return wanted === '' ? NO_EXCLUSION : compileExclusion(wanted);
}

/** Compiles what `exclusionOf` says of a setting, anew only when that changed. */
export function createExclusions(rule: ExclusionRule): (pattern: string) => Exclusion {
  let last: Exclusion | undefined;
  return (pattern) => {
    if (last?.pattern !== exclusionPattern(pattern, rule)) last = exclusionOf(pattern, rule);
    return last;
  };
}
