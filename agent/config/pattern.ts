/** Patterns for fact names: Ruby's, on a linear-time engine, so that none can take exponential time. */
import { compileExclusion } from '../../facts/facts.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Kind } from './kinds.ts';

/** A pattern that compiles (facts/exclude.ts says what is refused). */
export const pattern: Kind = (written) => {
  if (typeof written !== 'string') return { wrong: 'is not text' };
  try {
    compileExclusion(written);
    return { value: written };
  } catch (error) {
    return { wrong: `is not a valid pattern: ${messageOf(error)}` };
  }
};
