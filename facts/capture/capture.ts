/** Captures: one machine's answers in a file, and the same facts from them anywhere. */
import { readCapped } from '../../platform/files.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { CollectOptions } from '../collect-facts.ts';
import { collectFacts, gather } from '../collect-facts.ts';
import type { FactSet } from '../fact-types.ts';
import { createSources, recordingOf } from '../sources/recording.ts';
import type { Origin } from '../sources/origin.ts';
import type { Sources } from '../sources/sources.ts';
import { readArchive, writeArchive } from './archive.ts';
import { type Manifest, pack, unpackCommands, unpackRead } from './manifest.ts';
import { checkRedacted } from './redact/check-archive.ts';
import { redactRecording } from './redact/redact-recording.ts';

const LARGEST_FILE = 64 * 1024 * 1024;

export interface Capture {
  /** The bytes of a .tar.gz. */
  readonly bytes: Buffer;
  /** The facts that were gathered while recording; not redacted. */
  readonly set: FactSet;
  /** Names of the facts that a redacted capture gives otherwise; empty for a plain one. */
  readonly changed: readonly string[];
  /** How many files, directories and links, commands were asked for. */
  readonly counts: { readonly files: number; readonly lists: number; readonly commands: number };
}

/**
 * Gathers and records everything that the groups asked for, and nothing else. Throws RAZOR_MK_CAPTURE when a redacted capture
 * would still hold something that identifies the machine.
 */
export async function captureMachine(options: CollectOptions & { readonly redact?: boolean }): Promise<Capture> {
  const { set, sources } = await gather(options);
  set.inventory?.(); // it reads a little more than the groups did
  const redacted = options.redact === true ? redactRecording(recordingOf(sources)) : undefined;
  const recording = redacted?.recording ?? recordingOf(sources);
  const { manifest, files } = pack(recording, redacted !== undefined);
  const bytes = await writeArchive(manifest, files);
  if (redacted !== undefined) await checkRedacted(bytes, redacted.secrets);
  return {
    bytes,
    set,
    changed: redacted === undefined ? [] : await changedByRedaction(bytes, set, options),
    counts: { files: files.size, lists: recording.lists.size, commands: recording.commands.size },
  };
}

/** Names of the facts that the capture gives otherwise than the machine did, or not at all. */
async function changedByRedaction(bytes: Buffer, set: FactSet, options: CollectOptions): Promise<string[]> {
  const { all, hardware } = options;
  const replayed = await collectFacts({ sources: await captureSources(bytes, 'redacted'), all, hardware });
  const names = new Set([...set.facts.keys(), ...replayed.facts.keys()]);
  return [...names].filter((name) => set.facts.get(name)?.value !== replayed.facts.get(name)?.value).sort();
}

/** Opens a capture file. Throws RAZOR_MK_FILE_UNREADABLE or RAZOR_MK_CAPTURE. */
export async function openCapture(path: string): Promise<Sources> {
  const bytes = await readCapped(path, LARGEST_FILE);
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `there is no file ${path}`);
  return await captureSources(bytes, path);
}

/** The same from bytes; `name` is for messages. */
export async function captureSources(bytes: Uint8Array, name: string): Promise<Sources> {
  const { manifest, files } = await readArchive(bytes, name);
  return createSources(captureOrigin(manifest, files, name));
}

function captureOrigin(manifest: Manifest, files: ReadonlyMap<string, Buffer>, name: string): Origin {
  const commands = unpackCommands(manifest);
  const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
    Object.hasOwn(record, key) ? record[key] : undefined;
  return {
    kind: 'capture',
    root: name,
    read: (path) => unpackRead(manifest, files, path),
    readSlow: (path) => Promise.resolve(unpackRead(manifest, files, path)),
    list: (path) => own(manifest.lists, path) ?? undefined,
    exists: (path) => own(manifest.exists, path) ?? unpackRead(manifest, files, path).bytes !== undefined,
    link: (path) => own(manifest.links, path) ?? undefined,
    real: (path) => own(manifest.reals, path) ?? undefined,
    run(argv) {
      const nothing = Buffer.alloc(0);
      const missing = { argv, status: undefined, signal: undefined, failure: 'not-found' as const };
      return Promise.resolve(
        commands.get(JSON.stringify(argv)) ?? { ...missing, stdout: nothing, stderr: nothing, durationMs: 0 },
      );
    },
    os: () =>
      manifest.os ?? {
        hostname: '',
        sysname: 'Linux',
        release: '',
        version: '',
        machine: '',
        addresses: {},
        timezone: '',
        user: '',
        path: '',
      },
    lookup: (key) => own(manifest.lookups, key) ?? undefined,
  };
}
