/**
 * Installs the extensions of a list, as the original does: the mirror is written to /opt/tcemirror first, then tce-load runs as
 * the user tc (Core's refuses root; a base without sudo has one that takes it) for each one that is not installed yet. tce-load checks the md5 of what it fetched; a
 * SHA-256 in the list is checked here, between fetching and installing.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { parseExtensionList, readList, type ExtensionEntry } from './lists.ts';

interface ExtensionsOptions {
  readonly system: System;
  readonly log: Log;
  readonly listUri: string;
  /** Empty: /opt/tcemirror is left as it is. */
  readonly mirrorUri: string;
  readonly fetchList: (url: string) => Promise<Uint8Array | undefined>;
  readonly signal?: AbortSignal;
  /** Where Tiny Core keeps its things; `/` by default. */
  readonly root?: string;
  /** How tce-load is called, before its own arguments. */
  readonly tceLoad?: readonly [string, ...string[]];
}

/** Fetching over a slow link takes its time. */
const LOAD_TIMEOUT_MS = 900_000;

/** Never throws: a list that is not there is the normal case of the original's default configuration. Returns what was installed. */
export async function installExtensions(options: ExtensionsOptions): Promise<readonly string[]> {
  const { log, system } = options;
  const root = options.root ?? '/';
  const list = await readList('extensions', parseExtensionList, options);
  const missing = (list?.entries ?? []).filter(
    ({ name }) => !existsSync(join(root, 'usr/local/tce.installed', name.replace(/\.tcz$/, ''))),
  );
  if (missing.length === 0) return [];
  writeMirror(join(root, 'opt/tcemirror'), options);
  const installed: string[] = [];
  for (const entry of missing) {
    if (options.signal?.aborted === true) break;
    if (await install(entry, root, options)) installed.push(entry.name);
  }
  if (installed.length > 0) log.info(`${system.live ? 'installed' : 'would install'} ${installed.join(', ')}`);
  return installed;
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

async function install(entry: ExtensionEntry, root: string, options: ExtensionsOptions): Promise<boolean> {
  const { system, log } = options;
  const [program, ...before] = options.tceLoad ?? tceLoadOf(root);
  const load = async (what: string, flags: string): Promise<boolean> => {
    const argv: [string, ...string[]] = [program, ...before, flags, entry.name];
    const result = await system.run(what, argv, {
      timeoutMs: LOAD_TIMEOUT_MS,
      env: { HOME: '/home/tc', USER: 'tc' },
      signal: options.signal,
    });
    if (result.status === 0) return true;
    const said = `${result.stdout.toString()}${result.stderr.toString()}`.trim().split('\n').at(-1) ?? '';
    log.warn(`${entry.name} was not installed: ${result.failure ?? (said || `status ${result.status}`)}`);
    return false;
  };
  if (entry.sha256 === undefined) return await load(`install the extension ${entry.name}`, '-iw');
  if (!(await load(`fetch the extension ${entry.name}`, '-w'))) return false;
  if (system.live && !(await isGenuine(entry, root, options))) return false;
  return await load(`install the extension ${entry.name}`, '-i');
}

function tceLoadOf(root: string): readonly [string, ...string[]] {
  const sudo = ['usr/bin/sudo', 'usr/local/bin/sudo', 'bin/sudo'].some((path) => existsSync(join(root, path)));
  return sudo ? ['sudo', '-u', 'tc', 'tce-load'] : ['tce-load'];
}

/** Whether the fetched file has the list's SHA-256. One that has not is removed, so that nobody installs it later. */
async function isGenuine(entry: ExtensionEntry, root: string, { log, system }: ExtensionsOptions): Promise<boolean> {
  // tce-load puts files where /etc/sysconfig/tcedir points; without a disk that is /tmp/tce
  const directories = ['etc/sysconfig/tcedir/optional', 'tmp/tce/optional'].map((dir) => join(root, dir, entry.name));
  const path = directories.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    log.warn(`${entry.name} was not installed: tce-load fetched it, but it is in neither ${directories.join(' nor ')}`);
    return false;
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  const found = hash.digest('hex');
  if (found === entry.sha256) return true;
  log.error(`${entry.name} was not installed: its SHA-256 is ${found}, and the list says ${entry.sha256}`);
  const { rmSync } = await import('node:fs');
  await system.change(`remove ${path}`, () => rmSync(path, { force: true }));
  return false;
}
