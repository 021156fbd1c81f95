/** Checksums of images: a value, or a list of them as sha256sum and its kin write it. Pure. */
import { RazorMkError } from '../../platform/errors/errors.ts';

/** From the strongest to the weakest. */
const ALGORITHMS = ['sha512', 'sha384', 'sha256', 'sha1', 'md5'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface Digest {
  readonly algorithm: Algorithm;
  /** Lower-case hex. */
  readonly hex: string;
}

interface ChecksumRules {
  /** `agent_md5_checksum_enable` of the lookup; servers that do not know it may have nothing but MD5. */
  readonly md5: boolean;
}

const LENGTHS: Readonly<Record<number, Algorithm>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

function refuse(why: string, remedy?: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', why, remedy === undefined ? {} : { remedy });
}

/** The algorithm of a name like `sha256`, `SHA-256` or `SHA2-256`; undefined for unknown ones. */
export function algorithmNamed(name: string): Algorithm | undefined {
  const plain = name
    .toLowerCase()
    .replace(/^sha2-/, 'sha')
    .replace('-', '');
  return ALGORITHMS.find((each) => each === plain);
}

/** The algorithm whose values have as many hex digits. */
export function algorithmByLength(hex: string): Algorithm | undefined {
  return LENGTHS[hex.trim().length];
}

/** A digest whose length fits its name, and whose algorithm the server allows. Throws RAZOR_MK_DEPLOY_IMAGE. */
export function checkedDigest(algorithm: Algorithm | undefined, value: string, rules: ChecksumRules): Digest {
  const hex = value.trim().toLowerCase();
  if (algorithm === undefined || !/^[0-9a-f]+$/.test(hex) || algorithmByLength(hex) !== algorithm) {
    throw refuse(`invalid ${algorithm === undefined ? '' : `${algorithm} `}checksum "${value.slice(0, 140)}"`);
  }
  if (algorithm === 'md5' && !rules.md5) {
    throw refuse(
      'the checksum is MD5, which the server does not allow',
      'Give image_os_hash_algo=sha512 and its value.',
    );
  }
  return { algorithm, hex };
}

interface ListLine {
  /** As it stands; empty where the line has no name (`HEX`, or `HEX  -` of a pipe). */
  readonly name: string;
  readonly digest: Digest;
}

const PLAIN = /^\\?([0-9a-f]{32,128})(?:\s+\*?(\S.*))?$/i;
/** BSD's and openssl's: `SHA256 (NAME) = HEX`, `SHA2-256(NAME)= HEX`. */
const TAGGED = /^\\?([a-z0-9-]+) ?\((.+)\) ?= ([0-9a-f]{32,128})$/i;

function readLine(line: string): ListLine | undefined {
  const [, hex = '', name = ''] = PLAIN.exec(line) ?? [];
  const [, , tagName = '', tagHex = ''] = TAGGED.exec(line) ?? [];
  const value = (hex || tagHex).toLowerCase();
  const algorithm = algorithmByLength(value);
  if (algorithm === undefined) return undefined;
  return { name: tagName || (name === '-' ? '' : name), digest: { algorithm, hex: value } };
}

/** What is wanted of a list. */
export interface ListQuery {
  /** Path of the image's URL, decoded: its last part is the name that counts. */
  readonly path: string;
  /** Only this one where it is given; else the strongest that the rules allow. */
  readonly algorithm: Algorithm | undefined;
  readonly rules: ChecksumRules;
}

/**
 * The digest of an image in a list. The name counts without its directories, and with them where several would fit; a list of
 * one line needs no name. Throws RAZOR_MK_DEPLOY_IMAGE where there is none, or two that differ.
 */
export function digestInList(list: string, { path, algorithm, rules }: ListQuery): Digest {
  const lines = list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && line.length < 4096)
    .map(readLine)
    .filter((line) => line !== undefined);
  const file = baseName(path);
  const [only] = lines;
  const alone = lines.length === 1 && only?.name === '' ? [only] : [];
  const named = alone.length > 0 ? alone : closest(lines, path);
  if (named.length === 0) throw refuse(`the list of checksums does not name ${file}; it names ${namesOf(lines)}`);
  const usable = ALGORITHMS.filter((each) => (algorithm ?? each) === each && (each !== 'md5' || rules.md5));
  const best = usable.find((each) => named.some(({ digest }) => digest.algorithm === each));
  if (best === undefined) {
    const there = [...new Set(named.map(({ digest }) => digest.algorithm))].join(', ');
    throw refuse(
      `the list of checksums has ${there} for ${file}, and ${algorithm ?? 'something stronger than MD5'} is needed`,
      'Give the list of that algorithm, or the value itself.',
    );
  }
  const values = new Set(named.filter(({ digest }) => digest.algorithm === best).map(({ digest }) => digest.hex));
  const [hex = ''] = values;
  if (values.size > 1) throw refuse(`the list of checksums has ${values.size} different ${best} values for ${file}`);
  return { algorithm: best, hex };
}

/** The lines that name the image, those that share the most directories with its path. */
function closest(lines: readonly ListLine[], path: string): ListLine[] {
  const wanted = partsOf(path);
  const scored = lines.map((line) => ({ line, shared: sharedEnd(partsOf(line.name), wanted) }));
  const most = Math.max(0, ...scored.map(({ shared }) => shared));
  return most === 0 ? [] : scored.filter(({ shared }) => shared === most).map(({ line }) => line);
}

function sharedEnd(left: readonly string[], right: readonly string[]): number {
  let count = 0;
  while (count < left.length && left.at(-1 - count) === right.at(-1 - count)) count++;
  return count;
}

function partsOf(path: string): string[] {
  return path.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
}

function baseName(path: string): string {
  return partsOf(path).at(-1) ?? '';
}

function namesOf(lines: readonly ListLine[]): string {
  const names = lines.map(({ name }) => name).filter((name) => name !== '');
  if (names.length === 0) return 'nothing';
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return names
    .slice(0, 5)
    .map((name) => name.replaceAll(/[^ -~]/g, '?').slice(0, 80))
    .join(', ')
    .concat(more);
}
