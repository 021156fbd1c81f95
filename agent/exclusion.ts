/** The exclusion pattern, compiled once for as long as it stays the same. */
import { compileExclusion, DEFAULT_EXCLUSION, type Exclusion } from '../facts/index.ts';

/** `pattern` is the setting; empty stands for the original's. */
export function createExclusions(): (pattern: string) => Exclusion {
  let last: Exclusion | undefined;
  return (pattern) => {
    const wanted = pattern || DEFAULT_EXCLUSION;
    if (last?.pattern !== wanted) last = compileExclusion(wanted);
    return last;
  };
}
