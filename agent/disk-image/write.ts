/**
 * An image of a whole disk from the network to the disk, raw or qcow2. The first MiB is written last, after the checksum was
 * found right: whatever happens before, the disk boots neither half an image nor one that was not meant, nor what it had.
 */
import type { Clock } from '../../platform/time/clock.ts';
import { FileFailure } from '../http/file-client.ts';
import { urlForPeople } from '../http/http-failure.ts';
import { LONGEST_SIGNATURE } from '../http/tls/file-signatures.ts';
import { digestInList, type Digest } from './checksums.ts';
import { createDownload } from './whole-disk/download.ts';
import { fetchBytes, imageFailure, type FetchOptions } from './fetch.ts';
import { refuseFormat, type ImageInfo, type ImageRules } from './image-info.ts';
import { foreignKind, QCOW2 } from './image-kind.ts';
import { NextWay, writeQcow2, type Way } from './qcow2/write-qcow2.ts';
import type { DiskTarget } from './target-disk.ts';
import { refuseImage, type WrittenImage } from './whole-disk/whole-disk.ts';
import { writeRaw } from './whole-disk/write-raw.ts';

const LONGEST_LIST = 256 * 1024;

export interface WriteOptions {
  readonly info: ImageInfo;
  readonly target: DiskTarget;
  readonly rules: ImageRules;
  readonly fetch: FetchOptions;
  /** What goes onto a partition of its own at the end of the disk. */
  readonly configDrive?: Buffer | undefined;
  readonly clock: Clock;
  /** How often the whole download is begun, and the wait between two. */
  readonly attempts?: number;
  readonly pauseMs?: number;
  /** Told in words, for people. */
  readonly note: (line: string) => void;
  /** `what` was done to so many bytes: `written` where it is left out. */
  readonly progress: (done: number, total: number | undefined, what?: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Writes it. Throws RAZOR_MK_DEPLOY_IMAGE or RAZOR_MK_DEPLOY_DISK; the disk then has zeros where it would boot from. */
export async function writeWholeDisk(options: WriteOptions): Promise<WrittenImage> {
  const { info, target, clock, note, signal } = options;
  const { attempts = 10, pauseMs = 10_000 } = options;
  const digest = await digestFor(options);
  let failure: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const url = info.urls[attempt % info.urls.length] ?? '';
    if (attempt >= info.urls.length) await clock.sleep(pauseMs, signal);
    try {
      return await writeFrom(url, digest, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof FileFailure)) throw error;
      failure = error;
      const last = !error.again && info.urls.length === 1;
      if (last) break;
      note(`${error.message}; ${attempt + 1 < attempts ? 'once more' : 'given up'}`);
    }
  }
  await target.sync();
  throw imageFailure(failure);
}

/** The digest, out of its list where there is one. The list is fetched as the image is. */
async function digestFor(options: WriteOptions): Promise<Digest> {
  const { info, rules, fetch } = options;
  const digest = await namedDigest(options);
  const [first = ''] = info.urls;
  if (rules.signatures === undefined) return digest;
  const url = rules.signatures.signatureOf(first);
  const signature = await fetchBytes(url, LONGEST_SIGNATURE, sideFetch(url, info, fetch)).catch(() => Buffer.alloc(0));
  rules.signatures.check({ name: decodedPath(first).split('/').at(-1) ?? '', digest, signature });
  return digest;
}

async function namedDigest({ info, rules, fetch }: WriteOptions): Promise<Digest> {
  const { digest, urls } = info;
  if (!('listUrl' in digest)) return digest;
  const [first = ''] = urls;
  const list = await fetchBytes(digest.listUrl, LONGEST_LIST, sideFetch(digest.listUrl, info, fetch));
  return digestInList(list.toString('utf8'), { path: decodedPath(first), algorithm: digest.algorithm, rules });
}

/** How what belongs to an image is fetched: through its proxies, and with its authorization where it is on the same server. */
export function sideFetch(url: string, { urls, proxies, authorization }: ImageInfo, fetch: FetchOptions): FetchOptions {
  const own = urls.some((each) => new URL(each).origin === new URL(url).origin);
  return { ...fetch, proxies, authorization: own ? authorization : undefined };
}

function decodedPath(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** One URL; begun again for a qcow2 image that cannot be written as it was tried. */
async function writeFrom(url: string, digest: Digest, options: WriteOptions): Promise<WrittenImage> {
  for (let way: Way = 'one pass'; ;) {
    try {
      return await writeOnce(url, digest, way, options);
    } catch (error) {
      if (!(error instanceof NextWay)) throw error;
      options.note(error.message);
      ({ way } = error);
    }
  }
}

async function writeOnce(url: string, digest: Digest, way: Way, options: WriteOptions): Promise<WrittenImage> {
  const { target, info, rules, note, configDrive, progress, signal } = options;
  const { files, ...fetch } = options.fetch;
  const request = { ...fetch, url, proxies: info.proxies, authorization: info.authorization };
  const source = await files.open(request);
  note(`write ${urlForPeople(source.url)}${source.length === undefined ? '' : `, ${source.length} bytes`}`);
  let what: string | undefined;
  const download = createDownload(source, digest.algorithm, (done, total) => progress(done, total, what));
  try {
    const { value: first, done } = await download.blocks.next();
    if (done === true) throw refuseImage('the image is empty; nothing was written');
    const isQcow2 = foreignKind(first, false) === QCOW2;
    refuseFormat(isQcow2 ? 'qcow2' : 'raw', info, rules);
    const job = { target, configDrive, digest, download, first };
    if (!isQcow2) return await writeRaw(job);
    what = 'downloaded';
    const openRange = async (from: number, length?: number): Promise<AsyncIterable<Buffer>> =>
      (await files.open({ ...request, range: { from, length } })).body;
    return await writeQcow2({ ...job, way, openRange, note, progress, signal });
  } finally {
    await download.blocks.return(undefined);
  }
}
