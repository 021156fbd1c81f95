/**
 * The devices at the other end of the cables. The agent listens to them and leaves what it heard in files
 * (agent/network/neighbours/listen.ts), so that everybody who reads the machine finds it, and captures hold it.
 */
import { oncePer } from '../../../sources/recording.ts';
import { byNumberedName } from '../../format.ts';
import { parseLldpctl } from './lldpctl.ts';
import { parseNeighbourFrame } from './neighbour-frame.ts';
import type { Neighbour } from './neighbour-types.ts';
import { readPcap } from './pcap.ts';

/** Where the agent leaves what it heard: `eth0.pcap`, or what lldpd told it. Not called razor: many servers are, and a redacted capture renames those. */
export const NEIGHBOUR_DIR = '/run/lldp-neighbours';
export const PCAP = '.pcap';
/** The path of such a file. */
export const PCAP_FILE = /^\/run\/lldp-neighbours\/[^/]+\.pcap$/;
/** The output of `lldpctl -f keyvalue`, where the kernel has no means to listen. */
export const LLDPCTL_FILE = `${NEIGHBOUR_DIR}/lldpctl.txt`;

const MOST_CARDS = 512;

/** Every neighbour, by card; on each LLDP's before CDP's, then by MAC. Empty where nobody listened, or nobody spoke. */
export const readNeighbours = oncePer((sources): readonly Neighbour[] => {
  const names = sources.list(NEIGHBOUR_DIR);
  const heard = names
    .filter((name) => name.endsWith(PCAP))
    .slice(0, MOST_CARDS)
    .flatMap((name) => {
      const from = `${NEIGHBOUR_DIR}/${name}`;
      return neighboursIn(sources.bytes(from) ?? Buffer.alloc(0), name.slice(0, -PCAP.length), from);
    });
  if (heard.length > 0 || !names.includes('lldpctl.txt')) return heard.sort(inOrder);
  return parseLldpctl(sources.text(LLDPCTL_FILE) ?? '', LLDPCTL_FILE).sort(inOrder);
});

/** A later frame of the same sender takes the place of an earlier one; one without a lifetime takes it away. */
export function neighboursIn(file: Buffer, name: string, from: string): Neighbour[] {
  const found = new Map<string, Neighbour>();
  for (const frame of readPcap(file)) {
    const parsed = parseNeighbourFrame(frame);
    if (parsed === undefined) continue;
    const { source, neighbour } = parsed;
    const key = `${neighbour.protocol} ${source}`;
    if (neighbour.ttl === 0) found.delete(key);
    else found.set(key, { ...neighbour, interface: name, source, from });
  }
  return [...found.values()];
}

function inOrder(a: Neighbour, b: Neighbour): number {
  if (a.interface !== b.interface) return byNumberedName(a.interface, b.interface);
  if (a.protocol !== b.protocol) return a.protocol === 'lldp' ? -1 : 1;
  return (a.source ?? '') < (b.source ?? '') ? -1 : 1;
}
