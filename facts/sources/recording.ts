/** A `Sources` over an origin: remembers every answer, and that memory is the recording. */
import { isUtf8 } from 'node:buffer';
import type { RunResult } from '../../platform/process/run.ts';
import type { Origin, ReadOutcome } from './origin.ts';
import type { FileSystemSpace, OsValues, SourceFailure, Sources } from './sources.ts';

export const DEFAULT_LIMIT = 1024 * 1024;

/** Everything that one gathering asked for, and the answers. */
export interface Recording {
  readonly reads: Map<string, ReadOutcome>;
  readonly lists: Map<string, readonly string[] | undefined>;
  readonly exists: Map<string, boolean>;
  readonly links: Map<string, string | undefined>;
  readonly reals: Map<string, string | undefined>;
  readonly commands: Map<string, RunResult>;
  readonly lookups: Map<string, string | undefined>;
  os: OsValues | undefined;
}

/** Normal answers of sysfs for "not now" or "not here": no failure, just no fact. */
const QUIET = new Set([
  ...['ENOENT', 'ENOTDIR', 'EINVAL', 'ENODATA', 'ENODEV', 'ENXIO', 'EISDIR', 'ELOOP'],
  // one number on Linux; Node names it ENOTSUP
  ...['EOPNOTSUPP', 'ENOTSUP'],
]);
const DENIED = new Set(['EACCES', 'EPERM']);

/** Kinds of devices: most machines have few of them. */
const KINDS = ['/sys/class/', '/sys/bus/'];

const recordings = new WeakMap<Sources, Recording>();

/** What a `Sources` was asked for so far. */
export function recordingOf(sources: Sources): Recording {
  const recording = recordings.get(sources);
  if (!recording) throw new Error('not a Sources of createSources');
  return recording;
}

/** Wraps an origin. */
export function createSources(origin: Origin): Sources {
  const recording: Recording = {
    reads: new Map(),
    lists: new Map(),
    exists: new Map(),
    links: new Map(),
    reals: new Map(),
    commands: new Map(),
    lookups: new Map(),
    os: undefined,
  };
  const texts = new Map<string, string>();
  const failures: SourceFailure[] = [];
  const denied: string[] = [];

  const note = (path: string, outcome: ReadOutcome): ReadOutcome => {
    recording.reads.set(path, outcome);
    if (outcome.code !== undefined && !QUIET.has(outcome.code)) {
      if (DENIED.has(outcome.code)) denied.push(path);
      else if (failures.length < 1000) failures.push({ path, code: outcome.code });
    }
    return outcome;
  };
  const read = (path: string, limit: number): ReadOutcome =>
    recording.reads.get(path) ?? note(path, listed(path) === false ? MISSING : origin.read(path, limit));

  const listed = (path: string): boolean | undefined =>
    origin.kind === 'live' ? isListed(path, recording, sources.list) : undefined;

  const sources: Sources = {
    kind: origin.kind,
    root: origin.root,
    failures,
    denied,
    bytes: (path, limit = DEFAULT_LIMIT) => read(path, limit).bytes,
    text(path, limit = DEFAULT_LIMIT) {
      const known = texts.get(path);
      if (known !== undefined) return known;
      const { bytes } = read(path, limit);
      if (bytes === undefined) return undefined;
      const text = isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1');
      texts.set(path, text);
      return text;
    },
    line(path) {
      const text = sources.text(path);
      if (text === undefined) return undefined;
      const end = text.indexOf('\n');
      const line = (end < 0 ? text : text.slice(0, end)).trim();
      return line === '' ? undefined : line;
    },
    int(path) {
      const line = sources.line(path);
      if (line === undefined || !/^(-?\d{1,15}|0x[0-9a-fA-F]{1,12})$/.test(line)) return undefined;
      return Number(line);
    },
    list: (path) =>
      remember(recording.lists, path, (asked) => (listed(asked) === false ? undefined : origin.list(asked))) ?? [],
    exists(path) {
      const seen = recording.reads.get(path);
      if (seen?.bytes !== undefined) return true;
      return remember(recording.exists, path, (asked) => listed(asked) ?? origin.exists(asked));
    },
    link: (path) => remember(recording.links, path, origin.link),
    linkName(path) {
      const text = sources.link(path);
      return text === undefined ? undefined : text.slice(text.lastIndexOf('/') + 1) || undefined;
    },
    real: (path) => remember(recording.reals, path, origin.real),
    async prefetch(paths) {
      const wanted = [...new Set(paths)].filter((path) => !recording.reads.has(path));
      await Promise.all(
        wanted.map(async (path) => {
          note(path, await origin.readSlow(path, DEFAULT_LIMIT));
        }),
      );
    },
    async run(argv, options = {}) {
      const key = JSON.stringify(argv);
      const known = recording.commands.get(key);
      if (known) return known;
      const result = await origin.run(argv, options);
      recording.commands.set(key, result);
      return result;
    },
    os: () => (recording.os ??= origin.os()),
    lookup(name, make) {
      return remember(recording.lookups, name, (key) => origin.lookup(key, make));
    },
    space: (path) => parseSpace(sources.lookup(`statfs ${path}`, () => spaceText(origin.space?.(path)))),
    fresh: () => createSources(origin),
  };
  recordings.set(sources, recording);
  return sources;
}

/**
 * What a list of the directory says, where it is known, or lists that are worth one question: a file that is not there costs an
 * exception. Of the running machine only, because a recorded tree has links that lead nowhere.
 */
function isListed(path: string, recording: Recording, list: Sources['list']): boolean | undefined {
  if (!path.startsWith('/sys/')) return undefined;
  const at = path.lastIndexOf('/');
  const top = KINDS.find((directory) => path.startsWith(directory));
  if (top !== undefined && at >= top.length - 1) {
    const end = path.indexOf('/', top.length);
    const there = list(top.slice(0, -1)).includes(path.slice(top.length, end < 0 ? undefined : end));
    if (!there || end < 0) return there;
  }
  return recording.lists.get(path.slice(0, at))?.includes(path.slice(at + 1));
}

function spaceText(space: FileSystemSpace | undefined): string | undefined {
  return space && [space.size, space.free, space.available].join(' ');
}

function parseSpace(text: string | undefined): FileSystemSpace | undefined {
  const [size = NaN, free = NaN, available = NaN] = (text ?? '').split(' ').map(Number);
  return text !== undefined && size + free + available >= 0 ? { size, free, available } : undefined;
}

function remember<T>(memory: Map<string, T>, key: string, ask: (key: string) => T): T {
  if (memory.has(key)) return memory.get(key) as T;
  const answer = ask(key);
  memory.set(key, answer);
  return answer;
}

/** A function of a machine that is computed once for each `Sources`. */
export function oncePer<T>(make: (sources: Sources) => T): (sources: Sources) => T {
  const known = new WeakMap<Sources, { readonly value: T }>();
  return (sources) => {
    const before = known.get(sources);
    if (before) return before.value;
    const value = make(sources);
    known.set(sources, { value });
    return value;
  };
}

/** An empty outcome, for tests and captures. */
export const MISSING: ReadOutcome = { code: 'ENOENT' };
