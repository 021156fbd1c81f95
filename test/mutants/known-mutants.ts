/** Mutants that are killed by name. The first seventeen once survived every test of the project; the others are near them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './operators.ts';

export interface KnownMutant {
  readonly name: string;
  readonly file: string;
  /** Text that stands once in the file, and what it becomes. */
  readonly from: string;
  readonly to: string;
}

export const KNOWN: readonly KnownMutant[] = [];

/** Finds the mutant's place. Throws an Error where the text is not there once: the list must follow the code. */
export function locate(root: string, known: KnownMutant): { readonly name: string; readonly mutant: Mutant } {
  const { name, file, from, to } = known;
  const text = readFileSync(join(root, file), 'utf8');
  const start = text.indexOf(from);
  if (start < 0 || text.includes(from, start + 1)) throw new Error(`${name}: "${from}" does not stand once in ${file}`);
  return { name, mutant: { file, start, end: start + from.length, replacement: to, operator: name } };
}
