/** Values of the lab's options: command line before environment before configuration file before default. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { isRecord } from '../../listeners/request-body.ts';
import {
  environmentName,
  isOption,
  SERVER_OPTIONS,
  type OptionName,
  type ServerOption,
  type ServerValues,
} from './server-options.ts';

/** Where a value came from, for messages. */
interface Origin {
  /** As a person finds it: `--port`, `RAZOR_MK_LAB_PORT`, `lab.yaml: port`. */
  readonly name: string;
  readonly code: 'RAZOR_MK_USAGE' | 'RAZOR_MK_LAB_CONFIG';
  /** Paths are meant from here. */
  readonly directory: string;
  /** Numbers and flags come as text. */
  readonly textual: boolean;
}

const NAMES = Object.keys(SERVER_OPTIONS) as OptionName[];

/**
 * All options. `args` are those of the command line by their full names, undefined where they were not given. Throws
 * RAZOR_MK_USAGE, RAZOR_MK_LAB_CONFIG (file, key, what is wrong, what to write) and RAZOR_MK_FILE_UNREADABLE.
 */
export async function resolveValues(
  args: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServerValues> {
  const path = typeof args['config'] === 'string' ? args['config'] : env[environmentName('config')] || undefined;
  const file = path === undefined ? {} : await readConfig(path);
  const values: Record<string, unknown> = {};
  for (const name of NAMES) {
    const variable = environmentName(name);
    const here = { directory: '.', textual: false };
    const sources: readonly (readonly [unknown, Origin])[] = [
      [args[name], { ...here, name: `--${name}`, code: 'RAZOR_MK_USAGE' }],
      [env[variable] || undefined, { ...here, name: variable, code: 'RAZOR_MK_LAB_CONFIG', textual: true }],
      [
        file[name],
        {
          ...here,
          name: `${path ?? ''}: ${name}`,
          code: 'RAZOR_MK_LAB_CONFIG',
          directory: dirname(resolve(path ?? '')),
        },
      ],
    ];
    const given = sources.find(([value]) => value !== undefined);
    const option: ServerOption = SERVER_OPTIONS[name];
    values[name] = given ? convert(option, given[0], given[1]) : option.default;
  }
  return values as unknown as ServerValues;
}

function wrong({ code, name }: Origin, what: string, remedy: string): RazorMkError {
  return new RazorMkError(code, `${name} ${what}`, { remedy });
}

function convert(option: ServerOption, given: unknown, origin: Origin): unknown {
  switch (option.kind) {
    case 'flag':
      return flagOf(given, origin);
    case 'number':
    case 'port':
      return numberOf(option, given, origin);
    case 'path': {
      const text = textOf(given, origin);
      return text === ':memory:' ? text : resolve(origin.directory, text);
    }
    case 'text':
      return chosen(option, textOf(given, origin), origin);
    case 'texts':
      return textsOf(given, origin).map((text) => chosen(option, text, origin));
  }
}

function flagOf(given: unknown, origin: Origin): boolean {
  if (typeof given === 'boolean') return given;
  if (origin.textual && (given === '1' || given === 'true')) return true;
  if (origin.textual && (given === '0' || given === 'false')) return false;
  throw wrong(origin, `is ${shown(given)}`, `Write true or false${origin.textual ? ' (or 1 or 0)' : ''}.`);
}

function numberOf({ kind, least = 0, default: usual }: ServerOption, given: unknown, origin: Origin): number {
  const textual = origin.textual || origin.code === 'RAZOR_MK_USAGE';
  const value = textual && typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  const most = kind === 'port' ? 65_535 : Number.MAX_SAFE_INTEGER;
  const fits = typeof value === 'number' && value >= least && value <= most;
  if (fits && (kind !== 'port' || Number.isInteger(value))) return value;
  const range = kind === 'port' ? 'a port from 0 to 65535' : `a number from ${least} on`;
  throw wrong(origin, `is ${shown(given)}`, `Write ${range}${usual === undefined ? '' : `, as ${String(usual)}`}.`);
}

function textOf(given: unknown, origin: Origin): string {
  if (typeof given === 'string' && given !== '') return given;
  if (given === '') throw wrong(origin, 'is empty', 'Write a value, or leave it out.');
  throw wrong(
    origin,
    `is ${shown(given)}, not text`,
    'Write one text; put it into quotes where YAML reads something else.',
  );
}

function textsOf(given: unknown, origin: Origin): readonly string[] {
  if (origin.textual && typeof given === 'string') return given.split(/\s+/).filter((word) => word !== '');
  // mk: {mk_checkin_interval: 10} is easier to write than a list of KEY=VALUE
  if (isRecord(given)) return Object.entries(given).map(([key, value]) => `${key}=${String(value)}`);
  return [given].flat().map((each) => textOf(each, origin));
}

function chosen({ choices }: ServerOption, text: string, origin: Origin): string {
  if (!choices || choices.includes(text)) return text;
  throw wrong(origin, `is ${shown(text)}`, `Write ${choices.join(' or ')}.`);
}

function shown(value: unknown): string {
  if (Number.isNaN(value)) return 'not a number';
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) {
    throw new RazorMkError('RAZOR_MK_LAB_CONFIG', `${path} is not valid YAML: ${messageOf(problem)}`, {
      remedy: 'Correct the line that is named: one option a line, as port: 8026.',
    });
  }
  const map = document.toJS({ maxAliasCount: 10 }) as unknown;
  if (map === null || map === undefined) return {};
  if (!isRecord(map)) {
    throw new RazorMkError('RAZOR_MK_LAB_CONFIG', `${path} is not a map of options`, {
      remedy: 'Write one option a line, as port: 8026.',
    });
  }
  for (const [key, value] of Object.entries(map)) {
    if (!isOption(key)) throw unknownKey(path, key);
    // `db:` with nothing behind it
    if (value === null) delete map[key];
  }
  return map;
}

function unknownKey(path: string, key: string): RazorMkError {
  const bare = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const alike =
    NAMES.find((name) => bare(name) === bare(key)) ?? NAMES.find((name) => distance(bare(name), bare(key)) <= 2);
  return new RazorMkError('RAZOR_MK_LAB_CONFIG', `${path}: unknown option ${shown(key)}`, {
    remedy: alike === undefined ? 'razor-mk lab --help lists the options.' : `Did you mean ${alike}?`,
  });
}

/** How many letters must be added, left out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
