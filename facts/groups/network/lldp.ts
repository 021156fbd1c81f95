/**
 * Neighbours on the wire. Listening needs a raw socket, which Node has not: an lldpd or lldpad that runs is asked, under `--all`;
 * without either the fact `mk_lldp` says so.
 */
import { factName } from '../format.ts';
import type { Group, GroupContext } from '../group.ts';
import { readNics } from './nics.ts';

interface Neighbour {
  readonly interface: string;
  readonly system: string | undefined;
  readonly chassis: string | undefined;
  readonly port: string | undefined;
  readonly vlan: string | undefined;
}

/** The output of `lldpctl -f keyvalue`: `lldp.eth0.chassis.name=switch1`. Never throws; at most 512 interfaces. */
export function parseLldpctl(text: string): Neighbour[] {
  const found = new Map<string, Map<string, string>>();
  for (const line of text.split('\n', 50_000)) {
    const match = /^lldp\.([A-Za-z0-9_.:-]{1,32}?)\.((?:chassis|port|vlan)\.[a-z0-9.-]{1,60})=(.{0,500})$/.exec(line);
    if (!match || (found.size >= 512 && !found.has(match[1] as string))) continue;
    const one = found.get(match[1] as string) ?? new Map<string, string>();
    found.set(match[1] as string, one);
    if (!one.has(match[2] as string)) one.set(match[2] as string, (match[3] as string).trim());
  }
  return [...found].map(([name, one]) => ({
    interface: name,
    system: one.get('chassis.name'),
    chassis: one.get('chassis.mac') ?? one.get('chassis.local'),
    port: one.get('port.ifname') ?? one.get('port.local') ?? one.get('port.mac') ?? one.get('port.descr'),
    vlan: one.get('vlan.vlan-id'),
  }));
}

/** The output of `lldptool -t -n -i IF`: a line for each TLV, its value indented under it. */
export function parseLldptool(name: string, text: string): Neighbour | undefined {
  const value = (title: string): string | undefined =>
    new RegExp(`^${title} TLV\\n\\s+(?:[A-Za-z ]+: )?(.{1,255})$`, 'm').exec(text)?.[1]?.trim();
  const chassis = value('Chassis ID');
  const port = value('Port ID');
  if (chassis === undefined && port === undefined) return undefined;
  const vlan = /^Port VLAN ID TLV\n\s+PVID: (\d{1,4})$/m.exec(text)?.[1];
  return { interface: name, system: value('System Name'), chassis, port, vlan };
}

async function ask({ sources, signal }: GroupContext): Promise<readonly [Neighbour[], string] | undefined> {
  const options = { timeoutMs: 5000, ...(signal ? { signal } : {}) };
  const lldpctl = await sources.run(['lldpctl', '-f', 'keyvalue'], options);
  if (lldpctl.status === 0) return [parseLldpctl(lldpctl.stdout.toString('utf8')), 'lldpctl -f keyvalue'];
  const found: Neighbour[] = [];
  for (const nic of readNics(sources)
    .filter((one) => one.hasDevice && one.up)
    .slice(0, 64)) {
    const result = await sources.run(['lldptool', '-t', '-n', '-i', nic.name], options);
    if (result.failure === 'not-found') return undefined;
    const neighbour = result.status === 0 ? parseLldptool(nic.name, result.stdout.toString('utf8')) : undefined;
    if (neighbour) found.push(neighbour);
  }
  return [found, 'lldptool -t -n -i IF'];
}

export const lldpGroup: Group = {
  name: 'lldp',
  async collect(context) {
    if (!context.all) return;
    const answer = await ask(context);
    if (!answer) {
      context.add('mk_lldp', 'not known: neither lldpd nor lldpad runs here', ['lldpctl', 'lldptool']);
      return;
    }
    const [neighbours, source] = answer;
    context.add('mk_lldp', `${neighbours.length} neighbours`, source);
    for (const one of neighbours) {
      const name = `mk_lldp_${factName(one.interface)}`;
      context.add(`${name}_system`, one.system, source);
      context.add(`${name}_chassis`, one.chassis, source);
      context.add(`${name}_port`, one.port, source);
      context.add(`${name}_vlan`, one.vlan, source);
    }
  },
};
