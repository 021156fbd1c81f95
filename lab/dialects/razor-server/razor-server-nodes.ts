/**
 * Who a machine is, for razor-server 1.x (docs/contracts/razor-server.md#what-the-server-does-with-it): what the
 * firmware sends at boot and what facts say at the first check-in, compared by the keys of `match_nodes_on`.
 */
import type { LabCore } from '../../lab-core.ts';
import type { MatchKey } from '../../lab-settings.ts';
import { normaliseHwId } from '../../engine/node-lookup.ts';
import type { Facts, NodeRecord } from '../../store/records.ts';

/** What is known of a machine, by kind; values are compared in lower case. */
type HardwareInfo = Readonly<Record<MatchKey, readonly string[]>>;

const MOST = 64;

/** MACs as every dialect of the lab keeps them; other keys carry their name, so that a serial is never taken for a MAC. */
export function matchIds(info: HardwareInfo, keys: readonly MatchKey[]): string[] {
  const ids: string[] = [];
  for (const key of keys) {
    for (const value of info[key])
      ids.push(key === 'mac' ? normaliseHwId(value) : `${key}=${value.trim().toLowerCase()}`);
  }
  return [...new Set(ids)].filter((id) => id !== '' && id.length <= 120).slice(0, MOST);
}

type Query = Readonly<Record<string, string | string[] | undefined>>;

/** `net0=…&serial=…&asset=…&uuid=…` of a boot loader; empty ones are as if they had not been sent. */
export function infoOfQuery(query: Query): HardwareInfo {
  const found: Record<MatchKey, string[]> = { mac: [], serial: [], asset: [], uuid: [] };
  for (const [name, raw] of Object.entries(query)) {
    const value = (Array.isArray(raw) ? raw[0] : raw)?.trim() ?? '';
    const key = /^net\d{1,9}$/.test(name) ? 'mac' : name;
    if (value !== '' && (key === 'mac' || key === 'serial' || key === 'asset' || key === 'uuid'))
      found[key].push(value);
  }
  return found;
}

/** The keys that were sent, for the message of a lookup that has none of the configured ones. */
export function namesOf(info: HardwareInfo): string[] {
  return (Object.keys(info) as MatchKey[]).filter((key) => info[key].length > 0);
}

/**
 * What facts say: every fact whose name begins with `macaddress`, `serialnumber` and `uuid`. Undefined where one of them
 * is no text, which the original dies of.
 */
export function infoOfFacts(facts: Facts): HardwareInfo | undefined {
  const found: Record<MatchKey, string[]> = { mac: [], serial: [], asset: [], uuid: [] };
  for (const [name, value] of Object.entries(facts)) {
    const key = name.startsWith('macaddress')
      ? 'mac'
      : name === 'serialnumber'
        ? 'serial'
        : name === 'uuid'
          ? name
          : undefined;
    if (key === undefined) continue;
    if (typeof value !== 'string') return undefined;
    if (value !== '') found[key].push(value);
  }
  return found;
}

type NodeLookup =
  | { readonly found: NodeRecord }
  /** No key that nodes are matched on was among those sent, or none at all. */
  | { readonly unusable: readonly string[] }
  | { readonly unknown: readonly string[] }
  | { readonly ambiguous: readonly NodeRecord[] };

/** The node with any of these ids. With `registered` only nodes that have sent facts count. */
export function lookup(core: LabCore, info: HardwareInfo, keys: readonly MatchKey[], registered = false): NodeLookup {
  const ids = matchIds(info, keys);
  if (ids.length === 0) return { unusable: namesOf(info) };
  const nodes = core.store.nodes.find(ids).filter((node) => !registered || node.registered !== undefined);
  if (nodes.length > 1) return { ambiguous: nodes };
  return nodes[0] === undefined ? { unknown: ids } : { found: nodes[0] };
}

/** The original's words for it. */
export function unusableMessage(sent: readonly string[], keys: readonly MatchKey[]): string {
  const quoted = (list: readonly string[]): string => `[${list.map((word) => `"${word}"`).join(', ')}]`;
  return `Lookup was given ${quoted(sent)}, none of which are configured as match criteria in match_nodes_on (${quoted(keys)})`;
}
