/** What lshw makes of the SMBIOS tables: the board, the firmware, processors, caches, memory arrays and their slots. */
import {
  type CacheInformation,
  type MemoryArray,
  type MemoryDevice,
  type ProcessorInformation,
  type SmbiosStructure,
  specified,
} from '../../smbios/smbios.ts';
import { FIRMWARE_CAPABILITIES, FIRMWARE_EXTENSIONS, memoryDeviceWords, processorFamily } from './native-names.ts';
import { addCapability, addChild, configure, findHardwareNode, type HardwareNode, newNode } from '../lshw-node.ts';

/** Puts what the tables describe below `core`, the board's node. */
export function addSmbios(core: HardwareNode, structures: readonly SmbiosStructure[]): void {
  let processors = 0;
  for (const structure of structures) {
    const handle = handleName(structure.handle);
    switch (structure.kind) {
      case 'bios':
        addFirmware(core, structure, structure.handle);
        break;
      case 'board':
        addBoard(core, structure, handle);
        break;
      case 'processor':
        addChild(core, { ...processorNode(structure, processors), handle, physicalId: hex(structure.handle) });
        processors += 1;
        break;
      case 'cache':
        if ((structure.installedSize ?? 0) > 0) {
          addChild(core, { ...cacheNode(structure), handle, physicalId: hex(structure.handle) });
        }
        break;
      case 'memoryArray':
        addMemoryArray(core, structure, structure.handle);
        break;
      case 'memoryDevice':
        addMemoryDevice(core, structure, handle);
        break;
      default:
        break;
    }
  }
}

function text(value: string | undefined): string {
  return specified(value) ?? '';
}

function hex(value: number): string {
  return value.toString(16);
}

function handleName(handle: number | undefined): string {
  return handle === undefined ? '' : `DMI:${handle.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The board that everything is on is the core itself; one that names what it holds is a node of its own. */
function addBoard(core: HardwareNode, board: SmbiosStructure & { readonly kind: 'board' }, handle: string): void {
  const details = {
    vendor: text(board.manufacturer),
    product: text(board.productName),
    version: text(board.version),
    serial: text(board.serialNumber),
    slot: text(board.location),
    handle,
  };
  if (board.containedHandles.length === 0) {
    Object.assign(core, details, { description: 'Motherboard' });
    return;
  }
  const type = board.boardType ?? '';
  const node = newNode('board', 'bus', {
    ...details,
    physicalId: hex(board.handle),
    description: /^(Unknown|Other|<.*)?$/.test(type) ? '' : type,
  });
  for (const contained of board.containedHandles) node.attracts.add(handleName(contained));
  addChild(core, node);
}

function addFirmware(core: HardwareNode, bios: SmbiosStructure & { readonly kind: 'bios' }, handle: number): void {
  const node = newNode('firmware', 'memory', {
    vendor: text(bios.vendor),
    version: text(bios.version),
    date: text(bios.releaseDate),
    description: 'BIOS',
    capacity: bios.romSize ?? 0,
    size: 16 * (0x10000 - (bios.startSegment ?? 0)),
    physicalId: hex(handle),
    claimed: true,
  });
  // bit 3: "characteristics not supported"
  if ((bios.characteristics & 8) === 0) {
    for (const [bit, name] of FIRMWARE_CAPABILITIES) if ((bios.characteristics >>> bit) & 1) addCapability(node, name);
  }
  for (const [byte, bit, name] of FIRMWARE_EXTENSIONS) {
    if (((bios.extended[byte] ?? 0) >>> bit) & 1) addCapability(node, name);
  }
  addChild(core, node);
}

function processorNode(processor: ProcessorInformation, index: number): HardwareNode {
  const part = text(processor.partNumber);
  const node = newNode('cpu', 'processor', {
    claimed: true,
    description: 'CPU',
    slot: text(processor.socket),
    product: `${processorFamily(processor.family)}${part === '' ? '' : ` (${part})`}`.trim(),
    version: text(processor.version),
    vendor: text(processor.manufacturer),
    serial: text(processor.serialNumber),
  });
  for (const handle of processor.cacheHandles) if (handle !== undefined) node.attracts.add(handleName(handle));
  if (processor.populated) {
    const mega = 1_000_000;
    node.busInfo = `cpu@${index}`;
    node.clock = (processor.externalClock ?? 0) * mega;
    node.capacity = (processor.maxSpeed ?? 0) * mega;
    node.size = (processor.currentSpeed ?? 0) * mega;
    if (node.capacity < node.size) node.capacity = 0;
    // 2 and 3: disabled by the user or the firmware. 4, idle, is how firmware hands over all but the boot processor's socket
    node.disabled = processor.status === 2 || processor.status === 3;
  } else {
    node.description = 'CPU [empty]';
    node.disabled = true;
  }
  configure(node, 'cores', processor.coreCount);
  configure(node, 'enabledcores', processor.coresEnabled);
  configure(node, 'threads', processor.threadCount);
  if (((processor.characteristics ?? 0) & 4) !== 0) addCapability(node, 'lm');
  return node;
}

const SRAM = ['non-burst', 'burst', 'pipeline-burst', 'synchronous', 'asynchronous'];

function cacheNode(cache: CacheInformation): HardwareNode {
  const node = newNode('cache', 'memory', {
    claimed: true,
    slot: text(cache.designation),
    description: `L${cache.level} cache`,
    disabled: !cache.enabled,
    capacity: cache.maximumSize ?? 0,
    size: cache.installedSize ?? 0,
  });
  for (const [index, name] of SRAM.entries()) if ((cache.sramType >> (index + 2)) & 1) addCapability(node, name);
  const location = cache.location.toLowerCase();
  if (location === 'internal' || location === 'external') addCapability(node, location);
  const mode = { 'Write Through': 'write-through', 'Write Back': 'write-back' }[cache.mode];
  if (mode !== undefined) addCapability(node, mode);
  else if (cache.mode.startsWith('Varies')) addCapability(node, 'varies');
  const type = cache.cacheType?.toLowerCase() ?? '';
  if (['instruction', 'data', 'unified'].includes(type)) addCapability(node, type);
  configure(node, 'level', cache.level);
  return node;
}

const ARRAY_KINDS: Readonly<Record<string, readonly [id: string, description: string]>> = {
  'System Memory': ['memory', 'System Memory'],
  'Video Memory': ['videomemory', 'Video Memory'],
  'Flash Memory': ['flash', 'Flash Memory'],
  'Non-volatile RAM': ['nvram', 'NVRAM'],
  'Cache Memory': ['cache', 'Cache Memory'],
};

const CORRECTION: Readonly<Record<string, readonly [capability: string, setting: string]>> = {
  Parity: ['parity', 'parity'],
  'Single-bit ECC': ['ecc', 'ecc'],
  'Multi-bit ECC': ['ecc', 'multi-bit-ecc'],
  CRC: ['crc', 'crc'],
};

function addMemoryArray(core: HardwareNode, array: MemoryArray, handle: number): void {
  const [id, description] = ARRAY_KINDS[array.use ?? ''] ?? ['memory', 'Generic Memory'];
  // a second array of system memory has no node of its own; its slots join the first one's
  if (id === 'memory' && core.children.some((child) => child.id === 'memory')) return;
  const location = array.location ?? '';
  const node = newNode(id, 'memory', {
    handle: handleName(handle),
    physicalId: hex(handle),
    description,
    slot: /^(Other|Unknown|<.*)?$/.test(location) ? '' : sentenceCase(location),
    claimed: array.use === 'System Memory',
    capacity: array.maximumCapacity ?? 0,
  });
  const correction = CORRECTION[array.errorCorrection ?? ''];
  if (correction !== undefined) {
    addCapability(node, correction[0]);
    configure(node, 'errordetection', correction[1]);
  }
  addChild(core, node);
}

/** `System Board Or Motherboard` as lshw writes it, `System board or motherboard`. */
function sentenceCase(name: string): string {
  if (name === 'NuBus') return name;
  return name.replaceAll(/ (Board|Or|Motherboard|Add-on|Card)\b/g, (word) => word.toLowerCase());
}

function addMemoryDevice(core: HardwareNode, device: MemoryDevice, handle: string): void {
  const node = newNode('bank', 'memory', {
    handle,
    slot: text(device.locator),
    vendor: text(device.manufacturer),
    serial: text(device.serialNumber),
    product: text(device.partNumber),
    size: device.size ?? 0,
    width: bankWidth(device),
    clock: (device.speed ?? 0) * 1_000_000,
    description: `${memoryDeviceWords(device)}${(device.size ?? 0) === 0 ? ' [empty]' : ''}`.trim(),
  });
  const wanted = handleName(device.arrayHandle);
  const array =
    findHardwareNode(core, (candidate) => candidate.handle === wanted) ??
    core.children.find((child) => child.id === 'memory');
  addChild(array ?? addChild(core, newNode('memory', 'memory')), node);
}

function bankWidth({ totalWidth, dataWidth }: MemoryDevice): number {
  if (totalWidth === undefined) return 0;
  return dataWidth === undefined ? totalWidth : Math.min(totalWidth, dataWidth);
}
