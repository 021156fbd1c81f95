/** What an answer must be, compared in words: the first difference is thrown as an error. */
import { isDeepStrictEqual } from 'node:util';
import type { Exchange } from './relay.ts';

type Json = Readonly<Record<string, unknown>>;

/** Throws `what: SEEN instead of EXPECTED` where the two differ. */
export function mustBe(what: string, seen: unknown, expected: unknown): void {
  if (isDeepStrictEqual(seen, expected)) return;
  throw new Error(`${what}: ${shown(seen)} instead of ${shown(expected)}`);
}

/** Throws where something of `expected` is not in `seen`; more may be there. */
export function mustHold(what: string, seen: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((each) => !seen.includes(each));
  if (missing.length > 0) throw new Error(`${what}: ${missing.join(', ')} missing in ${shown(seen)}`);
}

/** The body as an object. Throws for anything else. */
export function objectOf(exchange: Exchange): Json {
  try {
    const value: unknown = JSON.parse(exchange.body);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // told below
  }
  throw new Error(`${exchange.method} ${pathOf(exchange)}: the body is not a JSON object: ${shown(exchange.body)}`);
}

/** A value inside, as an object; empty where it is none. */
export function within(value: Json, key: string): Json {
  const inner = value[key];
  return typeof inner === 'object' && inner !== null ? (inner as Json) : {};
}

/** The path of a request, without its query. */
export function pathOf({ url }: Pick<Exchange, 'url'>): string {
  return url.split('?')[0] ?? '';
}

/** Texts of a list that came as JSON. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
