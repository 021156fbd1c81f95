/**
 * Links of the kernel line that are not cards: VLANs (`razor.vlan=`, dracut's `vlan=`), the groups of `bond=`, `team=` and
 * `bridge=`, and the names of `ifname=` (dracut.cmdline(7)). Pure.
 */
import { macOfBootif, type CommandLine } from '../../platform/kernel-line.ts';
import { isNicName, nicOf } from './ip-fields.ts';

export interface VlanRequest {
  readonly id: number;
  /** A name or a MAC; undefined: the first NIC that has a link. */
  readonly nic: string | undefined;
  /** The interface's own name, where `vlan=` gives one. */
  readonly name?: string;
}

export interface LinkGroup {
  /** `bond0`. It is not made: one of its members stands for it. */
  readonly name: string;
  readonly members: readonly string[];
}

export interface LinkArguments {
  readonly vlans: readonly VlanRequest[];
  readonly groups: readonly LinkGroup[];
  /** `ifname=NAME:MAC`: the names that the line uses for cards; nothing is renamed. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Reads them. Never throws. */
export function parseLinkArguments(line: CommandLine): LinkArguments {
  const warnings: string[] = [];
  const vlans: VlanRequest[] = [];
  const keepVlan = (what: string, vlan: VlanRequest | string): void => {
    if (typeof vlan === 'string') warnings.push(`${what.slice(0, 60)}: ${vlan}`);
    else vlans.push(vlan);
  };
  for (const value of line.all('razor.vlan').flatMap((text) => text.split(',')))
    keepVlan(`razor.vlan=${value}`, parseVlan(value));
  for (const value of line.all('vlan')) keepVlan(`vlan=${value}`, parseDracutVlan(value));
  const groups = (['bond', 'team', 'bridge'] as const).flatMap((kind) =>
    line.all(kind).flatMap((value) => {
      const group = parseGroup(kind, value);
      const members = group?.members.join(', ') ?? '';
      warnings.push(
        group === undefined
          ? `${kind}=${value.slice(0, 60)}: no NIC is named: write ${kind}=NAME:NIC,NIC`
          : `${kind}=${value.slice(0, 60)}: links are not joined here: one of ${members} is used alone, which the switch must allow ` +
              '(LACP: fallback or "lacp suspend-individual" off). ip=ADDRESS::GATEWAY:NETMASK::NIC:none names one',
      );
      return group ?? [];
    }),
  );
  const aliases = new Map<string, string>();
  for (const value of line.all('ifname')) {
    const [name = '', ...rest] = value.split(':');
    const mac = macOfBootif(rest.join(':'));
    if (isNicName(name) && mac !== undefined) aliases.set(name, mac);
    else warnings.push(`ifname=${value.slice(0, 60)}: write ifname=NAME:MAC`);
  }
  return { vlans, groups, aliases, warnings };
}

function parseVlan(value: string): VlanRequest | string {
  const [, nic, digits] = /^(?:([^\s:]+)[:.])?(\d{1,4})$/.exec(value) ?? [];
  const id = vlanId(digits);
  if (id === undefined) return 'write razor.vlan=ID or razor.vlan=NIC.ID, ID from 1 to 4094';
  if (nic === undefined) return { id, nic: undefined };
  const parent = nicOf(nic);
  return parent === undefined ? 'the interface name is not valid' : { id, nic: parent };
}

/** `vlan=NAME:NIC`; the number is the end of the name, with or without zeros in front: vlan0005, vlan5, eth0.0005, eth0.5. */
function parseDracutVlan(value: string): VlanRequest | string {
  const [name = '', nic = name.replace(/\.\d+$/, '')] = value.split(':');
  const id = vlanId(/(\d+)$/.exec(name)?.[1]?.replace(/^0+/, ''));
  const parent = nic === name ? undefined : nicOf(nic);
  if (!isNicName(name) || id === undefined || parent === undefined)
    return 'write vlan=NAME:NIC with the number (1 to 4094) at the end of the name, or razor.vlan=NIC.ID';
  return { id, nic: parent, name };
}

function vlanId(digits: string | undefined): number | undefined {
  const id = Number(digits);
  return id >= 1 && id <= 4094 ? id : undefined;
}

/** What dracut takes where nothing is written: `bond` is bond0 of eth0 and eth1, `team` is team0 of both, `bridge` is br0 of eth0. */
const BARE = { bond: 'bond0:eth0,eth1', team: 'team0:eth0,eth1', bridge: 'br0:eth0' } as const;

function parseGroup(kind: keyof typeof BARE, value: string): LinkGroup | undefined {
  const [name = '', list = ''] = (value === '' ? BARE[kind] : value).split(':');
  const written = list === '' && kind === 'bond' ? 'eth0,eth1' : list;
  const members = written
    .split(',')
    .map(nicOf)
    .filter((nic) => nic !== undefined);
  return isNicName(name) && members.length > 0 ? { name, members } : undefined;
}
