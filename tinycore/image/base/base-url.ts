/** A base ISO by its address: fetched once, kept by its checksum, never taken unchecked. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../../platform/files.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { downloadBytes } from './download.ts';

interface BaseUrl {
  readonly url: string;
  /** SHA-256; without it the publisher's URL.md5.txt (Tiny Core has one beside each ISO) must fit. */
  readonly sha256?: string;
  readonly cache: string;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Path of the fetched file. Throws RAZOR_MK_DOWNLOAD: not there, no checksum known, another checksum. */
export async function fetchBase({ url, sha256, cache, signal, env }: BaseUrl): Promise<string> {
  const extra = { signal, env };
  if (sha256 !== undefined && !/^[0-9a-fA-F]{64}$/.test(sha256)) {
    throw new RazorMkError('RAZOR_MK_USAGE', `invalid SHA-256: ${sha256}`, { remedy: 'Give 64 hexadecimal digits.' });
  }
  const sum = sha256 === undefined ? await publishedSum(url, extra) : undefined;
  const name = (url.split('/').at(-1) ?? 'base.iso').replaceAll(/[^\w.-]/g, '_');
  const path = join(cache, `${(sha256 ?? sum ?? '').slice(0, 32).toLowerCase()}-${name}`);
  const fits = (bytes: Buffer): boolean =>
    sha256 === undefined ? digest('md5', bytes) === sum : digest('sha256', bytes) === sha256.toLowerCase();
  if (existsSync(path) && fits(readFileSync(path))) return path;
  const bytes = await downloadBytes(url, { limit: 2 ** 31 - 1, ...extra, sha256 });
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${url} is not there`);
  if (!fits(bytes)) throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${url} does not fit the checksum of ${url}.md5.txt`);
  mkdirSync(cache, { recursive: true });
  replaceFile(path, bytes);
  return path;
}

async function publishedSum(url: string, extra: Pick<BaseUrl, 'signal' | 'env'>): Promise<string> {
  const text = (await downloadBytes(`${url}.md5.txt`, { limit: 65_536, ...extra }))?.toString() ?? '';
  const sum = /\b[0-9a-fA-F]{32}\b/.exec(text)?.[0]?.toLowerCase();
  if (sum !== undefined) return sum;
  throw new RazorMkError('RAZOR_MK_DOWNLOAD', `no checksum is known for ${url}, and nothing is taken unchecked`, {
    remedy: 'Give the one that its publisher names: --base-sha256 HEX.',
  });
}

function digest(name: 'md5' | 'sha256', bytes: Uint8Array): string {
  return createHash(name).update(bytes).digest('hex');
}
