/**
 * Files of the running machine or of an unpacked tree. Reads are synchronous, which is some ten times faster than
 * through the thread pool for files of /sys and /proc; what could block is opened with O_NONBLOCK (a FIFO, a terminal), or is
 * read through `readSlow`. On a tree, absolute links stay inside the tree.
 */
import {
  constants,
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { realpathSync } from 'node:fs';
import { userInfo, hostname, machine, networkInterfaces, release, type, version } from 'node:os';
import { posix } from 'node:path';
import { errnoOf } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';
import { DEFAULT_PATH } from '../../platform/process/run.ts';
import type { Origin, ReadOutcome } from './origin.ts';
import { readKernelLog } from './kernel-log.ts';
import { CONFIG_SPACE, readConfigSpace } from './config-space.ts';
import { createSlowReader } from './slow.ts';
import type { FileSystemSpace, OsAddress, OsValues } from './sources.ts';

/** Files that ask a driver or a device: read only through `prefetch`. */
const SLOW = /^\/sys\/(class\/net|devices\/.*\/net)\/[^/]+\/(speed|duplex|carrier)$|^\/sys\/block\/vd[a-z]+\/serial$/;

/** A device that gives its records one by one: only the wanted lines are kept. */
export const KERNEL_LOG = '/dev/kmsg';

const CHUNK = 65_536;
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The origin of `/` (live) or of a directory that holds a recorded machine. */
export function fileOrigin(root: string): Origin {
  const live = root === '/';
  const base = live ? '' : realOrSame(root);
  const place = live ? (path: string): string => path : treePlacer(base);
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  const slow = createSlowReader();

  return {
    kind: live ? 'live' : 'tree',
    root,
    read(path, limit) {
      if (live && SLOW.test(path)) return { code: 'ENOENT' };
      if (live && path === KERNEL_LOG) return readKernelLog();
      if (live && CONFIG_SPACE.test(path)) return readConfigSpace(path, limit);
      return readNow(place(path), limit, buffer);
    },
    list(path) {
      try {
        return readdirSync(place(path)).sort(byCodeUnit);
      } catch {
        return undefined;
      }
    },
    exists: (path) => existsSync(place(path)),
    link(path) {
      try {
        return readlinkSync(live ? path : `${place(posix.dirname(path))}/${posix.basename(path)}`);
      } catch {
        return undefined;
      }
    },
    real(path) {
      try {
        if (live) return realOf(path);
        const full = realpathSync.native(place(path));
        return full.startsWith(`${base}/`) ? full.slice(base.length) : undefined;
      } catch {
        return undefined;
      }
    },
    readSlow: (path, limit) => (live ? slow(path, limit) : Promise.resolve(readNow(place(path), limit, buffer))),
    async run(argv, options) {
      if (live) return await run(argv, { timeoutMs: 20_000, ...options });
      const nothing = Buffer.alloc(0);
      return {
        argv,
        status: undefined,
        signal: undefined,
        failure: 'not-found',
        stdout: nothing,
        stderr: nothing,
        durationMs: 0,
      };
    },
    os: () => (live ? osValues() : treeValues((path) => readNow(place(path), CHUNK, buffer).bytes?.toString())),
    ...(live ? { space: spaceOf } : {}),
    lookup: (_name, make) => make(),
  };
}

/** Directories of sysfs whose entries are links, each to the place that has no links in it. */
const LINKS = /^\/sys\/(class\/[^/]+|bus\/[^/]+\/devices|block)\/[^/]+$/;

/** One question in place of one for each part of the path. Throws where there is no such path. */
function realOf(path: string): string {
  if (!LINKS.test(path)) return realpathSync.native(path);
  try {
    return posix.resolve(posix.dirname(path), readlinkSync(path));
  } catch {
    return realpathSync.native(path);
  }
}

function spaceOf(path: string): FileSystemSpace | undefined {
  try {
    const { bsize, blocks, bfree, bavail } = statfsSync(path);
    return { size: blocks * bsize, free: bfree * bsize, available: bavail * bsize };
  } catch {
    return undefined;
  }
}

/** Reads a file now: nothing is waited for, at most `limit` bytes, regular files only. */
function readNow(path: string, limit: number, buffer: Buffer): ReadOutcome {
  let fd: number | undefined;
  // a missing file is an exception, and its stack trace would cost more than all the rest
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    fd = openSync(path, FLAGS);
    const first = readSync(fd, buffer, 0, Math.min(limit, CHUNK), null);
    if (first === 0 || first >= 4096) {
      // an ordinary attribute is never this long: only now is it worth asking what this is
      if (!fstatSync(fd).isFile()) return { code: 'NOT_A_FILE' };
    }
    const chunks = [Buffer.from(buffer.subarray(0, first))];
    let total = first;
    // an attribute of sysfs comes whole in one read of less than a page; /proc may give a part
    if (first > 0 && !(path.startsWith('/sys/') && first < 4096)) {
      while (total < limit) {
        const count = readMore(fd, buffer, Math.min(limit - total, CHUNK));
        if (count === 'broken') return { bytes: Buffer.concat(chunks), code: 'PARTIAL' };
        if (count === 0) break;
        chunks.push(Buffer.from(buffer.subarray(0, count)));
        total += count;
      }
    }
    return { bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) };
  } catch (error) {
    const code = errnoOf(error) ?? 'EIO';
    return { code: code === 'EAGAIN' ? 'NOT_A_FILE' : code };
  } finally {
    Error.stackTraceLimit = depth;
    if (fd !== undefined) closeSync(fd);
  }
}

function readMore(fd: number, buffer: Buffer, length: number): number | 'broken' {
  try {
    return readSync(fd, buffer, 0, length, null);
  } catch {
    return 'broken';
  }
}

/** Beyond this many links in one path it is taken for a circle, which is not followed: it might lead out of the tree. */
const MOST_LINKS = 40;

/**
 * A path of the machine as a path of this one, every link followed by hand so that absolute ones stay inside `base`.
 * Directories are remembered: a tree does not change while it is read.
 */
function treePlacer(base: string): (path: string) => string {
  const directories = new Map<string, string>([['/', '/']]);
  const resolve = (path: string, depth: number): string => {
    const known = directories.get(path);
    if (known !== undefined) return known;
    if (depth > MOST_LINKS) return NOWHERE;
    const parent = directory(posix.dirname(path), depth);
    const plain = posix.join(parent, posix.basename(path));
    const target = linkTarget(base + plain);
    return target === undefined ? plain : resolve(posix.resolve(parent, target), depth + 1);
  };
  const directory = (path: string, depth: number): string => {
    const real = resolve(path, depth);
    directories.set(path, real);
    return real;
  };
  return (path) => {
    const real = resolve(posix.normalize(`/${path}`).replace(/(?<=.)\/$/, ''), 0);
    return real === '/' ? base : base + real;
  };
}

/** A name that no tree has. */
const NOWHERE = '/.links-that-never-end';

/** The text of a link; undefined for anything else, and for what cannot be looked at: the read itself then says why. */
function linkTarget(path: string): string | undefined {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  } catch {
    return undefined; // ENOTDIR below a file, EACCES, EIO, ENAMETOOLONG, a name with NUL
  }
  try {
    return readlinkSync(path);
  } catch {
    return NOWHERE; // a link that cannot be read must not be followed: it may lead out of the tree
  }
}

function realOrSame(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return posix.resolve(path);
  }
}

/** Order by UTF-16 code unit, the same on every machine. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A process keeps its zone and its user. */
let zone: string | undefined;
let user: string | undefined;

/** Asking Intl takes 20 ms the first time; that the zone is UTC, as in every microkernel, a date can say. */
function timeZone(): string {
  if (String(new Date(0)).endsWith('(Coordinated Universal Time)')) return 'UTC';
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function osValues(): OsValues {
  const addresses: Record<string, OsAddress[]> = {};
  for (const [name, list] of Object.entries(networkInterfaces())) {
    addresses[name] = (list ?? []).map(({ family, address, netmask, internal }) => ({
      family,
      address,
      netmask,
      internal,
    }));
  }
  return {
    hostname: hostname(),
    sysname: type(),
    release: release(),
    version: version(),
    machine: machine(),
    addresses,
    timezone: (zone ??= timeZone()),
    user: (user ??= userName()),
    path: DEFAULT_PATH,
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'root'; // no passwd entry, as in a small image
  }
}

/** What a recorded tree says itself; nothing of the machine that reads it. */
function treeValues(read: (path: string) => string | undefined): OsValues {
  const kernel = (name: string): string => read(`/proc/sys/kernel/${name}`)?.trim() ?? '';
  return {
    hostname: kernel('hostname'),
    sysname: kernel('ostype') || 'Linux',
    release: kernel('osrelease'),
    version: kernel('version'),
    machine: kernel('arch'),
    addresses: {},
    timezone: '',
    user: '',
    path: '',
  };
}
