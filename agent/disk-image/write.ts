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
import { digestInList, type Digest, type ImageInfo, type ImageRules } from './image-info.ts';
import { planTable, type TablePlan } from './partition-table.ts';
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

export interface WrittenImage {
  readonly bytes: number;
  readonly digest: Digest;
  readonly table: TablePlan;
}

/** Writes it. Throws RAZOR_MK_DEPLOY_IMAGE or RAZOR_MK_DEPLOY_DISK; the disk then has zeros where it would boot from. */
export async function writeWholeDisk(options: WriteOptions): Promise<WrittenImage> {
  const { info, target, rules, clock, note, signal } = options;
  const { attempts = 10, pauseMs = 10_000 } = options;
  const digest =
    'listUrl' in info.digest
      ? digestInList(
          (await fetchBytes(info.digest.listUrl, LONGEST_LIST, options.fetch)).toString('utf8'),
          fileName(info.urls[0] ?? ''),
          rules,
        )
      : info.digest;
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

function fileName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
}

async function writeOnce(url: string, digest: Digest, options: WriteOptions): Promise<WrittenImage> {
  const { target, info, note } = options;
  const { files, ...request } = options.fetch;
  const source = await files.open({ ...request, url, proxies: info.proxies, authorization: info.authorization });
  if (source.length !== undefined && source.length > target.sizeBytes) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      `the image has ${source.length} bytes, and the disk ${target.sizeBytes}; nothing was written`,
    );
  }
  note(`write ${urlForPeople(source.url)}${source.length === undefined ? '' : `, ${source.length} bytes`}`);
  await blankEnds(target);
  const hash = createHash(digest.algorithm);
  const head = Buffer.alloc(MEBIBYTE);
  let table: TablePlan | undefined;
  let bytes = 0;
  for await (const block of blocks(source.body, MEBIBYTE)) {
    hash.update(block);
    if (bytes === 0) {
      block.copy(head);
      // what is refused for its partitions is refused before the rest of it is fetched
      table = planTable(head, { target, configDrive: options.configDrive });
    } else {
      await target.write(bytes, block);
    }
    bytes += block.length;
    options.progress(bytes, source.length);
  }
  const found = hash.digest('hex');
  if (found !== digest.hex) {
    await blankEnds(target);
    await target.sync();
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      `the image is not the one that was meant: its ${digest.algorithm} is ${found}, not ${digest.hex}; the disk was made unbootable`,
    );
  }
  if (table === undefined) throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', 'the image is empty; nothing was written');
  for (const patch of table.patches) await target.write(patch.offset, patch.data);
  await target.sync();
  const front = head.subarray(0, Math.min(MEBIBYTE, target.sizeBytes));
  await target.write(0, front);
  await target.sync();
  return { bytes, digest, table };
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
