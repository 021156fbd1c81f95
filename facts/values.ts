/** What is sent of a gathering, and what of it counts as a change. */
import type { Exclusion } from './exclude.ts';
import type { FactSet } from './fact-types.ts';

/** Fact values by name, without those that the server's pattern keeps back. */
export function factValues(set: FactSet, exclusion?: Exclusion): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, value } of set.facts.values()) if (!(exclusion?.excludes(name) ?? false)) values[name] = value;
  return values;
}

/**
 * The names whose values differ, sorted. Facts that change by themselves (free memory, uptime) never count; of a plain
 * record of values they are known by their names.
 */
export function changedFacts(
  before: Readonly<Record<string, string>>,
  after: FactSet | Readonly<Record<string, string>>,
): string[] {
  const set = isFactSet(after) ? after : undefined;
  const values = set ? factValues(set) : (after as Readonly<Record<string, string>>);
  const changed: string[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(values)])) {
    if (before[name] === values[name]) continue;
    if (isVolatileName(name) || set?.facts.get(name)?.volatile === true) continue;
    // a pattern that keeps a fact back from one side only is no change of the machine
    changed.push(name);
  }
  return changed.sort();
}

function isFactSet(value: FactSet | Readonly<Record<string, string>>): value is FactSet {
  return value.facts instanceof Map;
}

/** What the agent says of itself beside the machine's facts, and only a running agent knows: razor_mk_errors and the like. */
export function isOwnFact(name: string): boolean {
  return name.startsWith('razor_mk_');
}

/** Facts that are no change of the machine, by name: for values that were stored without their facts. */
export function isVolatileName(name: string): boolean {
  if (isOwnFact(name)) return true;
  return /^(uptime(_.*)?|memoryfree(_mb)?|swapfree(_mb)?|mk_nic_.*_(carrier|speed)|mk_numa_node\d+_memory_mb|mk_ib_.*_(state|rate))$/.test(
    name,
  );
}
