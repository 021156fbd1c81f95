/**
 * JSON between SQLite's text and PostgreSQL's `jsonb`. `jsonb` refuses U+0000 and halves of surrogate pairs, which hardware does
 * report: a value with one of them becomes a `jsonb` string that holds the JSON text, `(facts #>> '{}')::json` in SQL.
 */

const REFUSED = /\\u0000|\\ud[89a-f]/i;

/** JSON text as `jsonb` takes it. */
export function toJsonb(json: string): string {
  return REFUSED.test(json) ? JSON.stringify(json) : json;
}

/** The JSON text of a `jsonb` value; the lab itself never stores a string there. */
export function fromJsonb(jsonb: string): string {
  return jsonb.startsWith('"') ? (JSON.parse(jsonb) as string) : jsonb;
}

/** Text as PostgreSQL takes it: it has no U+0000, and UTF-8 no halves of surrogate pairs. */
export function toText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}
