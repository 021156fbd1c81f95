/** Reading a stream whole, and ending it early, at the price of a turn a second. */
import type { Readable } from 'node:stream';

/** Running exchanges by the signal that ends them: one listener for all of a signal, which lives as long as the agent. */
const running = new WeakMap<AbortSignal, Set<Readable>>();

/** Destroys the stream when the signal is aborted, until the returned function is called. */
export function endedBy(signal: AbortSignal | undefined, stream: Readable): () => void {
  if (signal === undefined) return () => undefined;
  let streams = running.get(signal);
  if (streams === undefined) {
    const all = new Set<Readable>();
    running.set(signal, (streams = all));
    signal.addEventListener('abort', () => all.forEach((each) => each.destroy(new Error('stopped'))), { once: true });
  }
  streams.add(stream);
  if (signal.aborted) stream.destroy(new Error('stopped'));
  return () => void streams.delete(stream);
}

/**
 * All bytes of a stream, or the error of `tooLong` for more than `limit`. Listeners: the iterator of a stream costs
 * several times as much.
 */
export function bodyOf(stream: Readable, limit: number, tooLong: () => Error): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else reject(tooLong());
    });
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
    stream.once('close', () =>
      reject(Object.assign(new Error('premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })),
    );
  });
}
