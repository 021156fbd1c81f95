/** Captures: one machine's answers in a file, and the same facts from them anywhere. */
import { readCapped } from '../../platform/files.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { CollectOptions } from '../collect-facts.ts';
import { gather } from '../collect-facts.ts';
import type { FactSet } from '../fact-types.ts';
import { createSources, recordingOf } from '../sources/recording.ts';
import type { Origin } from '../sources/origin.ts';
import type { Sources } from '../sources/sources.ts';
import { readArchive, writeArchive } from './archive.ts';
import { type Manifest, pack, unpackCommands, unpackRead } from './manifest.ts';
import { redactRecording } from './redact.ts';

const LARGEST_FILE = 64 * 1024 * 1024;

export interface Capture {
  /** The bytes of a .tar.gz. */
  readonly bytes: Buffer;
  /** The facts that were gathered while recording; not redacted. */
  readonly set: FactSet;
  /** How many files, directories and links, commands were asked for. */
  readonly counts: { readonly files: number; readonly lists: number; readonly commands: number };
}

/** Gathers and records everything that the groups asked for, and nothing else. */
export async function captureMachine(options: CollectOptions & { readonly redact?: boolean }): Promise<Capture> {
  const { set, sources } = await gather(options);
  set.inventory?.(); // it reads a little more than the groups did
  let recording = recordingOf(sources);
  if (options.redact === true) recording = redactRecording(recording);
  const { manifest, files } = pack(recording, options.redact === true);
  return {
    bytes: await writeArchive(manifest, files),
    set,
    counts: { files: files.size, lists: recording.lists.size, commands: recording.commands.size },
  };
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
