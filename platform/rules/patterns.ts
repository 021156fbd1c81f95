/** Patterns that people and nodes send: Ruby's, on an engine of linear time. */
import { messageOf } from '../errors/errors.ts';
import { compileRubyPattern, type RubyPattern } from '../ruby/ruby-pattern.ts';

const MOST_KEPT = 1000;
const patterns = new Map<string, RubyPattern | string>();

/** A compiled pattern of Ruby's, kept; or why it cannot be used, in words. */
export function compilePattern(source: string): RubyPattern | string {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  if (patterns.size > MOST_KEPT) patterns.clear();
  let compiled: RubyPattern | string;
  try {
    compiled = compileRubyPattern(source);
  } catch (error) {
    compiled = messageOf(error);
  }
  patterns.set(source, compiled);
  return compiled;
}
