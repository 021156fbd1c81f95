/**
 * Who this machine is. A server knows a node by the MACs that its boot firmware could have sent, so the list holds every
 * Ethernet interface that a firmware could boot from, whatever the kernel calls it, and no address that other machines have too.
 */
import { readDmi } from '../groups/system/dmi.ts';
import { type Nic, readNics } from '../groups/network/nics.ts';
import type { Sources } from '../sources/sources.ts';
import { readHostInterfaces, whyForeign } from './foreign-address.ts';
import { type Identity, type IdentityChoice, type IdentityInterface, NO_CHOICE } from './identity-types.ts';
import { whyJunkText } from './junk-texts.ts';
import { whyJunkUuid } from './junk-uuids.ts';

/** What one machine's rules say of its interfaces, each answer in words or undefined. */
interface NicRules {
  /** Why an interface is not part of the id; undefined for one that is. */
  readonly whyOut: (nic: Nic) => string | undefined;
  /** Why its address is not this machine's own, hardware or not; undefined for one that is. */
  readonly whyForeign: (nic: Nic) => string | undefined;
}

/** The rules for one machine, with what somebody decided against them. */
export function nicRules(sources: Sources, choice: IdentityChoice = NO_CHOICE): NicRules {
  const host = readHostInterfaces(sources);
  const include = new Set(choice.include.map(plainName));
  const exclude = new Set(choice.exclude.map(plainName));
  const decided = (nic: Nic): 'in' | 'out' | undefined => {
    const mac = nic.permanentMac ?? nic.mac;
    const names = [plainName(nic.name), plainName(mac ?? '')];
    if (names.some((name) => exclude.has(name))) return 'out';
    return mac?.length === 17 && names.some((name) => include.has(name)) ? 'in' : undefined;
  };
  const unless = (nic: Nic, rule: () => string | undefined): string | undefined => {
    const decision = decided(nic);
    return decision === 'out' ? 'left out by the configuration' : decision === 'in' ? undefined : rule();
  };
  return {
    whyOut: (nic) => unless(nic, () => whyNotBoot(nic) ?? whyForeign(nic, host)),
    whyForeign: (nic) => unless(nic, () => whyForeign(nic, host)),
  };
}

/** What a choice names and no interface of this machine is, by name or address. */
export function unknownChoices(sources: Sources, { include, exclude }: IdentityChoice): string[] {
  const known = new Set(
    readNics(sources).flatMap(({ name, mac, permanentMac }) =>
      [name, mac ?? name, permanentMac ?? name].map(plainName),
    ),
  );
  return [...include, ...exclude].filter((name) => !known.has(plainName(name)));
}

/** Names as they are; addresses in lower case without separators, so that every spelling is one. */
function plainName(text: string): string {
  const hex = text.replaceAll(/[:.-]/g, '').toLowerCase();
  return /^[0-9a-f]{12}$/.test(hex) ? hex : text;
}

const LINK_TYPES: Readonly<Record<number, string>> = { 24: 'FireWire', 32: 'InfiniBand', 772: 'loopback' };

/** Why a boot firmware could not have used an interface. */
function whyNotBoot(nic: Nic): string | undefined {
  if (nic.type !== 1) return LINK_TYPES[nic.type] ?? `not Ethernet (link type ${nic.type})`;
  if (nic.vlan) return 'a VLAN of another interface';
  if (nic.bridge) return 'a bridge';
  if (nic.bond) return 'a bond of other interfaces';
  if (nic.wireless) return 'wireless';
  if (!nic.hasDevice) return 'virtual: no device under it';
  if (nic.virtualFunction) return 'an SR-IOV virtual function';
  if ((nic.permanentMac ?? nic.mac) === undefined) return 'no address';
  if (nic.macAssigned === 1 && nic.permanentMac === undefined) return 'a random address, new at every boot';
  return undefined;
}

/** Reads the identity. Never throws; without any interface the list is empty and the dialect says RAZOR_MK_NO_IDENTITY. */
export function readIdentity(sources: Sources, choice: IdentityChoice = NO_CHOICE): Identity {
  const rules = nicRules(sources, choice);
  const nics = byIndex(sources);
  let interfaces = distinct(nics.filter((nic) => rules.whyOut(nic) === undefined));
  let note: string | undefined;
  if (interfaces.length === 0) {
    interfaces = distinct(withoutHardware(nics, rules));
    note =
      interfaces.length > 0
        ? `no interface with hardware under it (a container?): every Ethernet-type interface is used: ${interfaces.map((i) => i.name).join(', ')}`
        : whyNone(nics);
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

function byIndex(sources: Sources): Nic[] {
  return [...readNics(sources)].sort((a, b) => a.index - b.index || (a.name < b.name ? -1 : 1));
}

/** What a container has: interfaces of Ethernet type whose address is not known to be somebody else's. */
function withoutHardware(nics: readonly Nic[], rules: NicRules): Nic[] {
  return nics.filter((nic) => nic.type === 1 && nic.name !== 'lo' && rules.whyForeign(nic) === undefined);
}

function whyNone(nics: readonly Nic[]): string {
  const others = nics.filter(({ type }) => type === 32).map(({ name }) => name);
  if (others.length > 0) return `InfiniBand only (${others.join(', ')}): the id is made of Ethernet addresses`;
  const cards = nics.filter((nic) => nic.type === 1 && nic.hasDevice).map(({ name }) => name);
  return cards.length > 0
    ? `no interface has an address of this machine’s own (${cards.join(', ')}): see facts identity`
    : 'no Ethernet interface at all: no driver claimed a network card, or this is a machine without one';
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
export interface IdentityCandidate {
  readonly kind: 'mac' | 'uuid' | 'serial' | 'asset tag';
  /** The interface, or the record that it stands in. */
  readonly from: string;
  readonly value: string;
  readonly junk: string | undefined;
}

/** All candidates: every interface's address, the UUID, the serial numbers, the asset tag. */
export function identityCandidates(sources: Sources, choice: IdentityChoice = NO_CHOICE): IdentityCandidate[] {
  const rules = nicRules(sources, choice);
  const candidates: IdentityCandidate[] = [];
  const seen = new Map<string, string>();
  for (const nic of byIndex(sources)) {
    const mac = nic.permanentMac ?? nic.mac;
    if (mac === undefined) continue;
    const before = seen.get(mac);
    const junk = rules.whyOut(nic) ?? (before === undefined ? undefined : `the same as ${before}`);
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
    if (value === undefined) continue;
    candidates.push({ kind, from, value, junk: kind === 'uuid' ? whyJunkUuid(value) : whyJunkText(value) });
  }
  return candidates;
}
