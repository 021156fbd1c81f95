/**
 * What Foreman's discovery does with a body of facts (docs/contracts/foreman.md#what-foreman-does-with-them), written
 * apart from the agent: rules in the order in which Foreman applies them. A stand-in, not Foreman.
 */

export interface ForemanSettings {
  readonly discoveryFact: string;
  readonly prefix: string;
  readonly maximumStructuredFacts: number;
  readonly errorOnExisting: boolean;
  /** Shell-like patterns; a leading one may stand anywhere. */
  readonly ignoredInterfaces: readonly string[];
  /** MACs of hosts that Foreman manages already. */
  readonly managed: readonly string[];
  /** An error of auto-provisioning, which happens when a rule fits and its host group is incomplete. */
  readonly autoProvisionError: string | undefined;
}

export const DEFAULT_SETTINGS: ForemanSettings = {
  discoveryFact: 'discovery_bootif',
  prefix: 'mac',
  maximumStructuredFacts: 100,
  errorOnExisting: false,
  ignoredInterfaces: [
    'lo',
    'en*v*',
    'usb*',
    'vnet*',
    'macvtap*',
    'veth*',
    'docker*',
    'tap*',
    'vif*',
    'cali*',
    'br-int',
  ],
  managed: [],
  autoProvisionError: undefined,
};

/** What a controller answers with 422. */
export class Refusal extends Error {}

export interface Interface {
  readonly identifier: string;
  readonly mac: string | undefined;
  readonly ip: string | undefined;
  readonly ip6: string | undefined;
  readonly netmask: string | undefined;
}

export interface DiscoveredHost {
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
  readonly interfaces: readonly Interface[];
  /** As they lie in the database. */
  readonly facts: Readonly<Record<string, string>>;
  readonly columns: {
    readonly cpuCount: number;
    readonly memory: number;
    readonly diskCount: number;
    readonly disksSize: number;
    /** Bytes of all disks, of the structured fact. */
    readonly disksTotal: number;
    readonly model: string;
  };
}

type Raw = Readonly<Record<string, unknown>>;

/** Takes a body's facts. Throws Refusal. */
export function discover(body: unknown, settings: ForemanSettings): DiscoveredHost {
  const given = (body as { facts?: unknown } | null)?.facts;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Refusal('Invalid facts, must be a Hash');
  }
  const facts = Object.fromEntries(
    Object.entries(given).filter(
      ([name]) => !/kernel|operatingsystem|osfamily|ruby|path|time|swap|free|filesystem/i.test(name),
    ),
  );
  const bootif = text(facts[settings.discoveryFact])?.toLowerCase();
  if (bootif === undefined || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(bootif)) {
    throw new Refusal(
      `Expected discovery_fact '${settings.discoveryFact}' is missing, unable to detect primary interface and set hostname`,
    );
  }
  const name = `${settings.prefix}${bootif.replaceAll(':', '')}`;
  if (settings.errorOnExisting && settings.managed.includes(bootif)) {
    throw new Refusal(`Host already exists as managed: ${name}/${bootif}`);
  }
  const ignored = settings.ignoredInterfaces.map(patternOf);
  const interfaces = interfacesOf(facts).filter(({ identifier }) => !ignored.some((one) => one.test(identifier)));
  const filter = settings.ignoredInterfaces.join(', ');
  if (interfaces.length === 0) {
    throw new Refusal(`Discovered host '${name}' has all NICs filtered out, filter: ${filter}`);
  }
  const primary = interfaces.find(({ mac, ip, ip6 }) => mac === bootif && (ip ?? ip6) !== undefined);
  if (primary === undefined) {
    throw new Refusal(
      `Unable to find primary NIC with ${bootif} specified via '${settings.discoveryFact}', NIC filter: ${filter}`,
    );
  }
  if (settings.autoProvisionError !== undefined) throw new Refusal(settings.autoProvisionError);
  const stored = store(facts, settings.maximumStructuredFacts);
  return {
    name,
    mac: bootif,
    ip: primary.ip ?? primary.ip6 ?? '',
    interfaces,
    facts: stored,
    columns: columnsOf(stored, facts),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function patternOf(shell: string): RegExp {
  return new RegExp(`^${shell.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}

/** Facter before 3 names facts by interface; from 3 on there is a tree. */
function interfacesOf(facts: Raw): Interface[] {
  const major = Number.parseInt(text(facts['facterversion']) ?? '0', 10);
  if (major >= 3) {
    const tree = (facts['networking'] as { interfaces?: Record<string, Record<string, unknown>> } | undefined)
      ?.interfaces;
    return Object.entries(tree ?? {}).map(([identifier, each]) => ({
      identifier,
      mac: text(each['mac'])?.toLowerCase(),
      ip: text(each['ip']),
      ip6: text(each['ip6']),
      netmask: text(each['netmask']),
    }));
  }
  const names = (text(facts['interfaces']) ?? '')
    .toLowerCase()
    .split(',')
    .filter((name) => name !== '');
  return names.map((name) => ({
    identifier: name.replace(/^([a-z0-9]+)_(\d+)$/, '$1.$2'),
    mac: text(facts[`macaddress_${name}`])?.toLowerCase(),
    ip: text(facts[`ipaddress_${name}`]),
    ip6: text(facts[`ipaddress6_${name}`]),
    netmask: text(facts[`netmask_${name}`]),
  }));
}

const FLAT_FAMILY = /^(blockdevice_|ipaddress6?_|macaddress_|mtu_|speed_|auto_negotiation_|duplex_|link_|wol_)/;

/** Everything becomes text under flat names; what is too many of a kind is dropped whole, empty values are dropped. */
function store(facts: Raw, most: number): Record<string, string> {
  const counts = new Map<string, number>();
  for (const name of Object.keys(facts)) {
    const family = FLAT_FAMILY.exec(name)?.[1];
    if (family !== undefined) counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  const tooMany = [...counts].filter(([, count]) => count > most).map(([family]) => family);
  const kept: Record<string, string> = {};
  let dropped = 0;
  const add = (name: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value);
      if (entries.length > most) dropped += entries.length;
      else for (const [key, inner] of entries) add(`${name}::${key}`, inner);
    } else if (value !== null && value !== undefined && value !== '') kept[name] = text(value) ?? '';
  };
  for (const [name, value] of Object.entries(facts)) {
    if (tooMany.some((family) => name.startsWith(family))) dropped++;
    else add(name, value);
  }
  if (dropped > 0) kept['foreman::dropped_subtree_facts'] = String(dropped);
  return kept;
}

function columnsOf(facts: Readonly<Record<string, string>>, raw: Raw): DiscoveredHost['columns'] {
  const sizes = Object.entries(facts)
    .filter(([name]) => /blockdevice.*_size/.test(name))
    .map(([, value]) => Number(value) || 0);
  return {
    cpuCount: Math.trunc(Number(facts['physicalprocessorcount'] ?? 0)),
    memory: Math.ceil(Number(facts['memorysize_mb'] ?? 0)),
    diskCount: sizes.length,
    disksTotal: Object.values((raw['disks'] ?? {}) as Record<string, { readonly size_bytes?: unknown }>)
      .map((disk) => Number(disk.size_bytes) || 0)
      .reduce((sum, size) => sum + size, 0),
    disksSize: Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024 / 1024),
    model: facts['productname'] ?? facts['model'] ?? facts['boardproductname'] ?? '',
  };
}
