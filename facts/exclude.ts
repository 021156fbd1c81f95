/** The server's pattern of facts that are not to be sent: the original's are Ruby's, and mean here what they mean there. */
import { messageOf, RazorMkError } from '../platform/errors/errors.ts';
import { compileRubyPattern } from '../platform/ruby/ruby-pattern.ts';
import { DEFAULT_EXCLUSION } from './default-exclusion.ts';

export { DEFAULT_EXCLUSION } from './default-exclusion.ts';

export interface Exclusion {
  readonly pattern: string;
  /** Whether the fact of this name is kept back. */
  excludes(name: string): boolean;
}

const LONGEST = 8192;

/**
 * Compiles a pattern in Ruby's spelling. Throws RAZOR_MK_PATTERN for what a linear-time engine cannot do or would read
 * otherwise (platform/ruby/ruby-pattern.ts), for what is no pattern, and beyond 8,192 characters.
 */
export function compileExclusion(pattern: string): Exclusion {
  if (pattern.length > LONGEST) {
    throw new RazorMkError(
      'RAZOR_MK_PATTERN',
      `the exclusion pattern has ${pattern.length} characters, at most ${LONGEST}`,
    );
  }
  // ours, and what nearly every server pushes: known to be harmless on the engine that is here already
  if (pattern === DEFAULT_EXCLUSION) {
    const known = new RegExp(pattern);
    return { pattern, excludes: remembered((name) => known.test(name)) };
  }
  let matches: (name: string) => boolean;
  try {
    matches = compileRubyPattern(pattern).test;
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_PATTERN', `the exclusion pattern cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { pattern, excludes: remembered(matches) };
}

const MOST_REMEMBERED = 20_000;

/** The same names come with every gathering. */
function remembered(excludes: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const answer = excludes(name);
    if (known.size < MOST_REMEMBERED) known.set(name, answer);
    return answer;
  };
}
