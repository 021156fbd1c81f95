/**
 * The tree of devices that lshw prints, as a model of our own: filled from lshw's XML (lshw-xml.ts) or from files of
 * the machine (native.ts), and printed by render.ts.
 */

/** lshw's classes; `generic` is everything else. */
export type HardwareClass =
  | 'address'
  | 'bridge'
  | 'bus'
  | 'communication'
  | 'disk'
  | 'display'
  | 'generic'
  | 'input'
  | 'memory'
  | 'multimedia'
  | 'network'
  | 'power'
  | 'printer'
  | 'processor'
  | 'storage'
  | 'system'
  | 'tape'
  | 'volume';

/** One device. Empty texts and zeros stand for "not known" and are not printed. */
export interface HardwareNode {
  /** `cpu`, `network:1` */
  id: string;
  hardwareClass: HardwareClass;
  claimed: boolean;
  disabled: boolean;
  /** `DMI:0400`: by which other nodes refer to this one. */
  handle: string;
  description: string;
  product: string;
  vendor: string;
  physicalId: string;
  busInfo: string;
  logicalNames: string[];
  version: string;
  date: string;
  serial: string;
  slot: string;
  /** Bytes, Hz or bit/s, by class. */
  size: number;
  capacity: number;
  /** Bits. */
  width: number;
  /** Hz. */
  clock: number;
  capabilities: string[];
  configuration: Map<string, string>;
  /** `irq:9`, `ioport:1f0(size=8)` */
  resources: string[];
  /** Handles of nodes that belong below this one wherever they turn up. */
  attracts: Set<string>;
  children: HardwareNode[];
}

/** A node of an id and class; texts are empty, numbers 0 and lists empty unless `more` says otherwise. */
export function newNode(id: string, hardwareClass: HardwareClass, details: Partial<HardwareNode> = {}): HardwareNode {
  return {
    id,
    hardwareClass,
    claimed: false,
    disabled: false,
    handle: '',
    description: '',
    product: '',
    vendor: '',
    physicalId: '',
    busInfo: '',
    logicalNames: [],
    version: '',
    date: '',
    serial: '',
    slot: '',
    size: 0,
    capacity: 0,
    width: 0,
    clock: 0,
    capabilities: [],
    configuration: new Map(),
    resources: [],
    attracts: new Set(),
    children: [],
    ...details,
  };
}

/**
 * Puts a node below another one, or below the sibling that attracts its handle. Nodes of one name are numbered from 0
 * in the order in which they come; of two with the same physical id, both lose it and get a free one at the end.
 */
export function addChild(parent: HardwareNode, node: HardwareNode): HardwareNode {
  const attracting = node.handle === '' ? undefined : parent.children.find((child) => child.attracts.has(node.handle));
  if (attracting !== undefined) return addChild(attracting, node);
  if (node.physicalId !== '') {
    const same = parent.children.find((child) => child.physicalId === node.physicalId);
    if (same !== undefined) {
      same.physicalId = '';
      node.physicalId = '';
    }
  }
  const names = new Set(parent.children.map((child) => child.id));
  const first = parent.children.find((child) => child.id === node.id);
  const radical = node.id;
  let count = 0;
  const free = (): string => {
    while (names.has(`${radical}:${count}`)) count += 1;
    names.add(`${radical}:${count}`);
    return `${radical}:${count}`;
  };
  const numbered = first !== undefined || names.has(`${radical}:0`);
  if (first !== undefined) first.id = free();
  if (numbered) node.id = free();
  parent.children.push(node);
  return node;
}

/** Adds a capability once, with lshw's spelling of names: lower case, `_` for what is not a letter, digit or `.:-`. */
export function addCapability(node: HardwareNode, name: string): void {
  const id = cleanId(name);
  if (id !== '' && !node.capabilities.includes(id)) node.capabilities.push(id);
}

/** An id as lshw writes it: other characters than letters, digits, `_`, `:` and `.` are cut. */
function cleanId(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^0-9a-z_.:-]/g, '_');
}

/** A setting; an empty value removes it. */
export function configure(node: HardwareNode, key: string, value: string | number | undefined): void {
  const text = String(value ?? '').trim();
  if (text === '') node.configuration.delete(key);
  else node.configuration.set(key, text);
}

/** The first node, in tree order, for which `matches` says yes. */
export function findHardwareNode(
  node: HardwareNode,
  matches: (node: HardwareNode) => boolean,
): HardwareNode | undefined {
  if (matches(node)) return node;
  for (const child of node.children) {
    const found = findHardwareNode(child, matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The node on a bus address (`pci@0000:1a:00.0`), if any. */
export function findByBusInfo(root: HardwareNode, busInfo: string): HardwareNode | undefined {
  if (busInfo === '') return undefined;
  const wanted = busInfo.toLowerCase();
  return findHardwareNode(root, (node) => node.busInfo.toLowerCase() === wanted);
}

/** Claims a node and everything below it. */
export function claimAll(node: HardwareNode): void {
  node.claimed = true;
  node.children.forEach(claimAll);
}

/** The last touches: free physical ids, a capacity below the size dropped, whatever has a name claimed. */
export function finish(node: HardwareNode): void {
  const used = new Set(node.children.map((child) => child.physicalId));
  for (const child of node.children) {
    if (child.physicalId === '') {
      let id = child.hardwareClass === 'bridge' ? 0x100 : 0;
      while (used.has(id.toString(16))) id += 1;
      child.physicalId = id.toString(16);
      used.add(child.physicalId);
    }
  }
  if (node.capacity < node.size) node.capacity = 0;
  if (node.logicalNames.length > 0) node.claimed = true;
  node.children.forEach(finish);
}
