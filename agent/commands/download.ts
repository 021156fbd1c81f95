/** A file from the network into a file, never through memory: capped while it streams, and checked before it is used. */
import { createHash } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import got from 'got';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { urlForPeople } from '../http/http-client.ts';

interface DownloadOptions {
  /** Most bytes. */
  readonly limit: number;
  /** Lower-case hex; not checked when undefined. */
  readonly sha256?: string | undefined;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Fetches `url` into `path` (mode 0600). Throws RAZOR_MK_COMMAND and leaves no file when anything is wrong with it. */
export async function download(url: string, path: string, options: DownloadOptions): Promise<number> {
  const what = urlForPeople(url);
  const refuse = (why: string): RazorMkError => new RazorMkError('RAZOR_MK_COMMAND', `${what}: ${why}`);
  const hash = createHash('sha256');
  const file = createWriteStream(path, { mode: 0o600 });
  const stream = got.stream(url, {
    headers: { 'accept-encoding': 'identity' },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    timeout: { request: options.timeoutMs ?? 600_000, connect: 10_000, socket: 30_000 },
    signal: options.signal,
  });
  let status = 0;
  stream.once('response', (response: { statusCode: number }) => (status = response.statusCode));
  try {
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (status !== 200) throw refuse(`HTTP ${status}`);
      size += chunk.length;
      if (size > options.limit) throw refuse(`it is longer than ${options.limit} bytes`);
      hash.update(chunk);
      if (!file.write(chunk))
        await new Promise<void>((resolve) => file.once('drain', resolve).once('error', () => resolve()));
      if (file.errored) throw file.errored;
    }
    if (status !== 200) throw refuse(`HTTP ${status}`);
    if (size === 0) throw refuse('it is empty');
    file.end();
    await finished(file);
    const found = hash.digest('hex');
    if (options.sha256 !== undefined && found !== options.sha256.toLowerCase()) {
      throw refuse(`its SHA-256 is ${found}, not ${options.sha256.toLowerCase()}`);
    }
    return size;
  } catch (error) {
    stream.destroy();
    file.destroy();
    rmSync(path, { force: true });
    options.signal?.throwIfAborted();
    throw error instanceof RazorMkError ? error : refuse(messageOf(error));
  }
}
