/** The exclusion pattern, compiled once for as long as it stays the same. */
import { compileExclusion, DEFAULT_EXCLUSION, type Exclusion } from '../../facts/facts.ts';

/** The pattern that counts: `pattern` is the setting; empty stands for the original's. */
export function exclusionPattern(pattern: string): string {
  return pattern || DEFAULT_EXCLUSION;
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
