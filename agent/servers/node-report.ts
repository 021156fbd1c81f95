/** What a server is told of a machine: its identity, and its facts in the forms that the server's descriptor says. */
import { type Exclusion, type FactSet, factValues, structuredFacts } from '../../facts/facts.ts';
import type { NodeReport } from './dialect.ts';

/** What a descriptor says of the forms. */
export interface FactForms {
  readonly turns?: { readonly structuredFacts?: true } | undefined;
}

/** The facts that are not kept back, flat, and structured where the descriptor says so. */
export function factsOf(
  { turns }: FactForms,
  set: FactSet,
  exclusion: Exclusion,
): Pick<NodeReport, 'facts' | 'structured'> {
  const facts = factValues(set, exclusion);
  if (turns?.structuredFacts !== true) return { facts };
  const structured = Object.entries(structuredFacts(set)).filter(([name]) => !exclusion.excludes(name));
  return { facts, structured: Object.fromEntries(structured) };
}
