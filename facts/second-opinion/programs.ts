/** What facter, lscpu, dmidecode and lshw say, in the names of our facts. */
import type { CommandOptions, Sources } from '../sources/sources.ts';
import { parseDmidecode } from './dmidecode.ts';
import type { OtherValue, ProgramReport } from './second-opinion-types.ts';

const OPTIONS: CommandOptions = { timeoutMs: 60_000 };

async function ask(
  sources: Sources,
  argv: readonly [string, ...string[]],
  read: (text: string) => OtherValue[],
): Promise<ProgramReport> {
  const name = argv[0];
  const result = await sources.run(argv, OPTIONS);
  if (result.failure === 'not-found') return { name, values: [], missing: 'not installed' };
  // facter ends in 1 when one fact failed, and has printed all the others
  const usable = result.status === 0 || (name === 'facter' && result.failure === undefined && result.stdout.length > 0);
  if (!usable) return { name, values: [], missing: `failed (${result.failure ?? `status ${result.status ?? '?'}`})` };
  try {
    return { name, values: read(result.stdout.toString('utf8')) };
  } catch {
    return { name, values: [], missing: 'printed something that could not be read' };
  }
}

/** Facts that no two runs agree on, and those that describe Facter itself. */
const NOT_COMPARED = /^(uptime|memoryfree|swapfree|system_uptime|load_averages|facterversion|ruby|path$|ps$|sshfp|ssh)/;
const SAME_NAMES =
  /^(architecture|hardwaremodel|kernel|kernelrelease|kernelversion|kernelmajversion|hostname|domain|fqdn|interfaces|ipaddress|netmask(?!6)|macaddress|mtu_|network_|processor|physicalprocessorcount|memorysize|swapsize|blockdevice|manufacturer|productname|serialnumber|uuid|boardmanufacturer|boardproductname|boardserialnumber|bios_|virtual$|is_virtual|operatingsystem|osfamily|filesystems|timezone|uniqueid|id$|selinux|vlans)/;

/** Facter 1.7 to 4: the flat names, which later ones call legacy. */
export async function askFacter(sources: Sources): Promise<ProgramReport> {
  const later = await ask(sources, ['facter', '--json', '--show-legacy'], readFacter);
  return later.missing?.startsWith('failed') === true ? await ask(sources, ['facter', '--json'], readFacter) : later;
}

function readFacter(text: string): OtherValue[] {
  const all = JSON.parse(text) as Record<string, unknown>;
  return Object.entries(all)
    .filter(([name, value]) => typeof value !== 'object' && SAME_NAMES.test(name) && !NOT_COMPARED.test(name))
    .map(([fact, value]) => ({ fact, theirs: String(value as string | number | boolean) }));
}

/** lscpu's counts, and the first processor's name. Never throws. */
export function askLscpu(sources: Sources): Promise<ProgramReport> {
  return ask(sources, ['lscpu'], (text) => {
    const names: Readonly<Record<string, string>> = {
      'CPU(s)': 'processorcount',
      'Socket(s)': 'physicalprocessorcount',
      'Model name': 'processor0',
      Architecture: 'hardwaremodel',
      'NUMA node(s)': 'mk_numa_node_count',
    };
    return text.split('\n').flatMap((line) => {
      const [key = '', ...rest] = line.trim().split(':');
      const fact = names[key];
      return fact === undefined ? [] : [{ fact, theirs: rest.join(':').trim() }];
    });
  });
}

/** dmidecode's system, board, firmware and chassis. Never throws. */
export function askDmidecode(sources: Sources): Promise<ProgramReport> {
  return ask(sources, ['dmidecode'], (text) => {
    const blocks = parseDmidecode(text);
    const values: OtherValue[] = [];
    for (const [title, pairs] of [
      [
        'System Information',
        { Manufacturer: 'manufacturer', 'Product Name': 'productname', 'Serial Number': 'serialnumber', UUID: 'uuid' },
      ],
      [
        'Base Board Information',
        { Manufacturer: 'boardmanufacturer', 'Product Name': 'boardproductname', 'Serial Number': 'boardserialnumber' },
      ],
      ['BIOS Information', { Vendor: 'bios_vendor', Version: 'bios_version', 'Release Date': 'bios_release_date' }],
      ['Chassis Information', { Type: 'type', 'Asset Tag': 'mk_asset_tag' }],
    ] as const) {
      const fields = blocks.find((block) => block.title === title)?.fields;
      for (const [key, fact] of Object.entries(pairs)) {
        const theirs = fields?.get(key);
        if (theirs !== undefined && !(fact === 'mk_asset_tag' && theirs === 'Not Specified'))
          values.push({ fact, theirs });
      }
    }
    return values;
  });
}

interface LshwNode {
  readonly class?: string;
  readonly id?: string;
  readonly vendor?: string;
  readonly serial?: string;
  readonly logicalname?: string | readonly string[];
  readonly children?: readonly LshwNode[];
}

/** lshw's MAC addresses, and the maker of the board. Never throws. */
export function askLshw(sources: Sources): Promise<ProgramReport> {
  return ask(sources, ['lshw', '-json', '-quiet'], (text) => {
    const parsed = JSON.parse(text) as LshwNode | LshwNode[];
    const nodes: LshwNode[] = [];
    const walk = (node: LshwNode, depth: number): void => {
      nodes.push(node);
      if (depth < 32) for (const child of node.children ?? []) walk(child, depth + 1);
    };
    for (const root of Array.isArray(parsed) ? parsed : [parsed]) walk(root, 0);
    const values: OtherValue[] = [];
    for (const node of nodes.filter((one) => one.class === 'network')) {
      const name = typeof node.logicalname === 'string' ? node.logicalname : node.logicalname?.[0];
      if (name !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(node.serial ?? '')) {
        values.push({ fact: `macaddress_${name.replaceAll(/\W/g, '_')}`, theirs: node.serial as string });
      }
    }
    const bus = nodes.find((one) => one.id === 'core')?.vendor;
    if (bus !== undefined) values.push({ fact: 'mk_hw_bus_vendor', theirs: bus });
    return values;
  });
}
