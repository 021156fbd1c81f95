/** Which node a set of ids means, where several nodes have some of them. Pure. */
import type { NodeRecord } from './records.ts';

/**
 * The nodes that share at least one of `hwIds`: the one that shares most first, then the one seen last. `ownersOf` gives
 * the numbers of the nodes that have an id, `byId` the node of a number.
 */
export function rankNodes<T extends NodeRecord>(
  hwIds: readonly string[],
  ownersOf: (hwId: string) => number | readonly number[],
  byId: (id: number) => T | undefined,
): readonly T[] {
  const shared = new Map<number, number>();
  for (const hwId of new Set(hwIds)) {
    for (const id of [ownersOf(hwId)].flat()) shared.set(id, (shared.get(id) ?? 0) + 1);
  }
  const found = [...shared.keys()].map(byId).filter((node) => node !== undefined);
  if (found.length < 2) return found;
  return found.sort((a, b) => (shared.get(b.id) ?? 0) - (shared.get(a.id) ?? 0) || b.contact - a.contact);
}
