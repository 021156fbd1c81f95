/**
 * Node's ICU data, cut to what the agent can show: 33 of the executable's 112 MB are names of places, currencies and languages in
 * 200 languages, dictionaries that break Thai and Japanese text into words, and converters of old character sets. English and the
 * root remain, with all time zones, Unicode properties, normalisation, collation and the character sets that ICU computes (UTF-8, UTF-16,
 * Latin-1). The data lie in the ELF file as one block: the smaller block is put in its place and zeros behind it, so that nothing else
 * moves. icupkg (Debian's icu-devtools) reads and writes such blocks.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';
import { tool } from '../tools.ts';

interface IcuBlock {
  /** Where it begins in the file. */
  readonly offset: number;
  /** Bytes up to the last item, which is not counted: its own length stands nowhere. */
  readonly length: number;
  /** `icudt78l`: ICU's version and the byte order, which is also the name that the data must be written under. */
  readonly name: string;
  /** Names of the items, without the prefix. */
  readonly items: readonly string[];
}

/** Magic bytes of an ICU file and the format of a common data file (icu4c, udata.h and ucmndata.h). */
const MAGIC = Buffer.from([0xda, 0x27]);
const COMMON = Buffer.from('CmnD');

/** Finds the block in an executable. Undefined where there is none, as in a Node that was built without full ICU. */
export function findIcuBlock(file: Buffer): IcuBlock | undefined {
  for (let at = file.indexOf(COMMON); at >= 0; at = file.indexOf(COMMON, at + 1)) {
    const offset = at - 12;
    if (offset < 0 || !file.subarray(offset + 2, offset + 4).equals(MAGIC)) continue;
    const table = offset + file.readUInt16LE(offset);
    const count = file.readUInt32LE(table);
    if (count === 0 || count > 100_000) continue;
    const nameAt = (index: number): string => {
      const start = table + file.readUInt32LE(table + 4 + index * 8);
      return file.toString('latin1', start, file.indexOf(0, start));
    };
    const names = Array.from({ length: count }, (_, index) => nameAt(index));
    const last = file.readUInt32LE(table + 8 + (count - 1) * 8);
    const name = names[0]?.split('/')[0] ?? '';
    return { offset, length: table + last - offset, name, items: names.map((each) => each.slice(name.length + 1)) };
  }
  return undefined;
}

/** A bundle of one locale: `de`, `zh_Hant_TW`, `ca_ES_VALENCIA`. */
const LOCALE = /^[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|\d{3}))?(_[A-Z]+)?$/;
const KEPT_LOCALES = new Set(['en', 'en_US', 'en_001', 'en_US_POSIX']);

/** Whether an item of the data goes: dictionaries, tables of old character sets, locales other than English. */
export function isLeftOut(item: string): boolean {
  const name = basename(item);
  const stem = name.slice(0, name.lastIndexOf('.'));
  if (name.endsWith('.dict') || name.endsWith('.cnv')) return true;
  return name.endsWith('.res') && LOCALE.test(stem) && !KEPT_LOCALES.has(stem);
}

interface IcuTrim {
  readonly before: number;
  readonly after: number;
}

/**
 * Cuts the data of the executable at `path`, in place. Returns bytes before and after; undefined, and nothing changed, where icupkg is
 * not installed or the file has no such data. Throws RAZOR_MK_PACKAGE where the cut data would not fit.
 */
export async function trimIcuData(path: string, stage: string): Promise<IcuTrim | undefined> {
  if ((await run(['icupkg', '--version'])).failure === 'not-found') return undefined;
  const file = readFileSync(path);
  const block = findIcuBlock(file);
  if (block === undefined) return undefined;
  const { offset, length, name } = block;
  const list = join(stage, 'icu-left-out.txt');
  // icupkg takes the prefix of the items from the names of both files, and ICU finds them under its own prefix alone
  const [whole, cut] = ['icu-whole', 'icu-cut'].map((each) => join(stage, each, `${name}.dat`)) as [string, string];
  for (const each of [whole, cut]) mkdirSync(dirname(each), { recursive: true });
  writeFileSync(whole, file.subarray(offset, Math.min(file.length, offset + length + 65_536)));
  writeFileSync(list, `${block.items.filter(isLeftOut).join('\n')}\n`);
  await tool(['icupkg', '--ignore-deps', '-r', list, whole, cut]);
  const small = readFileSync(cut);
  if (small.length > length) {
    throw new RazorMkError(
      'RAZOR_MK_PACKAGE',
      `ICU's data are ${small.length} bytes after the cut, of ${length} before`,
      {
        remedy: 'Report it with the version of Node; a build without icupkg takes the data as they are.',
      },
    );
  }
  small.copy(file, offset);
  file.fill(0, offset + small.length, offset + length);
  writeFileSync(path, file);
  return { before: length, after: small.length };
}
