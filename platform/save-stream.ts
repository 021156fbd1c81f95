/** A stream into a new file, never whole in memory: bounded, and hashed on the way. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';

interface SavedStream {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly md5: string;
}

/**
 * Writes `body` to `path`, a new file in the place of whatever was there, and to the disk. Throws Error for more than `limit` bytes, and what the stream
 * throws; no file is left then.
 */
export async function saveStream(
  body: AsyncIterable<Uint8Array>,
  path: string,
  { limit, mode = 0o600 }: { readonly limit: number; readonly mode?: number },
): Promise<SavedStream> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  let size = 0;
  try {
    // never through a link that somebody put there
    rmSync(path, { force: true });
    await using file = await open(path, 'wx', mode);
    for await (const piece of body) {
      size += piece.length;
      if (size > limit) throw new Error(`it is longer than ${limit} bytes`);
      sha256.update(piece);
      md5.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  return { size, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}
