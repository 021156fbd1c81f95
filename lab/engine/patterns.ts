/** Patterns that people and nodes send, on an engine of linear time. */
import { RE2JS } from 're2js';

const MOST_KEPT = 1000;
const patterns = new Map<string, RE2JS | undefined>();

/** A compiled pattern (RE2 syntax), kept; undefined for an invalid one. */
export function compilePattern(source: string): RE2JS | undefined {
  if (!patterns.has(source)) {
    if (patterns.size > MOST_KEPT) patterns.clear();
    let compiled: RE2JS | undefined;
    try {
      compiled = RE2JS.compile(source);
    } catch {
      compiled = undefined;
    }
    patterns.set(source, compiled);
  }
  return patterns.get(source);
}
