/** A made-up machine that is nowhere on disk: files and links by path, directories from both, and what the system says. */
import { posix } from 'node:path';
import type { Origin, ReadOutcome } from '../../facts/sources/origin.ts';
import { createSources } from '../../facts/sources/recording.ts';
import type { FileSystemSpace, OsValues, Sources } from '../../facts/sources/sources.ts';

export interface MadeUpMachine {
  /** Content by absolute path; a text that starts with `-> ` is a symbolic link; an errno name in `failing` fails. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly failing?: Readonly<Record<string, string>>;
  readonly os?: Partial<OsValues>;
  /** How full the file systems are, by where they are mounted. */
  readonly space?: Readonly<Record<string, FileSystemSpace>>;
  /** What programs print, by their words; all others are not installed. */
  readonly programs?: Readonly<Record<string, string>>;
}

const NOTHING: OsValues = {
  hostname: '',
  sysname: 'Linux',
  release: '',
  version: '',
  machine: '',
  addresses: {},
  timezone: '',
  user: '',
  path: '',
};

/** Sources of such a machine. */
export function madeUpSources(machine: MadeUpMachine): Sources {
  const links = new Map<string, string>();
  const contents = new Map<string, Buffer>();
  const directories = new Map<string, Set<string>>([['/', new Set()]]);
  for (const [given, content] of Object.entries({ ...machine.files, ...machine.failing })) {
    const path = posix.normalize(given);
    if (typeof content === 'string' && content.startsWith('-> ')) links.set(path, content.slice(3));
    else contents.set(path.replace(/\/$/, ''), Buffer.from(content));
    for (let at = path.replace(/\/$/, ''); at !== '/'; at = posix.dirname(at)) {
      const parent = posix.dirname(at);
      const known = directories.get(parent) ?? new Set();
      known.add(posix.basename(at));
      directories.set(parent, known);
      if (path.endsWith('/') && at === path.slice(0, -1)) directories.set(at, directories.get(at) ?? new Set());
    }
  }
  const resolve = (path: string, depth = 0): string => {
    let at = '/';
    const parts = path.split('/').filter(Boolean);
    for (const [i, part] of parts.entries()) {
      const next = posix.join(at, part);
      const link = links.get(next);
      if (link !== undefined && depth < 20) {
        const target = link.startsWith('/') ? link : posix.join(at, link);
        return resolve(posix.join(target, ...parts.slice(i + 1)), depth + 1);
      }
      at = next;
    }
    return at;
  };
  const origin: Origin = {
    kind: 'tree',
    root: '(made up)',
    read(path, limit): ReadOutcome {
      const real = resolve(path);
      const failure = machine.failing?.[real];
      if (failure !== undefined) return { code: failure };
      const bytes = contents.get(real);
      return bytes ? { bytes: bytes.subarray(0, limit) } : { code: 'ENOENT' };
    },
    readSlow: (path, limit) => Promise.resolve(origin.read(path, limit)),
    list(path) {
      const found = directories.get(resolve(path));
      return found && [...found].sort();
    },
    exists: (path) => contents.has(resolve(path)) || directories.has(resolve(path)),
    link: (path) => links.get(posix.join(resolve(posix.dirname(path)), posix.basename(path))),
    real: (path) => (origin.exists(path) ? resolve(path) : undefined),
    space: (path) => machine.space?.[path],
    run: (argv) => {
      const text = machine.programs?.[argv.join(' ')];
      return Promise.resolve({
        argv,
        signal: undefined,
        ...(text === undefined ? { status: undefined, failure: 'not-found' } : { status: 0, failure: undefined }),
        stdout: Buffer.from(text ?? ''),
        stderr: Buffer.alloc(0),
        durationMs: 0,
      });
    },
    os: () => ({ ...NOTHING, ...machine.os }),
    lookup: (_name, make) => make(),
  };
  return createSources(origin);
}
