/**
 * Who this machine is. A server knows a node by the MACs that its boot firmware could have sent, so the list holds every
 * Ethernet interface that a firmware could boot from, whatever the kernel calls it.
 */
import type { Identity, IdentityInterface } from '../fact-types.ts';
import { readDmi } from '../groups/system/dmi.ts';
import { type Nic, readNics } from '../groups/network/nics.ts';
import { whyJunkMac } from './junk-macs.ts';
import { whyJunkText } from './junk-texts.ts';
import { whyJunkUuid } from './junk-uuids.ts';
import type { Sources } from '../sources/sources.ts';

/** Whether a boot firmware could know this interface: Ethernet hardware with an address of its own. */
export function couldBoot(nic: Nic): boolean {
  return whyNotBoot(nic) === undefined;
}

/** Why a boot firmware could not have used an interface, in words; undefined when it could. */
export function whyNotBoot(nic: Nic): string | undefined {
  if (nic.type !== 1) return nic.type === 772 ? 'loopback' : `not Ethernet (link type ${nic.type})`;
  if (nic.vlan) return 'a VLAN of another interface';
  if (nic.bridge) return 'a bridge';
  if (nic.bond) return 'a bond of other interfaces';
  if (nic.wireless) return 'wireless';
  if (!nic.hasDevice) return 'virtual: no device under it';
  if (nic.virtualFunction) return 'an SR-IOV virtual function';
  const mac = nic.permanentMac ?? nic.mac;
  if (mac === undefined) return 'no address';
  if (nic.macAssigned === 1 && nic.permanentMac === undefined) return 'a random address, new at every boot';
  return whyJunkMac(mac);
}

/** Reads the identity. Never throws; without any interface the list is empty and the dialect says RAZOR_MK_NO_IDENTITY. */
export function readIdentity(sources: Sources): Identity {
  const nics = [...readNics(sources)].sort((a, b) => a.index - b.index || (a.name < b.name ? -1 : 1));
  let interfaces = distinct(nics.filter(couldBoot));
  let note: string | undefined;
  if (interfaces.length === 0) {
    interfaces = distinct(nics.filter((nic) => nic.type === 1 && nic.name !== 'lo'));
    note =
      interfaces.length > 0
        ? `no interface with hardware under it (a container?): every Ethernet-type interface is used: ${interfaces.map((i) => i.name).join(', ')}`
        : 'no Ethernet interface at all: no driver claimed a network card, or this is a machine without one';
  }
  const { fields } = readDmi(sources);
  return {
    interfaces,
    uuid: fields.get('product_uuid')?.value.toLowerCase(),
    serial: fields.get('product_serial')?.value,
    assetTag: fields.get('chassis_asset_tag')?.value,
    note,
  };
}

function distinct(nics: readonly Nic[]): IdentityInterface[] {
  const found = new Map<string, IdentityInterface>();
  for (const nic of nics) {
    const mac = nic.permanentMac ?? nic.mac;
    if (mac !== undefined && mac.length === 17 && !found.has(mac)) found.set(mac, { name: nic.name, mac });
  }
  return [...found.values()];
}

/** A text that could identify the machine, and why it does not, where it does not. */
export interface Candidate {
  readonly kind: 'mac' | 'uuid' | 'serial' | 'asset tag';
  /** The interface, or the record that it stands in. */
  readonly from: string;
  readonly value: string;
  readonly junk: string | undefined;
}

/** All candidates: every interface's address, the UUID, the serial numbers, the asset tag. */
export function identityCandidates(sources: Sources): Candidate[] {
  const candidates: Candidate[] = [];
  const seen = new Map<string, string>();
  for (const nic of [...readNics(sources)].sort((a, b) => a.index - b.index)) {
    const mac = nic.permanentMac ?? nic.mac;
    if (mac === undefined) continue;
    const before = seen.get(mac);
    const junk = whyNotBoot(nic) ?? (before === undefined ? undefined : `the same as ${before}`);
    if (junk === undefined) seen.set(mac, nic.name);
    candidates.push({ kind: 'mac', from: nic.name, value: mac, junk });
  }
  const { fields } = readDmi(sources);
  for (const [kind, field, from] of [
    ['uuid', 'product_uuid', 'system'],
    ['serial', 'product_serial', 'system'],
    ['serial', 'board_serial', 'board'],
    ['serial', 'chassis_serial', 'chassis'],
    ['asset tag', 'chassis_asset_tag', 'chassis'],
  ] as const) {
    const value = fields.get(field)?.value;
    if (value !== undefined)
      candidates.push({ kind, from, value, junk: kind === 'uuid' ? whyJunkUuid(value) : whyJunkText(value) });
  }
  return candidates;
}
