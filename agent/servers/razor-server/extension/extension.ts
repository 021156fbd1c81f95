/**
 * The extension archive of razor-server (docs/contracts/razor-server.md#extension-archive): fetched before each
 * check-in, unpacked into a fresh directory that then takes the place of the old one. Its `bin` and `lib` are for commands and for
 * the programs of its `facts.d`. Whatever goes wrong, the tree before it stays.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { DEFAULT_PATH } from '../../../../platform/process/run.ts';
import type { System } from '../../../../platform/system.ts';
import { unpackZip, type UnpackLimits } from './unpack.ts';

/** What a download gave; the body is empty for 304. */
interface Downloaded {
  readonly status: number;
  readonly headers: { readonly 'last-modified'?: string | undefined };
  readonly body: Buffer;
}

/** GETs a URL with headers, at most `limit` bytes. Throws RAZOR_MK_HTTP. */
export type Download = (
  url: string,
  headers: Readonly<Record<string, string>>,
  limit: number,
  signal?: AbortSignal,
) => Promise<Downloaded>;

interface ExtensionOptions {
  readonly url: string;
  /** `mk-update` is made in it. */
  readonly stateDir: string;
  readonly download: Download;
  /** Code from the network runs later, so a dry system does not even fetch it. */
  readonly system: System;
  readonly limits?: UnpackLimits;
}

type Refreshed = 'updated' | 'unchanged' | 'none' | 'dry';

export interface Extension {
  readonly url: string;
  /** Asks the server and unpacks what is new. Throws RAZOR_MK_HTTP, RAZOR_MK_REFUSED or RAZOR_MK_EXTENSION; the old tree stays. */
  refresh(signal?: AbortSignal): Promise<Refreshed>;
  /** PATH with its `bin` first, and LD_LIBRARY_PATH with its `lib`, where it has them. */
  environment(): Readonly<Record<string, string>>;
  /** It has facts in Ruby (`lib/ruby`), for which there is no Ruby here. */
  hasRuby(): boolean;
  /** Directories of external facts: none or one. */
  factDirs(): readonly string[];
}

const ARCHIVE_LIMIT = 32 * 1024 * 1024;

/** The archive of one URL. State: the date of what was unpacked. */
export function createExtension(options: ExtensionOptions): Extension {
  const tree = join(options.stateDir, 'mk-update');
  let lastModified: string | undefined;

  async function refresh(signal?: AbortSignal): Promise<Refreshed> {
    const result = await options.system.change(`fetch the extension ${options.url}`, () => fetchAndReplace(signal));
    return result ?? 'dry';
  }

  async function fetchAndReplace(signal?: AbortSignal): Promise<Refreshed> {
    const known = lastModified !== undefined && existsSync(tree) ? lastModified : undefined;
    const headers: Record<string, string> = known === undefined ? {} : { 'if-modified-since': known };
    const reply = await options.download(options.url, headers, ARCHIVE_LIMIT, signal);
    if (reply.status === 304) return 'unchanged';
    if (reply.status === 404) return 'none'; // no extension configured
    if (reply.status !== 200) {
      throw new RazorMkError('RAZOR_MK_REFUSED', `the extension was answered with HTTP ${reply.status}`);
    }
    // razor-server answers our own Last-Modified with an empty 200 where it means 304
    if (reply.body.length === 0) return 'unchanged';
    const fresh = `${tree}.${randomBytes(4).toString('hex')}.new`;
    const old = `${fresh}.old`;
    try {
      await mkdir(fresh, { recursive: true, mode: 0o755 });
      await unpackZip(reply.body, fresh, options.limits);
      if (existsSync(tree)) await rename(tree, old);
      await rename(fresh, tree);
      lastModified = reply.headers['last-modified'];
      return 'updated';
    } finally {
      await rm(fresh, { recursive: true, force: true });
      await rm(old, { recursive: true, force: true });
    }
  }

  const present = (name: string): readonly string[] => {
    const path = join(tree, name);
    return existsSync(path) ? [path] : [];
  };
  return {
    url: options.url,
    refresh,
    environment() {
      const [bin] = present('bin');
      const [lib] = present('lib');
      const environment: Record<string, string> = {};
      if (bin !== undefined) environment['PATH'] = `${bin}:${DEFAULT_PATH}`;
      if (lib !== undefined) environment['LD_LIBRARY_PATH'] = lib;
      return environment;
    },
    hasRuby: () => present('lib/ruby').length > 0,
    factDirs: () => present('facts.d'),
  };
}
