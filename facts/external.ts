/**
 * Facts of the site's own: programs and files in a directory (Facter's facts.d). A program prints JSON or `key=value`
 * lines and has its own process group and a time limit; what fails loses only itself.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, messageOf } from '../platform/errors/errors.ts';
import { isExecutable, readCapped } from '../platform/files.ts';
import { run } from '../platform/process/run.ts';
import type { AddFact } from './groups/group.ts';

const EXTERNAL_TIMEOUT_MS = 10_000;
const LARGEST = 1024 * 1024;
const MOST_FILES = 256;
const MOST_FACTS = 1000;

/** How the site's programs are run. */
export interface ExternalRun {
  /** Beside the clean environment, or in place of a part of it: a PATH that finds the site's own tools. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Runs and reads every entry of the directories, in order of name. `fail` is told what failed; nothing is thrown. */
export async function collectExternal(
  directories: readonly string[],
  add: AddFact,
  fail: (message: string, source: string) => void,
  how: ExternalRun = {},
): Promise<void> {
  for (const directory of directories) {
    let names: string[];
    try {
      names = readdirSync(directory).sort().slice(0, MOST_FILES);
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') fail(messageOf(error), directory);
      continue;
    }
    for (const name of names.filter((one) => !/^\.|~$|\.(bak|orig|swp|dpkg-.*)$/.test(one))) {
      const path = join(directory, name);
      try {
        const values = await readEntry(path, how);
        for (const [key, value] of Object.entries(values).slice(0, MOST_FACTS)) add(key, value, path);
      } catch (error) {
        fail(messageOf(error), path);
      }
    }
  }
}

async function readEntry(path: string, { env, signal }: ExternalRun): Promise<Record<string, string>> {
  if (!statSync(path).isFile()) return {};
  const kind = /\.(json|ya?ml|txt)$/.exec(path)?.[1];
  if (kind !== undefined) {
    const text = (await readCapped(path, LARGEST))?.toString('utf8') ?? '';
    return await parseExternal(text, kind);
  }
  if (!isExecutable(path)) throw new Error('neither .json, .yaml or .txt nor executable');
  const result = await run([path], {
    timeoutMs: EXTERNAL_TIMEOUT_MS,
    outputLimit: LARGEST,
    env,
    signal,
  });
  if (result.failure !== undefined) {
    throw new Error(result.failure === 'timeout' ? `no end after ${EXTERNAL_TIMEOUT_MS / 1000} s` : result.failure);
  }
  if (result.status !== 0) {
    throw new Error(`exit status ${result.status ?? '?'}: ${result.stderr.toString('utf8').trim().slice(0, 200)}`);
  }
  const text = result.stdout.toString('utf8');
  return await parseExternal(text, /^\s*\{/.test(text) ? 'json' : 'txt');
}

/** A text as flat facts, each as it was written; YAML's null is no fact. Nested values become `a_b`. Throws what the JSON and YAML parsers throw, or for what is no object. */
export async function parseExternal(text: string, kind: string): Promise<Record<string, string>> {
  if (kind === 'txt') return parseKeyValue(text);
  const value = kind === 'json' ? parseJsonTexts(text) : await parseYamlTexts(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it holds no map of facts');
  const flat: Record<string, string> = {};
  flatten(value as Record<string, unknown>, '', flat, 0);
  return flat;
}

/** JSON whose numbers keep their digits: what a number cannot hold stays a text. */
function parseJsonTexts(text: string): unknown {
  const asWritten = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? context.source
      : value;
  return JSON.parse(text, asWritten as Parameters<typeof JSON.parse>[1]);
}

/** YAML whose scalars stay as they were written: a service tag 5E12345 is no number, 00123456 keeps its zeros. */
async function parseYamlTexts(text: string): Promise<unknown> {
  const { parseDocument, visit } = await import('yaml');
  const document = parseDocument(text, { logLevel: 'error' });
  if (document.errors[0] !== undefined) throw document.errors[0];
  visit(document, {
    Scalar(_key, node) {
      const { value, source } = node;
      if (source !== undefined && value !== null && typeof value !== 'string' && String(value) !== source)
        node.value = source;
    },
  });
  return document.toJS({ maxAliasCount: 50 }) as unknown;
}

/** `key=value` lines; others are left out. */
export function parseKeyValue(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n', 10_000)) {
    const match = /^\s*([^=\s#][^=]{0,255}?)\s*=\s*(.*?)\s*$/.exec(line);
    if (match) values[match[1] as string] = match[2] as string;
  }
  return values;
}

function flatten(map: Record<string, unknown>, prefix: string, into: Record<string, string>, depth: number): void {
  for (const [key, value] of Object.entries(map).slice(0, MOST_FACTS)) {
    if (value === null || value === undefined) continue;
    if (typeof value === 'object' && !Array.isArray(value) && depth < 5) {
      flatten(value as Record<string, unknown>, `${prefix}${key}_`, into, depth + 1);
    } else {
      into[`${prefix}${key}`] =
        typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
    }
  }
}
