/** A file from the network into a file, never through memory: capped while it streams, and checked before it is used. */
import { rmSync } from 'node:fs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { saveStream } from '../../platform/save-stream.ts';
import type { FileClient } from '../http/file-client.ts';
import { urlForPeople } from '../http/http-failure.ts';

interface DownloadOptions {
  /** Most bytes. */
  readonly limit: number;
  /** Lower-case hex; not checked when undefined. */
  readonly sha256?: string | undefined;
  /** For the whole file; ten minutes by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const IDLE_MS = 30_000;

/**
 * Fetches `url` into `path` (mode 0600) and resolves to its size in bytes. Redirects are not followed. Throws RAZOR_MK_COMMAND,
 * or RAZOR_MK_TRUST, and leaves no file when anything is wrong with it.
 */
export async function download(
  files: FileClient,
  url: string,
  path: string,
  options: DownloadOptions,
): Promise<number> {
  const { limit, sha256, timeoutMs = 600_000 } = options;
  const what = urlForPeople(url);
  const refuse = (why: string): RazorMkError => new RazorMkError('RAZOR_MK_COMMAND', `${what}: ${why}`);
  const late = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal]);
  try {
    const { body } = await files.open({ url, idleMs: IDLE_MS, redirects: 0, signal });
    const saved = await saveStream(body, path, { limit });
    if (saved.size === 0) throw refuse('it is empty');
    if (sha256 !== undefined && saved.sha256 !== sha256.toLowerCase()) {
      throw refuse(`its SHA-256 is ${saved.sha256}, not ${sha256.toLowerCase()}`);
    }
    return saved.size;
  } catch (error) {
    rmSync(path, { force: true });
    options.signal?.throwIfAborted();
    if (late.aborted) throw refuse(`it did not come within ${timeoutMs / 1000} s`);
    if (!(error instanceof RazorMkError)) throw refuse(messageOf(error));
    if (error.code !== 'RAZOR_MK_HTTP') throw error;
    throw new RazorMkError('RAZOR_MK_COMMAND', error.message, { cause: error, remedy: error.remedy });
  }
}
