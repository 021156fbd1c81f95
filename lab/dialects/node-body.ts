/** A node in the form that Razor 0.x and Hanlon share. */
import type { LabCore } from '../lab-core.ts';
import type { NodeRecord } from '../store/records.ts';
import { statusOf } from '../engine/decide.ts';

/** A node as the originals print it; only the name of its class differs between them. */
export function nodeBody(core: LabCore, node: NodeRecord, classname: string): Record<string, unknown> {
  return {
    '@uuid': node.uuid,
    '@version': node.version,
    '@classname': classname,
    '@is_template': false,
    '@noun': 'node',
    '@dhcp_mac': node.dhcpMac ?? null,
    '@hw_id': core.store.nodes.hwIds(node.id),
    '@attributes_hash': core.store.nodes.facts(node.id),
    '@tags': core.tags(node).map((match) => match.tag),
    '@status': statusOf(core, node),
    '@timestamp': Math.floor(node.contact / 1000),
    '@last_state': node.lastState ?? null,
  };
}
