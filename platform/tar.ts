/** Archives that are sent or kept: a gzipped tar, made in memory. */
import { gzipSync } from 'node:zlib';

interface TarOptions {
  readonly mtime: Date;
  readonly mode: number;
  /** Of gzip, 6 by default. */
  readonly level?: number;
}

/** The archive's bytes, entries in the order of the map, all of root. The same entries always give the same bytes. */
export async function gzippedTar(entries: ReadonlyMap<string, Buffer>, options: TarOptions): Promise<Buffer> {
  const { pack } = await import('tar-stream'); // not on the path to the first check-in
  const tar = pack();
  const chunks: Buffer[] = [];
  tar.on('data', (chunk: unknown) => chunks.push(chunk as Buffer));
  const ended = new Promise<void>((resolve, reject) => {
    tar.once('end', resolve);
    tar.once('error', reject);
  });
  const { mtime, mode, level = 6 } = options;
  for (const [name, bytes] of entries) tar.entry({ name, mode, mtime, uid: 0, gid: 0, size: bytes.length }, bytes);
  tar.finalize();
  await ended;
  return gzipSync(Buffer.concat(chunks), { level });
}
