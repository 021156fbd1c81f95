/**
 * The file with the keys of a database's secrets: a line `ID KEY` for each, the newest last. Older ones stay: backups need them.
 * It is read again where a key is asked for that it did not have, so a key can be given to several labs while they run.
 */
import { readFileSync } from 'node:fs';
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { replaceFile } from '../../../platform/files.ts';
import { KEY_BYTES, keyOf, newKey, type SecretKey } from './seal.ts';

/** The keys that a lab has. */
export interface KeyRing {
  /** The file, for messages. */
  readonly where: string;
  find(id: string): SecretKey | undefined;
  /** The last key of the file as it is now; undefined where there is none. */
  newest(): SecretKey | undefined;
  /** Makes a key, which is on the disk before it is used. Throws RAZOR_MK_FILE_UNWRITABLE. */
  add(): SecretKey;
}

const HEAD = `# Keys of the secrets in a database of razor-mk lab, the newest last. Whoever has this file and the database can
# read them; without it nobody can. Keep a copy, apart from the backups.
`;
const LONGEST = 64 * 1024;

/** A ring on a file, which need not exist. Throws RAZOR_MK_LAB_SECRETS for a file that holds something else. */
export function openKeyFile(path: string): KeyRing {
  let keys = read(path);
  return {
    where: path,
    find(id) {
      const known = keys.find((key) => key.id === id);
      if (known) return known;
      keys = read(path);
      return keys.find((key) => key.id === id);
    },
    newest: () => (keys = read(path)).at(-1),
    add() {
      const key = newKey();
      keys = [...read(path), key];
      const lines = keys.map(({ id, bytes }) => `${id} ${bytes.toString('base64')}\n`);
      replaceFile(path, HEAD + lines.join(''), 0o600);
      return key;
    },
  };
}

/** A ring that is gone with the process, as the database that it is for. */
export function keysInMemory(): KeyRing {
  const keys = [newKey()];
  return {
    where: 'memory',
    find: (id) => keys.find((key) => key.id === id),
    newest: () => keys.at(-1),
    add() {
      const key = newKey();
      keys.push(key);
      return key;
    },
  };
}

function read(path: string): SecretKey[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new RazorMkError('RAZOR_MK_LAB_SECRETS', `cannot read the keys of the secrets: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // never the beginning of it: what is added is written with all that was read
  if (text.length > LONGEST) {
    throw new RazorMkError('RAZOR_MK_LAB_SECRETS', `${path} has more than ${LONGEST} characters`, {
      remedy: 'Rotate, and put keys that no backup needs any more into another file.',
    });
  }
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line, i) => {
      const [id, encoded = ''] = line.trim().split(/\s+/);
      const bytes = Buffer.from(encoded, 'base64');
      const key = keyOf(bytes);
      if (bytes.length === KEY_BYTES && key.id === id) return key;
      throw new RazorMkError('RAZOR_MK_LAB_SECRETS', `${path} holds something else than keys: key ${i + 1} is damaged`);
    });
}
