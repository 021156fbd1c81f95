/**
 * Structured facts in Facter 4's names and types, for servers whose rules use them (razor-server's `os.release.major`, Foreman's
 * `dmi::product::name`). Made of what was read already; which server sends them its descriptor says. docs/facts.md lists the names.
 */
import type { FactSet } from '../fact-types.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { StructuredValue } from './structured-value.ts';
import { structuredNetworking } from './structured-networking.ts';

/** By Facter's top name: os, processors, memory, networking, dmi, disks, mountpoints, system_uptime. */
export type StructuredFacts = Readonly<Record<string, StructuredValue>>;

/** More disks than a server takes in one fact (Foreman drops a map of more than 100 entries as a whole). */
const MOST_ENTRIES = 100;

/** The structured facts of a gathering; empty for one without an inventory. Numbers are numbers, sizes bytes beside words. */
export function structuredFacts(set: FactSet): StructuredFacts {
  const inventory = set.inventory?.();
  if (inventory === undefined) return {};
  const fact = (name: string): string | undefined => set.facts.get(name)?.value;
  const all = {
    os: os(inventory, fact),
    processors: processors(inventory, fact),
    memory: memory(inventory),
    networking: structuredNetworking(inventory, fact),
    dmi: dmi(inventory, fact),
    disks: disks(inventory),
    mountpoints: mountpoints(inventory),
    system_uptime: uptime(fact),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => {
      const plain = withoutAbsent(value);
      return plain === undefined ? [] : [[name, plain]];
    }),
  );
}

type Look = (name: string) => string | undefined;

/** A copy without undefined members and without the maps that have none left. */
function withoutAbsent(value: StructuredValue | undefined): StructuredValue | undefined {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: StructuredValue) => withoutAbsent(item) ?? '');
  const entries = Object.entries(value).flatMap(([name, item]) => {
    const plain = withoutAbsent(item);
    return plain === undefined ? [] : [[name, plain] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function os(inventory: Inventory, fact: Look): StructuredValue {
  const full = fact('operatingsystemrelease');
  const [major, minor] = (full ?? '').split('.');
  return {
    architecture: fact('architecture'),
    hardware: fact('hardwaremodel'),
    family: fact('osfamily'),
    name: inventory.os.name === '' ? undefined : inventory.os.name,
    release: { full, major: major === '' ? undefined : major, minor },
    distro: distro(inventory, full),
    selinux: { enabled: fact('selinux') === 'true' },
  };
}

/** Facter 4's `os.distro`: of /etc/os-release; the release is the system's own where that says more (Debian's 12.11). */
function distro({ os: { name, distro: own } }: Inventory, full: string | undefined): StructuredValue | undefined {
  if (own === undefined) return undefined;
  const release = name === 'Debian' ? (full ?? own.version) : own.version;
  const [major, minor] = (release ?? '').split('.');
  return {
    codename: own.codename,
    description: own.description,
    id: own.id === undefined ? undefined : own.id.charAt(0).toUpperCase() + own.id.slice(1),
    release: release === undefined ? undefined : { full: release, major, minor },
  };
}

function processors({ cpu }: Inventory, fact: Look): StructuredValue {
  const models = Object.values(cpuModels(fact, cpu.count));
  const cores =
    cpu.cores === undefined || cpu.sockets === 0 ? undefined : Math.max(1, Math.floor(cpu.cores / cpu.sockets));
  return {
    count: cpu.count,
    physicalcount: cpu.sockets,
    models: models.length > 0 ? models : undefined,
    isa: fact('hardwareisa'),
    cores,
    threads: cpu.cores === undefined || cpu.cores === 0 ? undefined : Math.max(1, Math.floor(cpu.count / cpu.cores)),
    speed: cpu.frequencyMhz === undefined ? undefined : `${(cpu.frequencyMhz / 1000).toFixed(2)} GHz`,
  };
}

/** The name of each processor, in their order. */
function cpuModels(fact: Look, count: number): string[] {
  return Array.from({ length: count }, (_, i) => fact(`processor${i}`)?.trim()).filter((model) => model !== undefined);
}

function memory({ memory: { total, available, swap, swapFree } }: Inventory): StructuredValue {
  return {
    system: total === 0 ? undefined : usage(total, available ?? 0),
    swap: swap === 0 ? undefined : usage(swap, swapFree),
  };
}

/** Bytes and words, and how much of it is used. */
function usage(total: number, available: number): StructuredValue {
  const used = total - available;
  return {
    total: humanBytes(total),
    total_bytes: total,
    available: humanBytes(available),
    available_bytes: available,
    used: humanBytes(used),
    used_bytes: used,
    capacity: `${((used / total) * 100).toFixed(2)}%`,
  };
}

/** `23.54 GiB`, `512 bytes`: Facter 4's words for a size. What would round to 1024 of a unit is 1.00 of the next one. */
export function humanBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let unit = 0;
  let size = bytes;
  while (Math.round(size * 100) >= 102_400 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} bytes` : `${size.toFixed(2)} ${units[unit] ?? ''}`;
}

function dmi({ system, board, chassis, firmware }: Inventory, fact: Look): StructuredValue {
  return {
    manufacturer: system.manufacturer,
    product: { name: system.product, serial_number: fact('serialnumber'), uuid: fact('uuid'), version: system.version },
    bios: { vendor: firmware.vendor, version: firmware.version, release_date: firmware.date },
    board: { manufacturer: board.manufacturer, product: board.product, serial_number: fact('boardserialnumber') },
    chassis: { type: chassis.type, asset_tag: fact('mk_asset_tag') },
  };
}

function disks({ disks: all }: Inventory): StructuredValue {
  return Object.fromEntries(
    all.slice(0, MOST_ENTRIES).map(({ name, size, model, vendor, serial, wwn, rotational }) => [
      name,
      {
        size: humanBytes(size),
        size_bytes: size,
        model,
        vendor,
        serial,
        wwn,
        type: rotational === undefined ? undefined : rotational ? 'hdd' : 'ssd',
      },
    ]),
  );
}

/** Sizes are 0 where the file system cannot be asked, as Facter gives them. */
function mountpoints({ mounts }: Inventory): StructuredValue {
  return Object.fromEntries(
    mounts.slice(0, MOST_ENTRIES).map(({ path, device, filesystem, options, space }) => {
      const { size = 0, free = 0, available: left = 0 } = space ?? {};
      const used = size - free;
      const sizes = {
        size_bytes: size,
        available_bytes: left,
        used_bytes: used,
        capacity: capacityOf(used, used + left),
        size: humanBytes(size),
        available: humanBytes(left),
        used: humanBytes(used),
      };
      return [path, { device, filesystem, options, ...sizes }];
    }),
  );
}

function capacityOf(used: number, total: number): string {
  if (used === total) return '100%';
  return used > 0 ? `${((used / total) * 100).toFixed(2)}%` : '0%';
}

function uptime(fact: Look): StructuredValue {
  const number = (name: string): number | undefined => {
    const text = fact(name);
    return text === undefined ? undefined : Number(text);
  };
  return {
    seconds: number('uptime_seconds'),
    hours: number('uptime_hours'),
    days: number('uptime_days'),
    uptime: fact('uptime'),
  };
}
