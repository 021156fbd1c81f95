/** The decoded SMBIOS fields in dmidecode's words, and dmidecode's text cut into the same form, to compare the two. */
import { type MemoryDevice, type SmbiosStructure } from '../../facts/smbios/smbios.ts';

export type View = Readonly<Record<string, string | undefined>>;

/** dmidecode's text as lines `Key: value` by handle (`0x0400`); lists and flag lines are left out. */
export function parseDmidecode(text: string): Map<number, View> {
  const records = new Map<number, View>();
  let current: Record<string, string> | undefined;
  for (const line of text.split('\n')) {
    const handle = /^Handle (0x[0-9A-Fa-f]+), DMI type/.exec(line)?.[1];
    if (handle !== undefined) {
      current = {};
      records.set(Number(handle), current);
      continue;
    }
    const pair = /^\t([^\t:][^:]*): (.*)$/.exec(line);
    if (pair?.[1] !== undefined && pair[2] !== undefined && current !== undefined) current[pair[1]] = pair[2];
  }
  return records;
}

/** What dmidecode is expected to print for a structure; undefined values are not compared. */
export function viewOf(structure: SmbiosStructure): View {
  switch (structure.kind) {
    case 'bios':
      return {
        Vendor: structure.vendor,
        Version: structure.version,
        'Release Date': structure.releaseDate,
        'ROM Size': bytes(structure.romSize),
        'BIOS Revision': structure.biosRevision,
        'Firmware Revision': structure.firmwareRevision,
      };
    case 'system':
      return {
        Manufacturer: structure.manufacturer,
        'Product Name': structure.productName,
        Version: structure.version,
        'Serial Number': structure.serialNumber,
        UUID: structure.uuid,
        'SKU Number': structure.skuNumber,
        Family: structure.family,
      };
    case 'board':
      return {
        Manufacturer: structure.manufacturer,
        'Product Name': structure.productName,
        Version: structure.version,
        'Serial Number': structure.serialNumber,
        'Asset Tag': structure.assetTag,
        'Location In Chassis': structure.location,
        'Chassis Handle': hex(structure.chassisHandle),
        Type: structure.boardType,
      };
    case 'chassis':
      return {
        Manufacturer: structure.manufacturer,
        Type: structure.chassisType,
        Version: structure.version,
        'Serial Number': structure.serialNumber,
        'Asset Tag': structure.assetTag,
        Height: structure.heightUnits === undefined ? undefined : `${structure.heightUnits} U`,
        'Number Of Power Cords': structure.powerCords?.toString(),
        'SKU Number': structure.skuNumber,
      };
    case 'processor':
      return {
        'Socket Designation': structure.socket,
        Type: structure.processorType,
        Manufacturer: structure.manufacturer,
        ID: structure.id && [...structure.id].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' '),
        Version: structure.version,
        'External Clock': megahertz(structure.externalClock),
        'Max Speed': megahertz(structure.maxSpeed),
        'Current Speed': megahertz(structure.currentSpeed),
        'L1 Cache Handle': hex(structure.cacheHandles[0]),
        'L2 Cache Handle': hex(structure.cacheHandles[1]),
        'L3 Cache Handle': hex(structure.cacheHandles[2]),
        'Serial Number': structure.serialNumber,
        'Asset Tag': structure.assetTag,
        'Part Number': structure.partNumber,
        'Core Count': structure.coreCount?.toString(),
        'Core Enabled': structure.coresEnabled?.toString(),
        'Thread Count': structure.threadCount?.toString(),
      };
    case 'cache':
      return {
        'Socket Designation': structure.designation,
        'Operational Mode': structure.mode,
        Location: structure.location,
        'Installed Size': bytes(structure.installedSize),
        'Maximum Size': bytes(structure.maximumSize),
        'Error Correction Type': structure.errorCorrection,
        'System Type': structure.cacheType,
      };
    case 'slot':
      return {
        Designation: structure.designation,
        'Current Usage': structure.usage,
        Length: structure.length,
        'Bus Address': structure.busAddress,
      };
    case 'oemStrings':
      return Object.fromEntries(structure.strings.map((text, index) => [`String ${index + 1}`, text]));
    case 'memoryArray':
      return {
        Location: structure.location,
        Use: structure.use,
        'Error Correction Type': structure.errorCorrection,
        'Maximum Capacity': bytes(structure.maximumCapacity),
        'Number Of Devices': structure.deviceCount?.toString(),
      };
    case 'memoryDevice':
      return {
        'Array Handle': hex(structure.arrayHandle),
        'Total Width': bits(structure.totalWidth),
        'Data Width': bits(structure.dataWidth),
        Size: structure.size === 0 ? 'No Module Installed' : bytes(structure.size),
        'Form Factor': structure.formFactor,
        Locator: structure.locator,
        'Bank Locator': structure.bankLocator,
        Type: structure.memoryType,
        'Type Detail': structure.typeDetail.length === 0 ? undefined : structure.typeDetail.join(' '),
        ...(structure.size === 0 ? {} : moduleView(structure)), // dmidecode leaves the rest of an empty slot out
      };
    case 'ipmi':
      return {
        'Interface Type': structure.interfaceType,
        'Specification Version': structure.specificationVersion,
        'I2C Slave Address': structure.i2cAddress === undefined ? undefined : hex(structure.i2cAddress, 2),
        'Base Address':
          structure.baseAddress === undefined
            ? undefined
            : `0x${structure.baseAddress.toString(16).toUpperCase().padStart(16, '0')} (${structure.addressSpace})`,
      };
    case 'onboard':
      return {
        'Reference Designation': structure.designation,
        Type: structure.deviceType,
        Status: structure.enabled ? 'Enabled' : 'Disabled',
        'Type Instance': structure.instance?.toString(),
        'Bus Address': structure.busAddress,
      };
    case 'tpm':
      return {
        'Vendor ID': structure.vendorId,
        'Specification Version': structure.specificationVersion,
        'Firmware Revision': structure.firmwareVersion,
        Description: structure.description,
      };
    case 'hostInterface':
    case 'other':
      return {};
  }
}

function moduleView(device: MemoryDevice): View {
  return {
    Speed: device.speed === undefined ? undefined : `${device.speed} MT/s`,
    Manufacturer: device.manufacturer,
    'Serial Number': device.serialNumber,
    'Asset Tag': device.assetTag,
    'Part Number': device.partNumber,
    Rank: device.rank?.toString(),
  };
}

/** Names and values where the two views differ, and how many were compared. */
export function compareViews(ours: View, theirs: View): { total: number; differences: string[] } {
  let total = 0;
  const differences: string[] = [];
  for (const [name, value] of Object.entries(ours)) {
    if (value === undefined && theirs[name] === undefined) continue;
    if (value === undefined && /^(Unknown|Unspecified|None|Not Provided)$/.test(theirs[name] ?? '')) continue;
    total += 1;
    if (value !== theirs[name])
      differences.push(`${name}: ${value ?? '(absent)'} instead of ${theirs[name] ?? '(absent)'}`);
  }
  return { total, differences };
}

function hex(value: number | undefined, width = 4): string | undefined {
  return value === undefined ? undefined : `0x${value.toString(16).toUpperCase().padStart(width, '0')}`;
}

function bits(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value} bits`;
}

function megahertz(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value} MHz`;
}

/** The largest unit that divides the size, as dmidecode prints sizes. */
function bytes(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  let size = value;
  let unit = 0;
  while (size >= 1024 && size % 1024 === 0 && unit < 4) {
    size /= 1024;
    unit += 1;
  }
  return `${size} ${['bytes', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}
