/** The little of ELF that packaging needs: machine, needed libraries, symbol versions asked for (gABI; man 5 elf). */
interface ElfNeeds {
  /** e_machine: 62 x86_64, 183 aarch64. */
  readonly machine: number;
  /** DT_NEEDED, in the file's order. */
  readonly needed: readonly string[];
  /** Symbol versions asked for, by library: `libc.so.6` → `GLIBC_2.28` … */
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

const SHT_DYNAMIC = 6;
const SHT_GNU_VERNEED = 0x6ffffffe;
const DT_NEEDED = 1n;

/** Reads a 64-bit little-endian ELF file. Anything else throws an Error that says so. */
export function readElf(file: Buffer): ElfNeeds {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46) throw new Error('not an ELF file');
  if (file[4] !== 2 || file[5] !== 1) throw new Error('not a 64-bit little-endian ELF file');
  const machine = file.readUInt16LE(18);
  const sections = sectionHeaders(file);
  const needed: string[] = [];
  const versions = new Map<string, string[]>();
  for (const section of sections) {
    const strings = sections[section.link];
    if (strings === undefined) continue;
    if (section.type === SHT_DYNAMIC) {
      for (let at = section.offset; at + 16 <= section.offset + section.size; at += 16)
        if (file.readBigInt64LE(at) === DT_NEEDED)
          needed.push(stringAt(file, strings.offset + Number(file.readBigUInt64LE(at + 8))));
    } else if (section.type === SHT_GNU_VERNEED) readVersions(file, section.offset, strings.offset, versions);
  }
  return { machine, needed, versions };
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function sectionHeaders(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(40));
  const entry = file.readUInt16LE(58);
  const count = file.readUInt16LE(60);
  const sections: Section[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = start + index * entry;
    if (at + 64 > file.length) throw new Error('the ELF section table lies outside the file');
    sections.push({
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
    });
  }
  return sections;
}

/** Elf64_Verneed { version, count, file, aux, next }, each with Elf64_Vernaux { hash, flags, other, name, next }. */
function readVersions(file: Buffer, start: number, strings: number, into: Map<string, string[]>): void {
  for (let at = start; ;) {
    const library = stringAt(file, strings + file.readUInt32LE(at + 4));
    const list = into.get(library) ?? [];
    into.set(library, list);
    let aux = at + file.readUInt32LE(at + 8);
    for (let left = file.readUInt16LE(at + 2); left > 0; left -= 1) {
      list.push(stringAt(file, strings + file.readUInt32LE(aux + 8)));
      aux += file.readUInt32LE(aux + 12);
    }
    const next = file.readUInt32LE(at + 12);
    if (next === 0) return;
    at += next;
  }
}

function stringAt(file: Buffer, offset: number): string {
  return file.toString('latin1', offset, file.indexOf(0, offset));
}

/** The highest version of a symbol family that a file asks for: `GLIBC` → `2.28`; undefined where it asks for none. */
export function highestVersion(elf: ElfNeeds, family: string): string | undefined {
  const asked = [...elf.versions.values()]
    .flat()
    .filter((version) => version.startsWith(`${family}_`))
    .map((version) => version.slice(family.length + 1))
    .filter((version) => /^\d+(\.\d+)*$/.test(version));
  return asked.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}
