/** What a flavour lets in: nothing in prod; ssh keys and a password hash that somebody gives in dev and debug. No default. */
import { readFileSync } from 'node:fs';
import type { Flavour } from '../../../packaging/extension/overlay.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { lockedAccounts } from './accounts.ts';
import { directoryEntry, fileEntry, type Entry } from './entry.ts';

export interface Logins {
  /** Files with public keys, one a line. */
  readonly sshKeys: readonly string[];
  /** crypt(3) hash for the user tc. */
  readonly passwordHash?: string;
}

/** User tc of Tiny Core. */
const TC = { uid: 1001, gid: 50 };

/**
 * The files of the logins: accounts locked but for what was given, in every flavour and on every base. Throws RAZOR_MK_USAGE for
 * logins in prod, and for a file without keys or an invalid hash.
 */
export function flavourFiles(tree: ReadonlyMap<string, Entry>, flavour: Flavour, logins: Logins): Entry[] {
  const { sshKeys, passwordHash } = logins;
  if (flavour === 'prod' && (sshKeys.length > 0 || passwordHash !== undefined)) {
    throw new RazorMkError('RAZOR_MK_USAGE', 'a prod image has no logins: keys and passwords cannot be given', {
      remedy: 'Take --flavour dev, or leave --ssh-key and --password-hash out.',
    });
  }
  if (passwordHash !== undefined) checkHash(passwordHash);
  return [...(sshKeys.length > 0 ? keyFiles(sshKeys) : []), ...lockedAccounts(tree, passwordHash)];
}

function keyFiles(files: readonly string[]): Entry[] {
  const keys = files.flatMap((file) => readKeys(file));
  const text = `${keys.join('\n')}\n`;
  return [
    { ...directoryEntry('home/tc', 0o755), ...TC },
    { ...directoryEntry('home/tc/.ssh', 0o700), ...TC },
    { ...fileEntry('home/tc/.ssh/authorized_keys', text, 0o600), ...TC },
  ];
}

/** Options, kind and key (sshd(8), AUTHORIZED_KEYS FILE FORMAT): blanks of options are in double quotes. */
const KEY_LINE = /^(?:(?:[^\s"]|"(?:\\.|[^"\\])*")+\s+)?(?:ssh|ecdsa|sk)-\S+\s+\S/;

function readKeys(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  if (text.includes('PRIVATE KEY'))
    throw new RazorMkError('RAZOR_MK_USAGE', `${file} is a private key`, { remedy: `Give ${file}.pub.` });
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => KEY_LINE.test(line) && !line.startsWith('#'));
  if (keys.length === 0)
    throw new RazorMkError('RAZOR_MK_USAGE', `${file} holds no public key`, {
      remedy: 'Give a file like ~/.ssh/id_ed25519.pub.',
    });
  return keys;
}

function checkHash(hash: string): void {
  if (/^\$[156y](\$[\w./=,-]+)?\$[\w./-]+\$[\w./]+$|^\$[156]\$[\w./]+\$[\w./]+$/.test(hash)) return;
  throw new RazorMkError('RAZOR_MK_USAGE', 'invalid crypt(3) hash', {
    remedy: 'Make one: openssl passwd -6 (or mkpasswd).',
  });
}
