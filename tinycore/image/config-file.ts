/**
 * Options of the builder from a file: image.yaml with the names of the command line's options, or the original builder's
 * bundle.cfg (KEY=VALUE). Paths in it are meant from the file's own directory.
 */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';

/** What kind of value each option takes. */
export const OPTION_KINDS = {
  base: 'path',
  'base-sha256': 'text',
  kernel: 'path',
  initrd: 'paths',
  'modules-from': 'path',
  out: 'path',
  format: 'texts',
  flavour: 'text',
  version: 'text',
  form: 'text',
  agent: 'path',
  extension: 'names',
  debian: 'texts',
  'mirror-extension': 'names',
  'builtin-list': 'paths',
  'mirror-list': 'paths',
  'extension-dir': 'paths',
  mirror: 'text',
  module: 'names',
  'module-dir': 'paths',
  firmware: 'paths',
  'firmware-from': 'paths',
  'build-step': 'paths',
  file: 'paths',
  'kernel-arg': 'texts',
  'facts-d': 'paths',
  command: 'paths',
  'ssh-key': 'paths',
  'password-hash': 'text',
  'boot-login': 'flag',
  serial: 'text',
  timeout: 'number',
  'volume-id': 'text',
  uefi: 'flag',
  server: 'text',
  'server-url': 'text',
  'allow-deploy': 'flag',
  'secure-boot': 'flag',
  'site-key': 'path',
  erase: 'flag',
} as const satisfies Record<string, 'path' | 'paths' | 'text' | 'texts' | 'names' | 'number' | 'flag'>;

type Value = string | number | boolean | string[];

/** Reads a configuration file. Throws RAZOR_MK_IMAGE_CONFIG with the key, RAZOR_MK_FILE_UNREADABLE. */
export function readConfigFile(path: string): Record<string, Value> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const directory = dirname(resolve(path));
  const isBundle = /^\s*(export\s+)?(MK_BUNDLE_)?[A-Z_]+=/m.test(text) && !/^[a-z-]+:/m.test(text);
  return isBundle ? fromBundleConfig(text, path, directory) : fromYaml(text, path, directory);
}

function fromYaml(text: string, path: string, directory: string): Record<string, Value> {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem !== undefined) throw bad(path, messageOf(problem));
  const map = document.toJS({ maxAliasCount: 10 }) as unknown;
  if (map === null) return {};
  if (typeof map !== 'object' || Array.isArray(map)) throw bad(path, 'is not a map of options');
  const result: Record<string, Value> = {};
  for (const [key, value] of Object.entries(map as Record<string, unknown>)) {
    const kind = (OPTION_KINDS as Partial<Record<string, string>>)[key];
    if (kind === undefined) throw bad(path, `knows no option ${JSON.stringify(key)}`);
    result[key] = convert(value, kind, key, path, directory);
  }
  return result;
}

function convert(value: unknown, kind: string, key: string, path: string, directory: string): Value {
  if (kind === 'flag' || kind === 'number') {
    if (typeof value === (kind === 'flag' ? 'boolean' : 'number')) return value as Value;
    throw bad(path, `${key} is not ${kind === 'flag' ? 'true or false' : 'a number'}`);
  }
  const place = (text: string): string =>
    kind.startsWith('path') || (kind === 'names' && text.includes('/')) ? from(directory, text) : text;
  if (kind === 'text' || kind === 'path') {
    if (typeof value === 'string') return place(value);
    throw bad(path, `${key} is not a text (put it into quotes: ${key}: "${String(value)}")`);
  }
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.map((each) => {
    if (typeof each !== 'string') throw bad(path, `${key} holds ${JSON.stringify(each)}, which is not a text`);
    return place(each);
  });
}

/** A path from the file's directory; addresses and absolute paths stay. */
function from(directory: string, path: string): string {
  return isAbsolute(path) || /^https?:\/\//.test(path) ? path : resolve(directory, path);
}

/** The original's keys (its build-bundle-file.sh), with or without the prefix MK_BUNDLE_. */
function fromBundleConfig(text: string, path: string, directory: string): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^(?:export\s+)?(?:MK_BUNDLE_)?([A-Z_]+)=(["']?)(.*)\2$/.exec(line);
    const [, key = '', , value = ''] = match ?? [];
    switch (key) {
      case 'BUILTIN_LIST':
        result['builtin-list'] = [from(directory, value)];
        break;
      case 'MIRROR_LIST':
        result['mirror-list'] = [from(directory, value)];
        break;
      case 'TYPE':
      case 'BUNDLE_TYPE':
        result['flavour'] = value;
        break;
      case 'TCL_MIRROR_URI':
        result['mirror'] = value;
        break;
      case 'TCL_ISO_URL':
        result['base'] = from(directory, value);
        break;
      case 'TC_PASSWD':
        throw bad(
          path,
          'has TC_PASSWD: a password in clear text is not taken; give its hash (--password-hash, made by openssl passwd -6)',
        );
      case 'RE_USE_PREV_DL':
      case 'RUBY_GEMS_URL':
      case 'MCOLLECTIVE_URL':
      case 'OPEN_VM_TOOLS_URL':
      case 'GEM_SERVER_URI':
        break; // nothing of the kind is in the image any more
      default:
        throw bad(path, `has a line that is not a key of the original's bundle.cfg: ${line.slice(0, 80)}`);
    }
  }
  return result;
}

function bad(path: string, what: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_IMAGE_CONFIG', `${path} ${what}`);
}
