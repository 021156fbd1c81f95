/**
 * Facts as Facter 2 gives them, which razor-server's rules are written for (docs/contracts/razor-server.md#tag-rules): MACs in
 * lower case, numbers and booleans, and the structured facts beside the flat ones. Pure.
 */

type Flat = Readonly<Record<string, string>>;
type Json = string | number | boolean | { readonly [name: string]: Json | undefined } | readonly Json[];

const NUMBERS =
  /^(processorcount|physicalprocessorcount|blockdevice_.*_size|mtu_.*|uptime_(seconds|hours|days)|system_uptime)$/;
const BOOLEANS = /^(is_virtual|selinux)$/;
const MACS = /^macaddress(_.*)?$/;

/** All facts in that form; a value that is not what its name promises stays text. */
export function facterForm(facts: Flat): Readonly<Record<string, Json>> {
  const flat = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, typed(name, value)]));
  const structured = {
    os: osOf(facts),
    processors: processorsOf(facts),
    networking: networkingOf(facts),
    dmi: dmiOf(facts),
  };
  const present = Object.entries(structured).filter(
    ([, value]) => value !== undefined && Object.keys(value).length > 0,
  );
  return { ...flat, ...Object.fromEntries(present) } as Readonly<Record<string, Json>>;
}

function typed(name: string, value: string): Json {
  if (MACS.test(name)) return value.toLowerCase();
  if (BOOLEANS.test(name) && (value === 'true' || value === 'false')) return value === 'true';
  return NUMBERS.test(name) && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

/** The members that are there. */
function some(members: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json>> | undefined {
  const there = Object.entries(members).filter(([, value]) => value !== undefined && value !== '');
  return there.length === 0 ? undefined : (Object.fromEntries(there) as Record<string, Json>);
}

function osOf(facts: Flat): Json | undefined {
  const full = facts['operatingsystemrelease'];
  const [major, minor] = full?.split('.') ?? [];
  const release = some({ full, major: facts['operatingsystemmajrelease'] ?? major, minor });
  return some({ name: facts['operatingsystem'], family: facts['osfamily'], release });
}

function processorsOf(facts: Flat): Json | undefined {
  const models = Object.keys(facts)
    .filter((name) => /^processor\d+$/.test(name))
    .sort((a, b) => Number(a.slice(9)) - Number(b.slice(9)))
    .map((name) => facts[name] ?? '');
  return some({
    count: numberOf(facts['processorcount']),
    physicalcount: numberOf(facts['physicalprocessorcount']),
    models: models.length === 0 ? undefined : models,
  });
}

function networkingOf(facts: Flat): Json | undefined {
  const names = (facts['interfaces'] ?? '').split(',').filter((name) => name !== '');
  const interfaces = names.flatMap((name) => {
    const one = some({
      ip: facts[`ipaddress_${name}`],
      ip6: facts[`ipaddress6_${name}`],
      mac: facts[`macaddress_${name}`]?.toLowerCase(),
      mtu: numberOf(facts[`mtu_${name}`]),
      netmask: facts[`netmask_${name}`],
      network: facts[`network_${name}`],
    });
    return one === undefined ? [] : [[name, one] as const];
  });
  return some({
    hostname: facts['hostname'],
    domain: facts['domain'],
    fqdn: facts['fqdn'],
    ip: facts['ipaddress'],
    ip6: facts['ipaddress6'],
    mac: facts['macaddress']?.toLowerCase(),
    netmask: facts['netmask'],
    interfaces: interfaces.length === 0 ? undefined : Object.fromEntries(interfaces),
  });
}

function dmiOf(facts: Flat): Json | undefined {
  return some({
    manufacturer: facts['manufacturer'],
    product: some({ name: facts['productname'], serial_number: facts['serialnumber'], uuid: facts['uuid'] }),
    board: some({
      manufacturer: facts['boardmanufacturer'],
      product: facts['boardproductname'],
      serial_number: facts['boardserialnumber'],
    }),
    bios: some({
      vendor: facts['bios_vendor'],
      version: facts['bios_version'],
      release_date: facts['bios_release_date'],
    }),
  });
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
