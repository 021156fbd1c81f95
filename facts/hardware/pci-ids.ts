/**
 * Names of PCI vendors, devices and classes from the pci.ids list (Debian package pci.ids; the file's own header says
 * its format). Only the entries that are asked for are looked up in the text; nothing is indexed.
 */
import { existsSync, readFileSync } from 'node:fs';

export interface PciIds {
  /** `Intel Corporation` for 0x8086; undefined when the list has no such vendor. */
  vendor(vendor: number): string | undefined;
  /** The device's name; the vendor's name where the list has only the vendor, as lshw prints it. */
  device(vendor: number, device: number): string | undefined;
  /**
   * The most exact name for a class (`Ethernet controller` for 0x0200): its programming interface where given and
   * listed, else its subclass, else its base class.
   */
  className(code: number, programming?: number): string | undefined;
}

/** Where distributions keep the list, and where the microkernel's image has its compact form. */
export const PCI_IDS_PATHS: readonly string[] = [
  '/usr/share/misc/pci.ids',
  '/usr/share/hwdata/pci.ids',
  '/usr/share/pci.ids',
  '/usr/local/share/pci.ids',
];

/** A list from its text, the original or the compact one. */
export function parsePciIds(text: string): PciIds {
  const classesAt = text.search(/^C [0-9a-f]{2} /m);
  const devices = `\n${classesAt === -1 ? text : text.slice(0, classesAt)}`;
  const classes = `\n${classesAt === -1 ? '' : text.slice(classesAt)}`;
  const sections = new Map<string, { readonly name: string; readonly body: string } | undefined>();
  const section = (list: string, prefix: string) => {
    if (!sections.has(prefix)) sections.set(prefix, findSection(list, prefix));
    return sections.get(prefix);
  };
  return {
    vendor: (vendor) => section(devices, hex(vendor, 4))?.name,
    device(vendor, device) {
      const found = section(devices, hex(vendor, 4));
      return found && (entryName(found.body, `\n\t${hex(device, 4)}`) ?? found.name);
    },
    className(code, programming) {
      const base = section(classes, `C ${hex(code >> 8, 2)}`);
      if (base === undefined) return undefined;
      const at = base.body.indexOf(`\n\t${hex(code & 0xff, 2)} `);
      if (at === -1) return base.name;
      const next = base.body.slice(at + 1).search(/\n\t[0-9a-f]/);
      const subclass = next === -1 ? base.body.slice(at) : base.body.slice(at, at + 1 + next);
      const exact = programming === undefined ? undefined : entryName(subclass, `\n\t\t${hex(programming, 2)}`);
      return exact ?? entryName(subclass, `\n\t${hex(code & 0xff, 2)}`);
    },
  };
}

/** The name of a top-level entry and the lines below it. */
function findSection(list: string, prefix: string): { name: string; body: string } | undefined {
  const at = list.indexOf(`\n${prefix} `);
  if (at === -1) return undefined;
  let end = at + 1;
  // lines below start with a tab, or are comments and empty ones in between
  do end = list.indexOf('\n', end + 1);
  while (end !== -1 && /[\t#\n]/.test(list.charAt(end + 1)));
  const body = list.slice(at, end === -1 ? undefined : end);
  return { name: nameOf(body, prefix.length + 1), body };
}

function entryName(body: string, prefix: string): string | undefined {
  const at = body.indexOf(`${prefix} `);
  return at === -1 ? undefined : nameOf(body.slice(at, at + 1000), prefix.length);
}

function nameOf(text: string, from: number): string {
  const end = text.indexOf('\n', 1);
  return text.slice(from, end === -1 ? undefined : end).trim();
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}

/**
 * The list without comments and subsystem names, about half its size: what the executable carries. The result is read
 * by `parsePciIds` like the original.
 */
export function compactPciIds(text: string): string {
  const lines: string[] = [];
  let inClasses = false;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (!line.startsWith('\t')) inClasses = /^C [0-9a-f]{2} /.test(line);
    if (!line.startsWith('\t\t') || inClasses) lines.push(line.trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

let registered: (() => string) | undefined;
let opened: PciIds | undefined | 'none';

/** Gives the list that goes with the program: the executable's asset (agent/assets.ts). It is read when it is first needed. */
export function registerPciIds(load: () => string): void {
  registered = load;
  opened = undefined;
}

/** The list of the program, else the machine's; undefined where there is none. Read once for each process. */
export function openPciIds(paths: readonly string[] = PCI_IDS_PATHS): PciIds | undefined {
  opened ??= readOwn() ?? readInstalled(paths) ?? 'none';
  return opened === 'none' ? undefined : opened;
}

function readOwn(): PciIds | undefined {
  try {
    return registered === undefined ? undefined : parsePciIds(registered());
  } catch {
    return undefined; // an executable that was made without the list
  }
}

function readInstalled(paths: readonly string[]): PciIds | undefined {
  const path = paths.find((candidate) => existsSync(candidate));
  try {
    return path === undefined ? undefined : parsePciIds(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
