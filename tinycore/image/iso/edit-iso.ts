/**
 * Another kernel line in a finished ISO, without its base, extensions or any program: the menus keep their places and sizes, since
 * `image build` leaves room in them, so nothing else of the file changes, and it boots in the same four ways.
 */
import { constants, existsSync, realpathSync } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { checkKernelArguments, grubWords } from '../../../platform/netboot/kernel-arguments.ts';
import { withRoom } from './boot-configs.ts';
import { openIso } from './iso-reader.ts';

/** What becomes of the words of the line. */
export interface LineChange {
  /** Words that take the place of those with the same name, or come at the end. */
  readonly set: readonly string[];
  /** Names of words that go; each must be there. */
  readonly remove: readonly string[];
  /** Names of words that go where they are there. */
  readonly drop?: readonly string[];
}

interface EditedLine {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

interface Menu {
  readonly path: string;
  /** Everything up to the words, then the words, to the end of the line. */
  readonly line: RegExp;
  readonly read: (text: string) => string[];
  readonly write: (words: readonly string[]) => string;
}

/** The menus of an ISO of `image build`; not every one has both. */
export const MENUS: readonly Menu[] = [
  {
    path: 'boot/isolinux/isolinux.cfg',
    line: /^( {2}append )(.*)$/m,
    read: split,
    write: (words) => words.join(' '),
  },
  {
    path: 'boot/grub/grub.cfg',
    line: /^( {2}linux \/boot\/vmlinuz )(.*)$/m,
    // grubWords puts quotes around whole words alone
    read: (text) => split(text).map((word) => word.replace(/^'(.*)'$/, '$1')),
    write: grubWords,
  },
];

function split(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

const nameOf = (word: string): string => word.split('=', 1)[0] ?? word;

/** The line after the change. `console=` may stand more than once, and setting it replaces them all. */
export function changeLine(words: readonly string[], { set, remove, drop = [] }: LineChange): string[] {
  const replaced = new Set([...set.map(nameOf), ...remove, ...drop]);
  return [...words.filter((word) => !replaced.has(nameOf(word))), ...set];
}

/**
 * Writes `out`: the ISO `file` with another kernel line in its menus. Throws RAZOR_MK_ISO for a file that `image build` did not make,
 * RAZOR_MK_USAGE for words that no boot loader could hand over and for names that are not on the line, RAZOR_MK_FILE_UNWRITABLE;
 * then `out` is what it was.
 */
export async function editIso(file: string, change: LineChange, out: string): Promise<EditedLine> {
  if (existsSync(out) && realpathSync(out) === realpathSync(file)) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${out} would be written over itself`, { remedy: 'Name another file.' });
  }
  const { before, patches } = readMenus(file, change);
  const beside = join(dirname(out), `.edit.${process.pid}.iso.part`);
  try {
    await copyFile(file, beside, constants.COPYFILE_FICLONE);
    const target = await open(beside, 'r+');
    try {
      for (const { offset, text } of patches) await target.write(text, offset, 'latin1');
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(beside, out);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${out}: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(beside, { force: true });
  }
  return { before, after: changeLine(before, change) };
}

interface Patch {
  readonly offset: number;
  readonly text: string;
}

function readMenus(file: string, change: LineChange): { before: readonly string[]; patches: readonly Patch[] } {
  const iso = openIso(file);
  try {
    const patches: Patch[] = [];
    let before: readonly string[] | undefined;
    for (const menu of MENUS) {
      const place = iso.files.get(menu.path);
      if (place === undefined) continue;
      const text = iso.read(menu.path, 65_536).toString('latin1');
      const [, head = '', line] = menu.line.exec(text) ?? [];
      if (line === undefined) throw foreign(file, `${menu.path} has no line of the microkernel`);
      const words = menu.read(line);
      if (before !== undefined && words.join(' ') !== before.join(' ')) {
        throw foreign(file, `its menus for BIOS and UEFI start the kernel differently`);
      }
      before = words;
      const after = checked(words, change);
      const edited = text.replace(menu.line, () => head + menu.write(after)).trimEnd();
      if (edited.length + 1 > place.size) {
        throw foreign(file, `${menu.path} has ${place.size} bytes, and ${edited.length + 1} are needed`);
      }
      patches.push({ offset: place.offset, text: withRoom(edited, place.size) });
    }
    if (before === undefined) throw foreign(file, 'it has no menu of image build');
    return { before, patches };
  } finally {
    iso.close();
  }
}

function checked(words: readonly string[], change: LineChange): string[] {
  const absent = change.remove.find((name) => !words.some((word) => nameOf(word) === name));
  if (absent !== undefined) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${absent} is not on the kernel line: ${words.join(' ')}`, {
      remedy: 'Give the name of a word that is there, without its value.',
    });
  }
  const after = changeLine(words, change);
  checkKernelArguments(after);
  return after;
}

function foreign(file: string, why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_ISO', `the kernel line of ${file} cannot be changed: ${why}`, {
    remedy: 'Build the image anew with image build --kernel-arg.',
  });
}
