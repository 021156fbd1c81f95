/** Facts by name. */
import { RazorMkError } from '../platform/errors/errors.ts';
import { didYouMean } from '../platform/near-names.ts';
import type { Fact, FactSet } from './fact-types.ts';

/** The fact, or RAZOR_MK_NO_FACT with names that are near. */
export function findFact(set: FactSet, name: string): Fact {
  const fact = set.facts.get(name);
  if (fact) return fact;
  throw new RazorMkError('RAZOR_MK_NO_FACT', `this machine has no fact ${name}${didYouMean(name, set.facts.keys())}`);
}
