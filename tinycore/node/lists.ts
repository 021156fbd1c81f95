/** The lists that a server or a mirror gives: extensions to install, kernel modules to load. Every name is matched strictly. */
import * as z from 'zod/mini';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';

export interface ExtensionEntry {
  /** With `.tcz` at its end. */
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string | undefined;
}

export interface Listed<T> {
  readonly entries: readonly T[];
  /** Entries that were left out, in words. */
  readonly warnings: readonly string[];
}

/** Names as they are in Tiny Core's repository; they become arguments of tce-load. */
const EXTENSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,120}$/;
/** A module's name, or a path below the kernel's module directory; never absolute, never upwards. */
const MODULE = /^(?:[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\/){0,8}[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
const MOST = 500;

/** Whether a text may be the name of an extension: a file name and never a path. */
export function isExtensionName(text: string): boolean {
  return EXTENSION.test(text) && !text.includes('..');
}

const Sha256 = z.string().check(z.regex(/^[0-9a-fA-F]{64}$/));
const Extension = z.union([z.string(), z.object({ name: z.string(), sha256: z.optional(Sha256) })]);
const ExtensionList = z.array(z.unknown()).check(z.maxLength(MOST));
/** The original's later form is a list; an earlier one had it under `kmod_list`. */
const ModuleList = z.union([ExtensionList, z.object({ kmod_list: ExtensionList })]);

interface ListSource {
  readonly log: Log;
  readonly listUri: string;
  readonly fetchList: (url: string) => Promise<Uint8Array | undefined>;
  /** Throws where nobody who is trusted has signed this list. */
  readonly vouchFor?: (url: string, bytes: Uint8Array) => Promise<void>;
}

/** Fetches a list of `what`. Undefined where there is none, the normal case, and where there is something else, which is said. */
export async function readList<T>(
  what: string,
  parse: (bytes: Uint8Array) => Listed<T>,
  { log, listUri, fetchList, vouchFor }: ListSource,
): Promise<Listed<T> | undefined> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await fetchList(listUri);
  } catch (error) {
    log.debug(`no list of ${what} from ${listUri}: ${messageOf(error)}`);
  }
  if (bytes === undefined) return undefined;
  try {
    await vouchFor?.(listUri, bytes);
    const list = parse(bytes);
    for (const warning of list.warnings) log.warn(`list of ${what}: ${warning}`);
    return list;
  } catch (error) {
    log.warn(`list of ${what}: ${listUri}: ${messageOf(error)}`);
    return undefined;
  }
}

/** The text of a list as JSON. Throws Error with what is wrong. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    throw new Error('it is not JSON');
  }
}

/**
 * `["a.tcz", {"name": "b.tcz", "sha256": "…"}]`. What is listed twice has the checksum of either entry, and is left out where there
 * are two. Throws Error when it is no list at all.
 */
export function parseExtensionList(bytes: Uint8Array): Listed<ExtensionEntry> {
  const list = ExtensionList.safeParse(json(bytes));
  if (!list.success) throw new Error(`it is not a list of at most ${MOST} extensions`);
  const entries = new Map<string, ExtensionEntry>();
  const doubtful = new Set<string>();
  const warnings: string[] = [];
  for (const item of list.data) {
    const parsed = Extension.safeParse(item);
    const written = parsed.success
      ? typeof parsed.data === 'string'
        ? { name: parsed.data, sha256: undefined }
        : parsed.data
      : undefined;
    if (written === undefined || !isExtensionName(written.name)) {
      warnings.push(`${shown(item)} is not an extension`);
      continue;
    }
    const name = written.name.endsWith('.tcz') ? written.name : `${written.name}.tcz`;
    const sha256 = written.sha256?.toLowerCase() ?? entries.get(name)?.sha256;
    const before = entries.get(name)?.sha256 ?? sha256;
    if (before !== sha256) doubtful.add(name);
    entries.set(name, { name, sha256 });
  }
  for (const name of doubtful) {
    entries.delete(name);
    warnings.push(`${name} is listed with two checksums`);
  }
  return { entries: [...entries.values()], warnings };
}

/** `["fs/vmblock/vmblock.ko", "vmci"]`, or the same under `kmod_list`. Throws Error when it is no list at all. */
export function parseModuleList(bytes: Uint8Array): Listed<string> {
  const list = ModuleList.safeParse(json(bytes));
  if (!list.success) throw new Error(`it is not a list of at most ${MOST} kernel modules`);
  const items = Array.isArray(list.data) ? list.data : list.data.kmod_list;
  const entries: string[] = [];
  const warnings: string[] = [];
  for (const item of items) {
    if (typeof item === 'string' && MODULE.test(item) && !item.split('/').includes('..')) entries.push(item);
    else warnings.push(`${shown(item)} is not a kernel module`);
  }
  return { entries: [...new Set(entries)], warnings };
}

function shown(item: unknown): string {
  return (JSON.stringify(item) ?? 'undefined').slice(0, 100);
}
