/** Rows of SQLite as typed records. Rows have a null prototype and their columns no types; this is where both end. */
import type { SQLOutputValue, StatementSync } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;

/** A column as text, empty for NULL. */
export const text = (value: SQLOutputValue | undefined): string => String(value ?? '');
/** A column as a number, 0 for NULL. */
export const number = (value: SQLOutputValue | undefined): number => Number(value ?? 0);
/** A column as text, undefined for NULL. */
export const optional = (value: SQLOutputValue | undefined): string | undefined =>
  value == null ? undefined : String(value);
/** A column as a number, undefined for NULL. */
export const optionalNumber = (value: SQLOutputValue | undefined): number | undefined =>
  value == null ? undefined : Number(value);

/** JSON that the lab itself wrote. */
export function parsed<T>(value: SQLOutputValue | undefined): T {
  return JSON.parse(text(value)) as T;
}

/** All rows of a statement. */
export function rows(statement: StatementSync, ...values: (string | number | null)[]): Row[] {
  return statement.all(...values);
}
