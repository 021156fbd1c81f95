/**
 * Accounts of an image: /etc/passwd and /etc/shadow. An image lets nobody in by a password that was not given to its
 * builder. Tiny Core's own base (seen in 4.4 and 11.0) leaves the password of tc empty, which lets everybody in, and tc may
 * become root by sudo.
 */
import { fileEntry, type Entry } from './entry.ts';
import { readTree } from './initrd.ts';

/** No password matches it; keys still do, which OpenSSH refuses for an account that begins with `!`. */
const LOCKED = '*';

const DEFAULT_SHADOW = 'root:*:0:0:99999:7:::\n';

export interface OpenAccount {
  readonly name: string;
  /** `empty` lets everybody in; `password` whoever knows one. */
  readonly by: 'empty' | 'password';
}

interface PasswdLine {
  readonly name: string;
  readonly password: string;
  readonly rest: string;
}

function linesOf(text: string): PasswdLine[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', password = '', rest = ''] = /^([^:]+):([^:]*)(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [{ name, password, rest }];
  });
}

function textOf(lines: readonly PasswdLine[]): string {
  return lines.map(({ name, password, rest }) => `${name}:${password}${rest}\n`).join('');
}

/**
 * /etc/passwd and /etc/shadow of the image: every account of the base locked, and tc with `hash` where one was given. A
 * password that stands in /etc/passwd itself, or is empty there, counts as well (passwd(5)), so it moves to the shadow file.
 */
export function lockedAccounts(tree: ReadonlyMap<string, Entry>, hash?: string): Entry[] {
  const passwd = linesOf(readTree(tree, 'etc/passwd')?.toString() ?? '');
  const shadow = linesOf(readTree(tree, 'etc/shadow')?.toString() ?? DEFAULT_SHADOW);
  const known = new Set(shadow.map(({ name }) => name));
  const missing = passwd.filter(({ name }) => !known.has(name)).map(({ name }) => unused(name));
  if (!known.has('tc') && !missing.some(({ name }) => name === 'tc')) missing.push(unused('tc'));
  const locked = [...shadow, ...missing].map((line) => ({
    ...line,
    password: line.name === 'tc' && hash !== undefined ? hash : LOCKED,
  }));
  const entries = [fileEntry('etc/shadow', textOf(locked), 0o600)];
  if (passwd.length > 0) {
    entries.push(fileEntry('etc/passwd', textOf(passwd.map((line) => ({ ...line, password: 'x' })))));
  }
  return entries;
}

function unused(name: string): PasswdLine {
  return { name, password: LOCKED, rest: ':0:0:99999:7:::' };
}

/** Accounts that a password, or none at all, opens in a finished image. */
export function openAccounts(tree: ReadonlyMap<string, Entry>): OpenAccount[] {
  const passwd = linesOf(readTree(tree, 'etc/passwd')?.toString() ?? '');
  const shadow = linesOf(readTree(tree, 'etc/shadow')?.toString() ?? '');
  const own = passwd.filter(({ password }) => password !== 'x');
  const passwords = new Map([...shadow, ...own].map(({ name, password }) => [name, password]));
  return [...passwords].flatMap(([name, password]): OpenAccount[] => {
    if (password === '') return [{ name, by: 'empty' }];
    return /^[*!]/.test(password) ? [] : [{ name, by: 'password' }];
  });
}
