/**
 * Which columns hold secrets, and in which form: a text as it is sealed, JSON as `{"sealed": "rmk1.…"}`, so that `jsonb` takes it.
 * Everything in these columns is sealed, whatever it looks like: no name has to be recognised as that of a secret.
 */
import { isRecord } from '../../listeners/request-body.ts';

/** Seals and opens for one place. */
export interface Seals {
  seal(text: string, place: string): string;
  /** Throws RAZOR_MK_LAB_SECRETS. */
  open(sealed: string, place: string): string;
}

/** A column of a table that has `id` and `uuid`. */
export interface SealedColumn {
  readonly table: 'model' | 'active_model' | 'broker';
  readonly column: string;
  readonly kind: 'text' | 'json';
  /** The member of the JSON that is sealed; all of it without. */
  readonly member?: string;
}

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'model', column: 'metadata', kind: 'json' },
  { table: 'active_model', column: 'model', kind: 'json', member: 'metadata' },
  { table: 'broker', column: 'url', kind: 'text' },
  { table: 'broker', column: 'secret', kind: 'text' },
];

/** What a value is bound to. */
export function placeOf(table: string, column: string, uuid: string): string {
  return `${table}.${column}:${uuid}`;
}

/** JSON with a sealed value in its place, as a value. */
export function sealedJson(value: unknown, place: string, seals: Seals): { readonly sealed: string } {
  return { sealed: seals.seal(JSON.stringify(value), place) };
}

/** The value again. Throws RAZOR_MK_LAB_SECRETS. */
export function openedJson<T>(stored: unknown, place: string, seals: Seals): T {
  const sealed = isRecord(stored) ? stored['sealed'] : undefined;
  return JSON.parse(seals.open(typeof sealed === 'string' ? sealed : '', place)) as T;
}

/** A stored value, sealed anew: one in the clear where `from` is undefined. */
export function resealed(
  { table, column, kind, member }: SealedColumn,
  row: { readonly uuid: string; readonly stored: string },
  { from, to }: { readonly from: Seals | undefined; readonly to: Seals },
): string {
  const place = placeOf(table, column, row.uuid);
  if (kind === 'text') return to.seal(from ? from.open(row.stored, place) : row.stored, place);
  const whole = JSON.parse(row.stored) as Record<string, unknown>;
  const inner = member === undefined ? whole : whole[member];
  const sealed = sealedJson(from ? openedJson(inner, place, from) : inner, place, to);
  return JSON.stringify(member === undefined ? sealed : { ...whole, [member]: sealed });
}

/** The sealed text in a stored value. */
export function sealedIn({ kind, member }: SealedColumn, stored: string): string {
  if (kind === 'text') return stored;
  const whole = JSON.parse(stored) as Record<string, unknown>;
  const inner = member === undefined ? whole : whole[member];
  return isRecord(inner) ? String(inner['sealed']) : '';
}
