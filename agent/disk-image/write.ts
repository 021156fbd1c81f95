/**
 * A raw image of a whole disk from the network to the disk. The first MiB is written last, after the checksum was found
 * right: whatever happens before, the disk boots neither half an image nor one that was not meant, nor what it had.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../platform/time/clock.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { FileFailure } from '../http/file-client.ts';
import { urlForPeople } from '../http/http-failure.ts';
import { fetchBytes, imageFailure, type FetchOptions } from './fetch.ts';
import { digestInList, type Digest } from './checksums.ts';
import type { ImageInfo, ImageRules } from './image-info.ts';
import { foreignKind } from './image-kind.ts';
import { isTable, planTable, refuseBeyond, type TablePlan } from './tables/partition-table.ts';
import type { DiskTarget } from './target-disk.ts';

const MEBIBYTE = 1024 * 1024;
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
  readonly progress: (done: number, total: number | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

interface WrittenImage {
  readonly bytes: number;
  readonly digest: Digest;
  readonly table: TablePlan;
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
      return await writeOnce(url, digest, options);
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
async function digestFor({ info, rules, fetch }: WriteOptions): Promise<Digest> {
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

async function writeOnce(url: string, digest: Digest, options: WriteOptions): Promise<WrittenImage> {
  const { target, info, note } = options;
  const { files, ...request } = options.fetch;
  const source = await files.open({ ...request, url, proxies: info.proxies, authorization: info.authorization });
  if (source.length !== undefined && source.length > target.sizeBytes) {
    throw refuse(`the image has ${source.length} bytes, and the disk ${target.sizeBytes}; nothing was written`);
  }
  note(`write ${urlForPeople(source.url)}${source.length === undefined ? '' : `, ${source.length} bytes`}`);
  const hash = createHash(digest.algorithm);
  const head = Buffer.alloc(Math.min(MEBIBYTE, target.sizeBytes));
  let table: TablePlan | undefined;
  let bytes = 0;
  for await (const block of blocks(source.body, MEBIBYTE)) {
    hash.update(block);
    if (bytes === 0) {
      table = planFor(block, head, source.length, options);
      await blankEnds(target);
    } else {
      await target.write(bytes, block);
    }
    bytes += block.length;
    options.progress(bytes, source.length);
  }
  if (table === undefined) throw refuse('the image is empty; nothing was written');
  try {
    checkWritten(hash.digest('hex'), digest, table, bytes);
  } catch (error) {
    await blankEnds(target);
    await target.sync();
    throw error;
  }
  await finish(target, table, head);
  return { bytes, digest, table };
}

/**
 * What the image's first bytes say, before the disk is touched: a container, a page of a portal, no partition table or one that
 * does not fit are refused whatever the server called the image. Copies it into `head` with the table of this disk.
 */
function planFor(block: Buffer, head: Buffer, length: number | undefined, options: WriteOptions): TablePlan {
  const { target, configDrive } = options;
  const kind = foreignKind(block, isTable(block, target.sectorBytes));
  if (kind !== undefined) {
    throw refuse(
      `the image is ${kind}, not the raw image of a disk; nothing was written`,
      'Give its real image_disk_format and let the conductor convert it (image_download_source=local), or convert it once with qemu-img convert -O raw.',
    );
  }
  block.copy(head);
  const table = planTable(head, { target, configDrive });
  if (length !== undefined) refuseBeyond(table, length, 'nothing was written');
  return table;
}

function checkWritten(found: string, { algorithm, hex }: Digest, table: TablePlan, bytes: number): void {
  if (found !== hex) {
    throw refuse(
      `the image is not the one that was meant: its ${algorithm} is ${found}, not ${hex}; the disk was made unbootable`,
    );
  }
  refuseBeyond(table, bytes, 'the disk was made unbootable');
}

/** The table's other parts, and last the beginning; then it is read again, as it lies there. */
async function finish(target: DiskTarget, table: TablePlan, head: Buffer): Promise<void> {
  const patches = [...table.patches, { offset: 0, data: head }];
  for (const { offset, data } of patches) {
    if (offset === 0) await target.sync();
    await target.write(offset, data);
  }
  await target.sync();
  for (const { offset, data } of patches) {
    if ((await target.read(offset, data.length)).equals(data)) continue;
    throw new RazorMkError('RAZOR_MK_DEPLOY_DISK', `the disk does not hold at byte ${offset} what was written there`);
  }
}

function refuse(why: string, remedy?: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', why, remedy === undefined ? {} : { remedy });
}

/** Zeros where firmware and kernel look for something to boot: the first MiB, and the last, where a GPT has its copy. */
async function blankEnds(target: DiskTarget): Promise<void> {
  const zeros = Buffer.alloc(Math.min(MEBIBYTE, target.sizeBytes));
  await target.write(0, zeros);
  await target.write(target.sizeBytes - zeros.length, zeros);
}

/** The same bytes in pieces of `size`; the last may be shorter. */
async function* blocks(source: AsyncIterable<Buffer>, size: number): AsyncIterable<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const piece of source) {
    parts.push(piece);
    length += piece.length;
    if (length < size) continue;
    const whole = Buffer.concat(parts);
    let at = 0;
    for (; at + size <= whole.length; at += size) yield whole.subarray(at, at + size);
    parts = [whole.subarray(at)];
    length = whole.length - at;
  }
  if (length > 0) yield Buffer.concat(parts);
}
