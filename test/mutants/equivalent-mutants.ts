/** Mutants that no test can kill, because the program does the same with them; each with the reason. */
import type { Mutant } from './operators.ts';

interface Equivalent {
  readonly file: string;
  /** The line of the mutant, without its indentation. */
  readonly line: string;
  readonly operator: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly Equivalent[] = [];

/** Whether the mutant is in the list; `text` is its whole file. */
export function isEquivalent(mutant: Mutant, text: string): boolean {
  const from = text.lastIndexOf('\n', mutant.start) + 1;
  const line = text.slice(from).split('\n', 1)[0]?.trim();
  return EQUIVALENT.some((one) => one.file === mutant.file && one.operator === mutant.operator && one.line === line);
}
