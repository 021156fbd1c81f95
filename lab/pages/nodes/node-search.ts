/** Which nodes a search and a state name: all of them are looked at, a few at a time, so that nodes are answered in between. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LabCore } from '../../lab-core.ts';
import type { NodeRecord } from '../../store/records.ts';
import { idText, nodeName, stateView } from '../node-state.ts';

/** Nodes that are looked at in one go. */
const SLICE = 100;

/** What a list is narrowed to; empty for everything. */
export interface NodeFilter {
  /** A part of an id, a name, a tag, a fact or the metadata. */
  readonly search: string;
  /** A word of `stateView`. */
  readonly state: string;
}

/** Whether it narrows anything. */
export function isNarrow({ search, state }: NodeFilter): boolean {
  return search !== '' || state !== '';
}

/** The address of a list, which others can be sent. */
export function filterQuery({ search, state }: NodeFilter, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({ ...(search !== '' && { q: search }), ...(state !== '' && { state }), ...more });
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** The nodes that a filter names, in order of creation. */
export async function findNodes(core: LabCore, filter: NodeFilter): Promise<readonly NodeRecord[]> {
  const { nodes } = core.store;
  const found: NodeRecord[] = [];
  let slice = nodes.after(0, SLICE);
  while (slice.length > 0) {
    const last = slice.at(-1)?.id ?? 0;
    const stored = filter.search === '' ? undefined : storedMatches(core, filter.search, slice[0]?.id ?? 0, last);
    for (const node of slice) if (fits(core, node, filter, stored)) found.push(node);
    await nextTurn();
    slice = nodes.after(last, SLICE);
  }
  return found;
}

/** Those of a slice that the database finds, by the word as it is and as a part of a MAC without its separators. */
function storedMatches({ store }: LabCore, search: string, first: number, last: number): ReadonlySet<number> {
  const bare = search.replaceAll(/[:.-]/g, '');
  const ofMac = bare !== search && /^[0-9a-f]{2,}$/i.test(bare);
  return new Set([
    ...store.nodes.containing(search, first, last),
    ...(ofMac ? store.nodes.containing(bare, first, last) : []),
  ]);
}

function fits(
  core: LabCore,
  node: NodeRecord,
  { search, state }: NodeFilter,
  stored: ReadonlySet<number> | undefined,
): boolean {
  if (state !== '' && stateView(core, node, core.store.activeModels.ofNode(node.id)).word !== state) return false;
  if (stored === undefined || stored.has(node.id)) return true;
  const word = search.toLowerCase();
  const ids = core.store.nodes.hwIds(node.id);
  // a name that nobody told, and a MAC as people write it
  if (ids.some((id) => idText(id).toLowerCase().includes(word))) return true;
  if (/^mk[0-9a-f]*$/.test(word) && nodeName(core.store.nodes.facts(node.id), ids).includes(word)) return true;
  return core.tags(node).some(({ tag }) => tag.toLowerCase().includes(word));
}
