/** What programs print that have listened to neighbours themselves: lldpd's lldpctl, and lldptool of Open-LLDP. Pure. */
import type { Neighbour, NeighbourFrame } from './neighbour-types.ts';

type Kind = NonNullable<NeighbourFrame['chassis']>['kind'];

const KINDS: readonly (readonly [word: string, kind: Kind])[] = [
  ['mac', 'mac'],
  ['ifname', 'name'],
  ['local', 'local'],
  ['ip', 'address'],
  ['ifalias', 'alias'],
];

const NOTHING = {
  source: undefined,
  protocol: 'lldp',
  ttl: undefined,
  systemDescription: undefined,
  portDescription: undefined,
  mtu: undefined,
  addresses: [],
  tlvs: [],
} as const;

/** The output of `lldpctl -f keyvalue`: `lldp.eth0.chassis.name=switch1`. Never throws; at most 512 interfaces. */
export function parseLldpctl(text: string, from = 'lldpctl -f keyvalue'): Neighbour[] {
  const found = new Map<string, Map<string, string>>();
  for (const line of text.split('\n', 50_000)) {
    const match = /^lldp\.([A-Za-z0-9_.:-]{1,32}?)\.(via|(?:chassis|port|vlan)\.[a-z0-9.-]{1,60})=(.{0,500})$/.exec(
      line,
    );
    if (!match || (found.size >= 512 && !found.has(match[1] as string))) continue;
    const [, name = '', key = '', value = ''] = match;
    const one = found.get(name) ?? new Map<string, string>();
    found.set(name, one);
    // of several VLANs the one that untagged frames are in
    if (key === 'vlan.vlan-id') one.set('last vlan', value.trim());
    if (key === 'vlan.pvid' && value.trim() === 'yes') one.set('vlan.vlan-id', one.get('last vlan') ?? '');
    if (!one.has(key)) one.set(key, value.trim());
  }
  return [...found].map(([name, one]) => ofLldpctl(name, one, from));
}

function ofLldpctl(name: string, one: ReadonlyMap<string, string>, from: string): Neighbour {
  const id = (part: 'chassis' | 'port'): NeighbourFrame['chassis'] => {
    const [word, kind] = KINDS.find(([each]) => one.has(`${part}.${each}`)) ?? [];
    return kind === undefined ? undefined : { kind, text: one.get(`${part}.${word ?? ''}`) ?? '' };
  };
  const description = one.get('port.descr');
  return {
    ...NOTHING,
    interface: name,
    protocol: /^CDP/.test(one.get('via') ?? '') ? 'cdp' : 'lldp',
    from,
    system: one.get('chassis.name'),
    systemDescription: one.get('chassis.descr'),
    chassis: id('chassis'),
    port: id('port') ?? (description === undefined ? undefined : { kind: 'other', text: description }),
    portDescription: description,
    vlan: vlanOf(one.get('vlan.vlan-id')),
    mtu: vlanOf(one.get('port.mfs'), 65_535),
    addresses: [one.get('chassis.mgmt-ip')].filter((address) => address !== undefined),
  };
}

/** The output of `lldptool -t -n -i IF`: a line for each TLV, its value indented under it. */
export function parseLldptool(name: string, text: string): Neighbour | undefined {
  const line = (title: string): readonly [word: string, value: string] | undefined => {
    const found = new RegExp(`^${title} TLV\\n\\s+(?:([A-Za-z ]+): )?(.{1,255})$`, 'm').exec(text);
    return found === null ? undefined : [found[1]?.toLowerCase() ?? '', found[2]?.trim() ?? ''];
  };
  const id = (title: string): NeighbourFrame['chassis'] => {
    const [word, value] = line(title) ?? [];
    const kind = KINDS.find(([each]) => each === word)?.[1] ?? 'other';
    return value === undefined ? undefined : { kind, text: value };
  };
  const chassis = id('Chassis ID');
  const port = id('Port ID');
  if (chassis === undefined && port === undefined) return undefined;
  const vlan = vlanOf(/^Port VLAN ID TLV\n\s+PVID: (\d{1,4})$/m.exec(text)?.[1]);
  const from = 'lldptool -t -n -i IF';
  return { ...NOTHING, interface: name, from, system: line('System Name')?.[1], chassis, port, vlan };
}

function vlanOf(text: string | undefined, most = 4094): number | undefined {
  const value = /^\d{1,6}$/.test(text ?? '') ? Number(text) : 0;
  return value > 0 && value <= most ? value : undefined;
}
