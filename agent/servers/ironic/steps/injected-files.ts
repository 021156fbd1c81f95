/** What inject_files is told: files for the written image, from the node's properties and from the step, checked before any is written. */
import { RazorMkError } from '../../../../platform/errors/errors.ts';

export interface InjectedFile {
  /** Below the partition where `partition` is given; else its first part is a directory that some partition has. */
  readonly path: string;
  /** A number, or a device of the disk. */
  readonly partition: string | undefined;
  /** Base64, or a URL. Undefined for a file that is to go. */
  readonly content: string | undefined;
  readonly mode: number | undefined;
  readonly dirmode: number | undefined;
  readonly owner: number | undefined;
  readonly group: number | undefined;
}

const KEYS = ['path', 'partition', 'content', 'deleted', 'mode', 'dirmode', 'owner', 'group'];
const NUMBERS = ['mode', 'dirmode', 'owner', 'group'] as const;

/** Both lists, in this order. Throws RAZOR_MK_REPLY with everything that is wrong with them. */
export function readInjectedFiles(properties: unknown, args: unknown): InjectedFile[] {
  const wrong: string[] = [];
  const files = [...listOf(properties, 'inject_files'), ...listOf(args, 'files')].map((entry) =>
    readFile(entry, wrong),
  );
  if (wrong.length === 0) return files;
  throw new RazorMkError('RAZOR_MK_REPLY', `inject_files: ${wrong.join('; ')}`);
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new RazorMkError('RAZOR_MK_REPLY', `inject_files: ${name} is not a list`);
}

function readFile(entry: unknown, wrong: string[]): InjectedFile {
  const map = (typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry : {}) as Record<
    string,
    unknown
  >;
  const { path, partition, content, deleted } = map;
  const name = typeof path === 'string' ? path : '';
  const say = (what: string): void => void wrong.push(`${JSON.stringify(path) ?? 'an entry'}: ${what}`);
  for (const key of Object.keys(map).filter((each) => !KEYS.includes(each))) say(`unknown key ${key}`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || name.endsWith('/') || parts.includes('..')) say('it is not the path of a file');
  const given = partition === undefined || partition === null || partition === '' ? undefined : partition;
  if (given !== undefined && typeof given !== 'string' && typeof given !== 'number')
    say('partition is no number or device');
  if (given === undefined && parts.length === 1) say('a file of the root directory needs "partition"');
  const text = content ?? undefined;
  if (deleted === true ? Boolean(text) : typeof text !== 'string') say('it needs either "content" or "deleted"');
  for (const key of NUMBERS) if (map[key] !== undefined && !Number.isInteger(map[key])) say(`${key} is not a number`);
  const number = (key: (typeof NUMBERS)[number]): number | undefined => map[key] as number | undefined;
  return {
    path: parts.join('/'),
    partition: given === undefined ? undefined : String(given),
    content: deleted === true ? undefined : String(text),
    mode: number('mode'),
    dirmode: number('dirmode'),
    owner: number('owner'),
    group: number('group'),
  };
}

/** A URL with parts of node and ports filled in, as `{node[uuid]}` and `{ports[0][address]}`. Throws RAZOR_MK_REPLY for an unknown one. */
export function fillUrl(url: string, known: Readonly<Record<'node' | 'ports', unknown>>): string {
  return url.replaceAll(/\{(node|ports)((?:\[[\w-]+\])*)\}/g, (whole, first: 'node' | 'ports', rest: string) => {
    let value: unknown = known[first];
    for (const [, key = ''] of rest.matchAll(/\[([\w-]+)\]/g)) {
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
    }
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw new RazorMkError('RAZOR_MK_REPLY', `inject_files: there is no ${whole} for ${url}`);
  });
}
