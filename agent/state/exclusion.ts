/** The exclusion pattern, compiled once for as long as it stays the same. */
import { compileExclusion, DEFAULT_EXCLUSION, type Exclusion } from '../../facts/facts.ts';

/** The pattern that counts: `pattern` is the setting; empty stands for the original's. */
export function exclusionPattern(pattern: string): string {
  return pattern || DEFAULT_EXCLUSION;
}

/** For servers that filter facts by themselves. */
export const NO_EXCLUSION: Exclusion = { pattern: '', excludes: () => false };

/** What a verb by hand keeps back: `pattern` is the setting, `filtersFacts` the server's. */
export function exclusionOf(pattern: string, filtersFacts: boolean): Exclusion {
  return filtersFacts && pattern === '' ? NO_EXCLUSION : compileExclusion(exclusionPattern(pattern));
}

/** Compiles what `exclusionPattern` says of a setting. */
export function createExclusions(): (pattern: string) => Exclusion {
  let last: Exclusion | undefined;
  return (pattern) => {
    const wanted = exclusionPattern(pattern);
    if (last?.pattern !== wanted) last = compileExclusion(wanted);
    return last;
  };
}
