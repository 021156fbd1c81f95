/**
 * Neighbours on the wire, as the agent heard them. Where it did not listen, an lldpd or lldpad that runs is asked, under `--all`;
 * without either the fact `mk_lldp` says so.
 */
import { factName } from '../format.ts';
import type { Group, GroupContext } from '../group.ts';
import { parseLldpctl, parseLldptool } from './neighbours/lldpctl.ts';
import type { Neighbour } from './neighbours/neighbour-types.ts';
import { readNeighbours } from './neighbours/neighbours.ts';
import { readNics } from './nics.ts';

async function ask({ sources, signal }: GroupContext): Promise<readonly Neighbour[] | undefined> {
  const options = { timeoutMs: 5000, ...(signal ? { signal } : {}) };
  const lldpctl = await sources.run(['lldpctl', '-f', 'keyvalue'], options);
  if (lldpctl.status === 0) return parseLldpctl(lldpctl.stdout.toString('utf8'));
  const found: Neighbour[] = [];
  for (const nic of readNics(sources)
    .filter((one) => one.hasDevice && one.up)
    .slice(0, 64)) {
    const result = await sources.run(['lldptool', '-t', '-n', '-i', nic.name], options);
    if (result.failure === 'not-found') return undefined;
    const neighbour = result.status === 0 ? parseLldptool(nic.name, result.stdout.toString('utf8')) : undefined;
    if (neighbour) found.push(neighbour);
  }
  return found;
}

export const lldpGroup: Group = {
  name: 'lldp',
  async collect(context) {
    const { sources, add, all } = context;
    const heard = readNeighbours(sources);
    const neighbours = heard.length > 0 || !all ? heard : await ask(context);
    if (neighbours === undefined) {
      add('mk_lldp', 'not known: nobody listened, and neither lldpd nor lldpad runs here', ['lldpctl', 'lldptool']);
      return;
    }
    const [first] = neighbours;
    if (first !== undefined || all)
      add(
        'mk_lldp',
        neighbours.length === 1 ? '1 neighbour' : `${neighbours.length} neighbours`,
        first?.from ?? 'lldpctl -f keyvalue',
      );
    const done = new Set<string>();
    for (const one of neighbours) {
      // a card has one cable: of several on it the first counts
      if (done.has(one.interface)) continue;
      done.add(one.interface);
      addNeighbour(context, one);
    }
  },
};

function addNeighbour({ add }: GroupContext, one: Neighbour): void {
  const name = `mk_lldp_${factName(one.interface)}`;
  add(`${name}_system`, one.system, one.from);
  add(`${name}_system_description`, one.systemDescription, one.from);
  add(`${name}_chassis`, one.chassis?.text, one.from);
  add(`${name}_port`, one.port?.text, one.from);
  add(`${name}_port_description`, one.portDescription, one.from);
  add(`${name}_vlan`, one.vlan, one.from);
  add(`${name}_mtu`, one.mtu, one.from);
  add(`${name}_address`, one.addresses[0], one.from);
  add(`${name}_protocol`, one.protocol, one.from);
}
