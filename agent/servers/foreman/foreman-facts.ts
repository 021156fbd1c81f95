/** Our facts as Foreman takes them: what it needs is there, and what it would choke on or drop whole is not. */
import type { StructuredValue } from '../../../facts/facts.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { NodeReport } from '../dialect.ts';
import { limitFacts } from '../limit-facts.ts';
import { DROPPED } from './dropped-facts.ts';
import { factName } from '../../../facts/groups/format.ts';
import { leaseValue } from '../../network/dhcp.ts';
import { imageFacts } from './image-facts.ts';
import { findBootNic, interfacesOf, type BootNic } from './boot-nic.ts';
import type { ForemanParameters } from './foreman-parameters.ts';

type Facts = Record<string, string>;
type AllFacts = Record<string, StructuredValue>;

/** What the agent knows besides its facts. */
interface ForemanExtras {
  readonly serverUrl: string;
  /** Of this program, for people: `razor-mk 1.0.0`. */
  readonly release: string;
  /** What `kexec --version` prints, where Foreman may boot another kernel that way. The fact alone makes it choose kexec. */
  readonly kexec: string | undefined;
  /** A value of a card's lease; that of this machine by default. */
  readonly leaseValue?: (card: string, name: string) => string;
}

export interface ForemanFacts {
  readonly facts: Readonly<AllFacts>;
  readonly bootNic: BootNic;
  /** What was left out or is likely to be refused, in words. */
  readonly notes: readonly string[];
}

/**
 * The version of Foreman's own discovery image whose API ours is. Below 3.0.0 Foreman speaks a legacy API to a node, in
 * plain HTTP on the port of the encrypted one.
 */
const DISCOVERY_VERSION = '4.1.0';

/** Families of flat facts that Foreman drops whole when one has more than 100 entries (its setting maximum_structured_facts). */
export const FAMILIES: readonly string[] = [
  'blockdevice_',
  'ipaddress_',
  'ipaddress6_',
  'macaddress_',
  'mtu_',
  'speed_',
  'auto_negotiation_',
  'duplex_',
  'link_',
  'wol_',
];
const LARGEST_FAMILY = 100;
/** Most bytes of the request. Foreman writes each fact into its database; more than this is no inventory. */
const LIMIT = 1024 * 1024;
/** Interfaces that Foreman passes over as it comes (its setting ignored_interface_identifiers). */
const IGNORED = /^(lo|usb.*|vnet.*|macvtap.*|veth.*|docker.*|tap.*|vif.*|cali.*|br-int|.*en.*v.*)$/;

/** Throws RAZOR_MK_NO_IDENTITY without a card, RAZOR_MK_BOOT_NIC when the boot card is one that Foreman must refuse. */
export function foremanFacts(report: NodeReport, parameters: ForemanParameters, extras: ForemanExtras): ForemanFacts {
  const bootNic = findBootNic(parameters, report.identity, report.facts);
  if (bootNic === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_NO_IDENTITY',
      'no network card: Foreman knows a machine by the card it booted from',
    );
  }
  if (bootNic.address === undefined) {
    const which = bootNic.name === undefined ? 'no interface has this address' : `${bootNic.name} has no IP address`;
    throw new RazorMkError('RAZOR_MK_BOOT_NIC', `the boot card ${bootNic.mac} (${bootNic.why}): ${which}`);
  }
  const notes: string[] = [];
  const facts = legacy(report.facts);
  leaveOutDeviceless(facts, report, bootNic);
  capFamilies(facts, bootNic, notes);
  const structured = Object.fromEntries(
    Object.entries(report.structured ?? {}).filter(([name]) => !DROPPED.test(name)),
  );
  const { facts: fitting, notes: dropped } = limitFacts(
    facts,
    (kept) => Buffer.byteLength(JSON.stringify({ ...kept, ...structured })),
    LIMIT,
  );
  if (bootNic.name !== undefined && IGNORED.test(bootNic.name)) {
    notes.push(
      `Foreman passes over interfaces named like ${bootNic.name}: take the pattern out of its setting "Ignore interfaces with matching identifier", or boot with net.ifnames=0`,
    );
  }
  const lease = (name: string): string => (extras.leaseValue ?? leaseValue)(bootNic.name ?? '', name);
  const all = {
    ...structured,
    ...imageFacts(report.facts, bootNic, lease),
    ...fitting,
    ...parameters.custom,
    ...discoveryFacts(bootNic, report.facts, parameters, extras),
  };
  return { facts: storable(all), bootNic, notes: [...notes, ...dropped] };
}

/**
 * Facts in the form of Facter 1 and 2, which Foreman parses by name: MACs and interface names in lower case, and no
 * facterversion from 3 on, at which it would look for another structure.
 */
function legacy(source: Readonly<Facts>): Facts {
  const facts: Facts = {};
  for (const [name, value] of Object.entries(source)) {
    // texts of whole sections, whose members are facts of their own
    if (DROPPED.test(name) || name.endsWith('_json_str')) continue;
    if (name === 'facterversion' && !/^[12]\./.test(value)) continue;
    if (name === 'interfaces') facts[name] = value.toLowerCase();
    else if (/^macaddress(_|$)/.test(name)) facts[name.toLowerCase()] = value.toLowerCase();
    else if (/^(ipaddress6?|netmask6?|network6?|mtu)_/.test(name)) facts[name.toLowerCase()] = value;
    else facts[name] = value;
  }
  return facts;
}

/**
 * Leaves out interfaces that are no cards (`ifb0`): Foreman would make network cards of the host out of them. What has an address
 * stays: a bond or a VLAN is how the machine is reached.
 */
function leaveOutDeviceless(facts: Facts, { facts: ours, identity }: NodeReport, bootNic: BootNic): void {
  const interfaces = interfacesOf(facts);
  const cards = new Set([...identity.interfaces.map(({ name }) => factName(name).toLowerCase()), 'lo']);
  for (const name of Object.keys(ours)) {
    const card = /^mk_nic_(.+)_(?:driver|id|pci|carrier)$/.exec(name)?.[1];
    if (card !== undefined) cards.add(card.toLowerCase());
  }
  const isKept = (name: string): boolean =>
    cards.has(name) ||
    name === bootNic.name?.toLowerCase() ||
    facts[`ipaddress_${name}`] !== undefined ||
    facts[`ipaddress6_${name}`] !== undefined;
  const gone = interfaces.filter((name) => !isKept(name));
  if (gone.length === 0) return;
  facts['interfaces'] = interfaces.filter(isKept).join(',');
  for (const name of gone) for (const family of ['macaddress', 'mtu']) delete facts[`${family}_${name}`];
}

/** Makes every family small enough: cards that booted or have an address and sizes of disks are kept longest. */
function capFamilies(facts: Facts, bootNic: BootNic, notes: string[]): void {
  const rank = (name: string): number => {
    const nic = name.replace(/^[a-z]+6?_/, '');
    if (nic === bootNic.name?.toLowerCase()) return 0;
    if (name.endsWith('_size')) return 1;
    return facts[`ipaddress_${nic}`] === undefined ? 3 : 2;
  };
  for (const family of FAMILIES) {
    const names = Object.keys(facts).filter((name) => name.startsWith(family));
    if (names.length <= LARGEST_FAMILY) continue;
    const order = new Map(names.map((name, index) => [name, index]));
    const at = (name: string): number => order.get(name) ?? 0;
    names.sort((a, b) => rank(a) - rank(b) || at(a) - at(b));
    for (const name of names.slice(LARGEST_FAMILY)) delete facts[name];
    notes.push(
      `${names.length - LARGEST_FAMILY} of ${names.length} facts ${family}… are left out: Foreman drops a family of more than ${LARGEST_FAMILY} whole`,
    );
  }
  const interfaces = interfacesOf(facts);
  const known = interfaces.filter((name) => facts[`macaddress_${name}`] !== undefined || name === 'lo');
  if (interfaces.length > LARGEST_FAMILY) facts['interfaces'] = known.join(',');
}

function discoveryFacts(
  bootNic: BootNic,
  facts: Readonly<Facts>,
  parameters: ForemanParameters,
  extras: ForemanExtras,
): Facts {
  const address = bootNic.address ?? '';
  const netmask = bootNic.name === undefined ? undefined : facts[`netmask_${bootNic.name}`];
  return {
    discovery_bootif: bootNic.mac,
    discovery_bootip: address,
    discovery_version: DISCOVERY_VERSION,
    discovery_release: extras.release,
    discovery_proxy_uri: extras.serverUrl,
    discovery_proxy_type: parameters.type,
    ...(netmask === undefined ? {} : { discovery_netmask: netmask }),
    ...(extras.kexec === undefined ? {} : { discovery_kexec: extras.kexec, discovery_ip: address }),
  };
}

/** Text that its database takes: no NUL, whole characters; empty values are nothing to Foreman. */
function storable(facts: Readonly<AllFacts>): AllFacts {
  const kept: AllFacts = {};
  for (const [name, value] of Object.entries(facts)) {
    const plain = storableValue(value);
    if (plain !== '') kept[name] = plain;
  }
  return kept;
}

function storableValue(value: StructuredValue): StructuredValue {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed();
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(storableValue);
  return storable(value as AllFacts);
}
