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

interface Section {
  readonly name: string;
  readonly body: Buffer;
}

/**
 * A list from its text, the original or the compact one. It is searched as bytes: a string of 1.4 MB, and patterns over it,
 * would cost more than all that is looked up.
 */
export function parsePciIds(text: Buffer | string): PciIds {
  const list = typeof text === 'string' ? Buffer.from(text) : text;
  const firstClass = list.indexOf('\nC ');
  const devices = firstClass === -1 ? list : list.subarray(0, firstClass + 1);
  const classes = list.subarray(firstClass === -1 ? list.length : firstClass);
  const sections = new Map<string, Section | undefined>();
  const section = (part: Buffer, prefix: string): Section | undefined => {
    if (!sections.has(prefix)) sections.set(prefix, findSection(part, prefix));
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
      const subclass = base.body.subarray(at, endOfSubclass(base.body, at + 1));
      const exact = programming === undefined ? undefined : entryName(subclass, `\n\t\t${hex(programming, 2)}`);
      return exact ?? entryName(subclass, `\n\t${hex(code & 0xff, 2)}`);
    },
  };
}

const [TAB, HASH, NEWLINE] = [0x09, 0x23, 0x0a];

/** Where the next line with exactly one tab begins. */
function endOfSubclass(body: Buffer, from: number): number {
  for (let at = body.indexOf('\n\t', from); at !== -1; at = body.indexOf('\n\t', at + 1)) {
    if (body[at + 2] !== TAB && body[at + 2] !== NEWLINE) return at;
  }
  return body.length;
}

/** The name of a top-level entry and the lines below it. */
function findSection(list: Buffer, prefix: string): Section | undefined {
  const first = `${prefix} `;
  const begins = list.toString('latin1', 0, first.length) === first;
  const at = begins ? 0 : list.indexOf(`\n${first}`) + 1;
  if (at === 0 && !begins) return undefined;
  let end = at;
  // lines below start with a tab, or are comments and empty ones in between
  do end = list.indexOf(NEWLINE, end + 1);
  while (end !== -1 && (list[end + 1] === TAB || list[end + 1] === HASH || list[end + 1] === NEWLINE));
  const body = list.subarray(at, end === -1 ? undefined : end + 1);
  return { name: nameOf(body, prefix.length), body };
}

function entryName(body: Buffer, prefix: string): string | undefined {
  const at = body.indexOf(`${prefix} `);
  return at === -1 ? undefined : nameOf(body, at + prefix.length);
}

/** The rest of the line from `from`. */
function nameOf(body: Buffer, from: number): string {
  const end = body.indexOf(NEWLINE, from);
  return body.toString('utf8', from, end === -1 ? undefined : end).trim();
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

let registered: (() => Buffer | string) | undefined;
let opened: PciIds | undefined | 'none';

/** Gives the list that goes with the program: the executable's asset (agent/assets.ts). It is read when it is first needed. */
export function registerPciIds(load: () => Buffer | string): void {
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
    return path === undefined ? undefined : parsePciIds(readFileSync(path));
  } catch {
    return undefined;
  }
}
