/**
 * Root device hints: which disk a server means. The kernel line carries `key=value,key=value`, percent-encoded; a modern
 * Ironic hands a JSON object. Values may begin with an operator: `=` (at least), `==`, `!=`, `>=`, `<=`, `>`, `<` for numbers;
 * `s==`, `s!=`, `s>=`, `s>`, `s<=`, `s<` for text; `<in>`, `<all-in>`, `<or>` for parts and choices. Text is compared
 * without regard to case; sizes are whole GiB, rounded down. All hints must hold.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Disk } from './disks.ts';

export interface Hint {
  readonly key: HintKey;
  readonly value: string;
}

const READ = {
  size: (disk: Disk) => Math.floor(disk.sizeBytes / 2 ** 30),
  model: (disk: Disk) => disk.model,
  vendor: (disk: Disk) => disk.vendor,
  serial: (disk: Disk) => disk.serial,
  wwn: (disk: Disk) => disk.wwn,
  wwn_with_extension: (disk: Disk) => disk.wwnWithExtension,
  wwn_vendor_extension: (disk: Disk) => disk.wwnVendorExtension,
  rotational: (disk: Disk) => String(disk.rotational),
  hctl: (disk: Disk) => disk.hctl,
  by_path: (disk: Disk) => disk.byPath,
  name: (disk: Disk) => disk.path,
} as const;

type HintKey = keyof typeof READ;

function isHintKey(key: string): key is HintKey {
  return Object.hasOwn(READ, key);
}

/** Hints of the kernel line's `root_device=`. Throws RAZOR_MK_DEPLOY_DISK for what is none. */
export function parseHintList(text: string): Hint[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const cut = part.indexOf('=');
      if (cut < 1) throw bad(`${part} is not NAME=VALUE`);
      return hint(part.slice(0, cut).trim(), decode(part.slice(cut + 1)));
    });
}

/** Hints of a JSON object (`node.properties.root_device`). Throws RAZOR_MK_DEPLOY_DISK for what is none. */
export function parseHintObject(object: Readonly<Record<string, unknown>>): Hint[] {
  return Object.entries(object).map(([key, value]) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw bad(`the hint ${key} is neither text nor number`);
    }
    return hint(key, typeof value === 'string' ? decode(value) : String(value));
  });
}

/** A number after an operator, or several after `<or>`; a unit would be ignored, and that is the wrong disk. */
const SIZE = /^(?:(?:<or>\s*\d+\s*)+|(?:s?(?:==|!=|>=|<=|=|>|<))?\s*\d+(?:\.\d+)?)$/i;

function hint(key: string, value: string): Hint {
  if (!isHintKey(key)) throw bad(`there is no hint ${key}; known are ${Object.keys(READ).join(', ')}`);
  if (value.trim() === '') throw bad(`the hint ${key} is empty`);
  if (key === 'size' && !SIZE.test(value.trim())) throw bad(`invalid size ${value}: give a number of GiB`);
  return { key, value: value.trim() };
}

function bad(message: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_DISK', `root_device: ${message}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Why a disk does not fit, in words, or undefined when every hint holds. */
export function mismatch(disk: Disk, hints: readonly Hint[]): string | undefined {
  for (const { key, value } of hints) {
    const actual = READ[key](disk);
    const fits = key === 'rotational' ? sameBoolean(String(actual), value) : holds(actual, value);
    if (!fits) return `${key} is ${String(actual) || 'unknown'}, wanted ${value}`;
  }
  return undefined;
}

function sameBoolean(actual: string, wanted: string): boolean {
  const truth = /^(1|t|true|on|y|yes)$/i.test(wanted.replace(/^(s==|==|=)\s*/, ''));
  return actual === String(truth);
}

/** Whether a value holds against `wanted`, which may begin with an operator. */
export function holds(actual: string | number, wanted: string): boolean {
  const lower = wanted.toLowerCase();
  const text = String(actual).toLowerCase();
  if (lower.startsWith('<or>')) return words(lower, '<or>').some((word) => equal(actual, word));
  if (lower.startsWith('<all-in>')) {
    return lower
      .slice(8)
      .trim()
      .split(/\s+/)
      .every((word) => text.includes(word));
  }
  if (lower.startsWith('<in>')) return text.includes(lower.slice(4).trim());
  const match = /^(s==|s!=|s>=|s<=|s>|s<|==|!=|>=|<=|=|>|<)\s*(.*)$/s.exec(lower);
  if (!match) return equal(actual, lower);
  const [, operator = '', operand = ''] = match;
  return operator.startsWith('s')
    ? compare(text, operand, operator.slice(1))
    : compare(Number(text), Number(operand), operator);
}

function words(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function equal(actual: string | number, wanted: string): boolean {
  return typeof actual === 'number' ? actual === Number(wanted) : actual.toLowerCase() === wanted;
}

function compare<T extends string | number>(left: T, right: T, operator: string): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '=':
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left < right;
  }
}
