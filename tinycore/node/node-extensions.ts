/**
 * Installs the extensions of a list, as the original does: the mirror is written to /opt/tcemirror, then tce-load runs as the user
 * tc (Core's refuses root; a base without sudo has one that takes it) for each one that is not installed yet. What it loads was
 * fetched and checked here before (extension-fetcher.ts).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { fetchExtension, isThere, tczDirectoryOf, type ExtensionFetch } from './extension-fetcher.ts';
import { parseExtensionList, readList, type ExtensionEntry } from './lists.ts';

interface ExtensionsOptions extends Pick<ExtensionFetch, 'openFile' | 'kernel'> {
  readonly system: System;
  readonly log: Log;
  readonly listUri: string;
  /** Empty: /opt/tcemirror is left as it is, and used. */
  readonly mirrorUri: string;
  readonly fetchList: (url: string) => Promise<Uint8Array | undefined>;
  readonly vouchFor?: (url: string, bytes: Uint8Array) => Promise<void>;
  /** Whether an extension without SHA-256 in the list is refused: then the list is signed, and so is all that it names. */
  readonly checksumsRequired?: boolean;
  readonly signal?: AbortSignal;
  /** Where Tiny Core keeps its things; `/` by default. */
  readonly root?: string;
  /** How tce-load is called, before its own arguments. */
  readonly tceLoad?: readonly [string, ...string[]];
}

/** A start script takes its time. */
const LOAD_TIMEOUT_MS = 900_000;

/** Never throws: a list that is not there is the normal case of the original's default configuration. Returns what was installed. */
export async function installExtensions(options: ExtensionsOptions): Promise<readonly string[]> {
  const { log, system } = options;
  const root = options.root ?? '/';
  const list = await readList('extensions', parseExtensionList, options);
  const listed = list?.entries ?? [];
  const missing = listed.filter(
    ({ name }) => !existsSync(join(root, 'usr/local/tce.installed', name.replace(/\.tcz$/, ''))),
  );
  if (missing.length === 0) return [];
  writeMirror(join(root, 'opt/tcemirror'), options);
  let mirror = '';
  try {
    mirror = tczDirectoryOf(options.mirrorUri, root);
  } catch (error) {
    // extensions of the image need none
    log.warn(`list of extensions: ${messageOf(error)}`);
  }
  const fetched = missing.filter(({ name }) => !isThere(name, root));
  warnOfPlainHttp(mirror, fetched, log);
  const installed: string[] = [];
  for (const entry of missing) {
    if (options.signal?.aborted === true) break;
    const { openFile, kernel } = options;
    if (await install(entry, { mirror, root, listed, openFile, kernel }, options)) installed.push(entry.name);
  }
  if (installed.length > 0) log.info(`${system.live ? 'installed' : 'would install'} ${installed.join(', ')}`);
  return installed;
}

/** An MD5 from the same place proves nothing about who made the file. */
function warnOfPlainHttp(mirror: string, entries: readonly ExtensionEntry[], log: Log): void {
  const bare = entries.filter(({ sha256 }) => sha256 === undefined).map(({ name }) => name);
  if (bare.length === 0 || !/^http:/i.test(mirror)) return;
  const { hostname } = new URL(mirror);
  if (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return;
  log.warn(
    `${bare.join(', ')}: no SHA-256 in the list, and ${mirror} is plain http: anybody on the way to it can have their code run ` +
      'as root here. Write {"name": "NAME.tcz", "sha256": "…"} into the list, or name an https mirror.',
  );
}

function writeMirror(path: string, { mirrorUri, system, log }: ExtensionsOptions): void {
  if (mirrorUri === '') return;
  const line = `${mirrorUri.replace(/\/+$/, '')}/\n`;
  try {
    if (existsSync(path) && readFileSync(path, 'utf8') === line) return;
    system.write(`name the mirror ${mirrorUri} in ${path}`, path, line);
  } catch (error) {
    log.warn(messageOf(error));
  }
}

async function install(entry: ExtensionEntry, fetch: ExtensionFetch, options: ExtensionsOptions): Promise<boolean> {
  const { system, log, signal } = options;
  const { name } = entry;
  try {
    if (!isThere(name, fetch.root)) {
      if (options.checksumsRequired === true && entry.sha256 === undefined)
        throw new Error(
          `the list has no SHA-256 for it, and this node has a site key. Write {"name": "${name}", "sha256": "…"}`,
        );
      if (fetch.mirror === '') throw new Error('no mirror has it');
      await system.change(`fetch the extension ${name} and what it needs`, () => fetchExtension(entry, fetch));
    }
  } catch (error) {
    if (signal?.aborted !== true) log.error(`${name} was not installed: ${messageOf(error)}`);
    return false;
  }
  const [program, ...before] = options.tceLoad ?? tceLoadOf(fetch.root);
  const result = await system.run(`install the extension ${name}`, [program, ...before, '-i', name], {
    timeoutMs: LOAD_TIMEOUT_MS,
    env: { HOME: '/home/tc', USER: 'tc' },
    signal,
  });
  if (result.status === 0) return true;
  const said = `${result.stdout.toString()}${result.stderr.toString()}`.trim().split('\n').at(-1) ?? '';
  log.warn(`${name} was not installed: ${result.failure ?? (said || `status ${result.status}`)}`);
  return false;
}

function tceLoadOf(root: string): readonly [string, ...string[]] {
  const sudo = ['usr/bin/sudo', 'usr/local/bin/sudo', 'bin/sudo'].some((path) => existsSync(join(root, path)));
  return sudo ? ['sudo', '-u', 'tc', 'tce-load'] : ['tce-load'];
}
