/** The first entry of a capture, `capture.json`: every answer that is no file's content. */
import * as z from 'zod/mini';
import type { Recording } from '../sources/recording.ts';
import type { ReadOutcome } from '../sources/origin.ts';
import { redactText } from '../../platform/log/redact.ts';
import type { RunResult } from '../../platform/process/run.ts';

const CAPTURE_FORMAT = 1;

const names = z.array(z.string());
const byPath = <T extends z.core.SomeType>(value: T) => z.record(z.string(), value);

const address = z.object({
  family: z.enum(['IPv4', 'IPv6']),
  address: z.string(),
  netmask: z.string(),
  internal: z.boolean(),
});

const os = z.object({
  hostname: z.string(),
  sysname: z.string(),
  release: z.string(),
  version: z.string(),
  machine: z.string(),
  addresses: byPath(z.array(address)),
  timezone: z.string(),
  user: z.string(),
  path: z.string(),
});

const command = z.object({
  argv: names,
  status: z.optional(z.number()),
  signal: z.optional(z.string()),
  failure: z.optional(z.enum(['not-found', 'not-started', 'timeout', 'output-limit', 'aborted'])),
  /** Output as Latin-1 text, so that every byte comes back. */
  stdout: z.string(),
  stderr: z.string(),
});

export const manifestSchema = z.object({
  format: z.literal(CAPTURE_FORMAT),
  redacted: z.boolean(),
  os: z.optional(os),
  /** Files: the entry of the archive that holds the bytes, and the error that the read ended in, if any. */
  reads: byPath(z.object({ entry: z.optional(z.string()), code: z.optional(z.string()) })),
  lists: byPath(z.union([names, z.null()])),
  exists: byPath(z.boolean()),
  links: byPath(z.union([z.string(), z.null()])),
  reals: byPath(z.union([z.string(), z.null()])),
  commands: z.array(command),
  lookups: byPath(z.union([z.string(), z.null()])),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** A recording as a manifest and the contents of its files, by entry name. */
export function pack(recording: Recording, redacted: boolean): { manifest: Manifest; files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  const reads: Manifest['reads'] = {};
  for (const [path, { bytes, code }] of sorted(recording.reads)) {
    const entry = bytes === undefined ? undefined : `files${path}`;
    if (entry !== undefined && bytes !== undefined) files.set(entry, withoutSecrets(path, bytes));
    reads[path] = { entry, code };
  }
  const manifest: Manifest = {
    format: CAPTURE_FORMAT,
    redacted,
    ...(recording.os === undefined ? {} : { os: structuredClone(recording.os) as NonNullable<Manifest['os']> }),
    reads,
    lists: record(recording.lists, (list) => (list === undefined ? null : [...list])),
    exists: record(recording.exists, (answer) => answer),
    links: record(recording.links, (text) => text ?? null),
    reals: record(recording.reals, (text) => text ?? null),
    commands: sorted(recording.commands).map(([, result]) => packCommand(result)),
    lookups: record(recording.lookups, (text) => text ?? null),
  };
  return { manifest, files };
}

/** Tokens and passwords on the kernel line go into no capture, redacted or not; the facts hold them as little. */
function withoutSecrets(path: string, bytes: Buffer): Buffer {
  return path === '/proc/cmdline' ? Buffer.from(redactText(bytes.toString('latin1')), 'latin1') : bytes;
}

function packCommand(result: RunResult): Manifest['commands'][number] {
  return {
    argv: [...result.argv],
    status: result.status,
    signal: result.signal,
    failure: result.failure,
    stdout: result.stdout.toString('latin1'),
    stderr: result.stderr.toString('latin1'),
  };
}

/** The commands of a manifest by argv, as a `Sources` looks them up. */
export function unpackCommands(manifest: Manifest): Map<string, RunResult> {
  return new Map(
    manifest.commands.map((one) => [
      JSON.stringify(one.argv),
      {
        argv: one.argv,
        status: one.status,
        signal: one.signal as NodeJS.Signals | undefined,
        failure: one.failure,
        stdout: Buffer.from(one.stdout, 'latin1'),
        stderr: Buffer.from(one.stderr, 'latin1'),
        durationMs: 0,
      },
    ]),
  );
}

/** What a read of the capture answers. */
export function unpackRead(manifest: Manifest, files: ReadonlyMap<string, Buffer>, path: string): ReadOutcome {
  const read = Object.hasOwn(manifest.reads, path) ? manifest.reads[path] : undefined;
  if (!read) return { code: 'ENOENT' };
  const bytes = read.entry === undefined ? undefined : files.get(read.entry);
  return { bytes, code: read.code };
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function record<T, U>(map: ReadonlyMap<string, T>, convert: (value: T) => U): Record<string, U> {
  return Object.fromEntries(sorted(map).map(([key, value]) => [key, convert(value)]));
}
