/** A capture as bytes: a gzipped tar with `capture.json` first. The same recording always gives the same bytes. */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { gzippedTar } from '../../platform/tar.ts';
import { type Manifest, manifestSchema } from './manifest.ts';

const MANIFEST = 'capture.json';
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_ENTRIES = 200_000;

/** The archive's bytes. */
export async function writeArchive(manifest: Manifest, files: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const first = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  const entries = new Map<string, Buffer>([[MANIFEST, first], ...files]);
  return await gzippedTar(entries, { mtime: new Date(0), mode: 0o644, level: 9 });
}

/** Reads an archive. Throws RAZOR_MK_CAPTURE for what is none, is cut short, or unpacks to more than 256 MiB. */
export async function readArchive(
  bytes: Uint8Array,
  name: string,
): Promise<{ manifest: Manifest; files: Map<string, Buffer> }> {
  const files = new Map<string, Buffer>();
  let total = 0;
  const { extract } = await import('tar-stream');
  const tar = extract();
  const reading = (async () => {
    for await (const entry of tar) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        total += chunk.length;
        if (total > MOST_BYTES) throw new Error('it unpacks to more than 256 MiB');
        chunks.push(chunk);
      }
      files.set(entry.header.name, Buffer.concat(chunks));
      if (files.size > MOST_ENTRIES) throw new Error(`it has more than ${MOST_ENTRIES} entries`);
    }
  })();
  try {
    await Promise.all([pipeline(Readable.from([Buffer.from(bytes)]), createGunzip(), tar), reading]);
    const text = files.get(MANIFEST)?.toString('utf8');
    if (text === undefined) throw new Error(`it holds no ${MANIFEST}`);
    return { manifest: manifestSchema.parse(JSON.parse(text)), files };
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_CAPTURE', `${name} is not a capture of razor-mk: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
