/** The mk_hw_* facts of the original agent from the texts of `lshw -c CLASS` and of lscpu. */
import { type LshwMap, type LshwValue, parseLshwText, readPair } from './lshw-text.ts';

/** The classes that the original asked lshw for, in its order. */
export const LSHW_CLASSES = ['bus', 'memory', 'disk', 'processor', 'network'] as const;
export type LshwClass = (typeof LSHW_CLASSES)[number];

/** Facts by name, in the order in which the original made them. */
export type HardwareFacts = Map<string, string>;

const LSCPU_FIELDS = [
  'Architecture',
  'CPU_op-mode(s)',
  'Byte_Order',
  'CPU_socket(s)',
  'Vendor_ID',
  'CPU_family',
  'Model',
  'Stepping',
  'CPU_MHz',
  'BogoMIPS',
  'Virtualization',
  'L1d_cache',
  'L1i_cache',
  'L2_cache',
  'L3_cache',
];
const BUS_FIELDS = ['description', 'product', 'vendor', 'version', 'serial', 'physical_id'];
const FIRMWARE_FIELDS = ['description', 'vendor', 'physical_id', 'version', 'date', 'size', 'capabilities', 'capacity'];
const MEMORY_FIELDS = ['description', 'physical_id', 'slot', 'size'];
const DISK_FIELDS = [
  'description',
  'product',
  'physical_id',
  'bus_info',
  'logical_name',
  'version',
  'serial',
  'size',
  'configuration',
];
const NIC_FIELDS = [
  'description',
  'physical_id',
  'bus_info',
  'logical_name',
  'version',
  'serial',
  'size',
  'capacity',
  'width',
  'clock',
  'capabilities',
  'configuration',
];
const CPU_FIELDS = ['product', 'vendor', 'slot', ...NIC_FIELDS];
/** Removed from names at the very end. */
const OFFENDING = /[!@#$%^&*()=+[\]{}]/g;

/** The facts of an lscpu text, in any of its formats. */
export function lscpuFacts(text: string): HardwareFacts {
  const facts: HardwareFacts = new Map();
  const map: LshwMap = new Map();
  for (const line of text.split('\n', 10_000)) {
    const pair = line.trim() === '' ? undefined : readPair(line);
    if (pair !== undefined) map.set(pair.key, pair.value);
  }
  facts.set('mk_hw_lscpu_hash_json_str', toJson(map));
  flatten(facts, 'mk_hw_lscpu', map, LSCPU_FIELDS);
  return clean(facts);
}

/** The facts of one class text. */
export function lshwClassFacts(lshwClass: LshwClass, text: string): HardwareFacts {
  const facts: HardwareFacts = new Map();
  const map = parseLshwText(text);
  switch (lshwClass) {
    case 'bus':
      whole(facts, 'mk_hw_bus', map);
      flatten(facts, 'mk_hw_bus', map.get('core'), BUS_FIELDS);
      break;
    case 'memory':
      whole(facts, 'mk_hw_mem', map, /cache_array/);
      flatten(facts, 'mk_hw_fw', map.get('firmware'), FIRMWARE_FIELDS);
      flatten(facts, 'mk_hw_mem', map.get('memory'), MEMORY_FIELDS);
      break;
    case 'disk':
      whole(facts, 'mk_hw_disk', map);
      flattenArray(facts, 'mk_hw_disk', map.get('disk_array'), DISK_FIELDS);
      break;
    case 'processor':
      whole(facts, 'mk_hw_proc', map);
      flattenArray(facts, 'mk_hw_cpu', map.get('cpu_array'), CPU_FIELDS);
      break;
    case 'network':
      whole(facts, 'mk_hw_nw', map);
      flattenArray(facts, 'mk_hw_nic', map.get('network_array'), NIC_FIELDS);
      break;
  }
  return clean(facts);
}

/** Hanlon's facts of filled memory slots, which Razor's microkernel had not: of the text of `lshw -c memory`. */
export function slotFacts(text: string): HardwareFacts {
  const facts: HardwareFacts = new Map();
  flattenArray(facts, 'mk_hw_mem_slot', filledBanks(parseLshwText(text)), MEMORY_FIELDS);
  return facts;
}

/** All facts of the five texts; a text that is missing has no facts. */
export function lshwFacts(texts: Readonly<Partial<Record<LshwClass, string>>>): HardwareFacts {
  return new Map(LSHW_CLASSES.flatMap((name) => [...lshwClassFacts(name, texts[name] ?? '')]));
}

/** Every top-level node as one JSON text. */
function whole(facts: HardwareFacts, prefix: string, map: LshwMap, except?: RegExp): void {
  for (const [key, value] of map) {
    const name = `${prefix}_${key}`;
    if (except?.test(name) !== true) facts.set(`${name}_json_str`, toJson(value));
  }
}

function flatten(facts: HardwareFacts, prefix: string, map: LshwValue | undefined, fields: readonly string[]): void {
  if (!(map instanceof Map)) return;
  for (const field of fields) {
    const value = map.get(field);
    if (typeof value === 'string') facts.set(`${prefix}_${field}`, value);
  }
}

/**
 * The memory banks that have a size, however deep they lie: Hanlon's microkernel looked for an array beside the memory only, and lost
 * every later fact where lshw printed one bank, or several memories. Undefined where there are none.
 */
function filledBanks(map: LshwMap): LshwMap[] | undefined {
  const banks: LshwMap[] = [];
  const look = (value: LshwValue, key: string): void => {
    if (Array.isArray(value)) for (const item of value) look(item, key);
    else if (value instanceof Map) {
      if (/^bank(_array)?$/.test(key) && typeof value.get('size') === 'string') banks.push(value);
      for (const [name, item] of value) look(item, name);
    }
  };
  look(map, '');
  return banks.length === 0 ? undefined : banks;
}

function flattenArray(facts: HardwareFacts, prefix: string, list: LshwValue | undefined, fields: readonly string[]) {
  if (!Array.isArray(list)) return;
  const items = list.filter((item) => item !== null);
  facts.set(`${prefix}_count`, String(items.length));
  for (const [index, item] of items.entries()) flatten(facts, `${prefix}${index}`, item, fields);
}

/** Names without offending characters; the renamed ones come last, as in the original. */
function clean(facts: HardwareFacts): HardwareFacts {
  for (const [name, value] of [...facts]) {
    const cleaned = name.replaceAll(OFFENDING, '');
    if (cleaned === name) continue;
    facts.delete(name);
    facts.set(cleaned, value);
  }
  return facts;
}

/** JSON as Ruby's JSON.generate writes it, in the order of the maps. */
function toJson(value: LshwValue): string {
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`).join(',')}}`;
  }
  return Array.isArray(value) ? `[${value.map(toJson).join(',')}]` : JSON.stringify(value);
}
