/** Which interfaces the kernel line means: by name, MAC, `ifname=` or a group, and its VLANs; and which of them it leaves to DHCP. Pure. */
import { candidateNics } from './assess.ts';
import type { IpArguments } from '../kernel-line/ip-argument.ts';
import type { VlanRequest } from '../kernel-line/link-arguments.ts';
import type { NetworkState, NicState } from './network-state.ts';

type Card = Pick<NicState, 'name' | 'mac' | 'carrier'>;
type Links = Pick<IpArguments, 'groups' | 'aliases'>;

/** The cards that a name or MAC of the kernel line stands for; those with a link first. Empty where there is none (yet). */
export function cardsOf(reference: string, cards: readonly Card[], links: Links): readonly string[] {
  const named = cards.filter(({ name, mac }) => name === reference || mac === reference);
  if (named.length > 0) return named.map(({ name }) => name);
  const alias = links.aliases.get(reference);
  if (alias !== undefined) return cards.filter(({ mac }) => mac === alias).map(({ name }) => name);
  const members = links.groups.find(({ name }) => name === reference)?.members ?? [];
  const found = members
    .filter((member) => member !== reference)
    .flatMap((member) => cardsOf(member, cards, { ...links, groups: [] }));
  const linked = new Set(cards.filter(({ carrier }) => carrier).map(({ name }) => name));
  return [...found.filter((name) => linked.has(name)), ...found.filter((name) => !linked.has(name))];
}

/**
 * The cards that are asked by DHCP. A card with an address of its own is not (a lease would take it away), unless that address
 * could not be set (`failed`); with `ip=off`, an address without a card or a VLAN, only the cards that are named for DHCP are.
 */
function cardsForDhcp(
  cards: readonly Card[],
  wanted: IpArguments,
  failed: ReadonlySet<string> = new Set(),
): readonly string[] {
  const resolve = (references: readonly string[]): ReadonlySet<string> =>
    new Set(references.flatMap((reference) => cardsOf(reference, cards, wanted)));
  const asked = resolve(wanted.dhcpNics);
  const left = resolve(wanted.offNics);
  const fixed = resolve(wanted.statics.flatMap(({ nic }) => nic ?? []));
  const unnamed = wanted.statics.some(({ nic }) => nic === undefined) && failed.size === 0;
  const onlyNamed = wanted.off || wanted.vlans.length > 0 || unnamed;
  return cards
    .map(({ name }) => name)
    .filter((name) => {
      if (asked.has(name) || failed.has(name)) return true;
      return !left.has(name) && !fixed.has(name) && !onlyNamed;
    });
}

/** `eth0.100`. Where that is longer than the kernel allows (IFNAMSIZ), the NIC's part gives way, not the number. */
export function vlanName(parent: string, id: number): string {
  const number = `.${id}`;
  return `${parent.slice(0, 15 - number.length)}${number}`;
}

interface VlanLink {
  readonly vlan: VlanRequest;
  /** Undefined where its NIC is not there (yet). */
  readonly parent: string | undefined;
  /** Undefined without a parent and a name of its own. */
  readonly name: string | undefined;
}

/** Cards that the VLANs and addresses without an interface of their own go to: the booted one, else the first with a link. */
export function firstCard(state: NetworkState, wanted: IpArguments): string | undefined {
  const nics = candidateNics(state);
  const [booted] = wanted.booted === undefined ? [] : cardsOf(wanted.booted, nics, wanted);
  return booted ?? (nics.find((nic) => nic.carrier) ?? nics.find((nic) => !nic.up))?.name;
}

/** The VLANs of the kernel line with the names that they have here, in its order. */
export function vlanLinks(state: NetworkState, wanted: IpArguments): readonly VlanLink[] {
  const first = firstCard(state, wanted);
  return wanted.vlans.map((vlan) => {
    const parent = vlan.nic === undefined ? first : cardsOf(vlan.nic, state.nics, wanted)[0];
    return { vlan, parent, name: vlan.name ?? (parent === undefined ? undefined : vlanName(parent, vlan.id)) };
  });
}

/**
 * The interfaces that are asked by DHCP now: cards as `cardsForDhcp` says, and the VLANs without an address of the kernel line.
 * An address without an interface goes to the first VLAN.
 */
export function dhcpInterfaces(
  state: NetworkState,
  wanted: IpArguments,
  failed: ReadonlySet<string> = new Set(),
): readonly string[] {
  const links = vlanLinks(state, wanted).flatMap(({ name }) => name ?? []);
  const cards = candidateNics(state).filter(({ name }) => !links.includes(name));
  const fixed = wanted.statics.map(({ nic }) => nic ?? links[0]);
  const tagged = links.filter((name) => !wanted.off && !fixed.includes(name) && !wanted.offNics.includes(name));
  const present = new Set(state.nics.map(({ name }) => name));
  return [...cardsForDhcp(cards, wanted, failed), ...tagged.filter((name) => present.has(name))];
}
