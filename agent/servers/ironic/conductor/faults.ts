/**
 * What Ironic means by an error. Its bodies hold JSON inside a string of JSON, in two shapes, and inspector a third
 * (docs/contracts/ironic.md#common-rules).
 */
import { cleanText, parseBounded } from '../../../http/bounded-json.ts';

/** The message for people in an error's body; the cut text of anything else. */
export function faultOf(body: string): string {
  return cleanText(find(parse(body), 0) ?? body, 500);
}

function find(value: unknown, depth: number): string | undefined {
  if (depth > 4) return undefined;
  if (typeof value === 'string') {
    const inner = /^\s*[{[]/.test(value) ? parse(value) : undefined;
    return inner === undefined ? value : (find(inner, depth + 1) ?? value);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const map = value as Record<string, unknown>;
  for (const key of ['error_message', 'faultstring', 'description', 'title', 'message', 'error', 'detail']) {
    const found = key in map && map[key] !== '' ? find(map[key], depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function parse(text: string): unknown {
  const value = parseBounded(text);
  return value instanceof Error ? undefined : value;
}
