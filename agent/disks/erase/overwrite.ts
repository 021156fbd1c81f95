/** A disk is written from end to end: what always works, and takes its time. */
import { randomBytes } from 'node:crypto';
import type { ClaimedDisk } from './claimed-disk.ts';

const CHUNK_BYTES = 4 * 2 ** 20;
/** So much may wait in memory for the disk: a node has little. */
const FLUSH_BYTES = 64 * 2 ** 20;

export interface Passes {
  /** Passes of random bytes. */
  readonly random: number;
  /** Whether zeros come last. */
  readonly zeros: boolean;
}

interface OverwriteOptions extends Passes {
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Does it, and says how. At least one pass is made. Throws the system's errors. */
export async function overwrite(
  disk: ClaimedDisk,
  { random, zeros: last, progress, signal }: OverwriteOptions,
): Promise<string> {
  const passes = [
    ...Array.from({ length: random }, () => 'random' as const),
    ...(last || random === 0 ? ['zeros' as const] : []),
  ];
  const { path, sizeBytes } = disk.disk;
  for (const [index, kind] of passes.entries()) {
    const zeros = Buffer.alloc(CHUNK_BYTES);
    for (let done = 0; done < sizeBytes; done += CHUNK_BYTES) {
      signal.throwIfAborted();
      const chunk = kind === 'random' ? randomBytes(CHUNK_BYTES) : zeros;
      await disk.write(done, chunk.subarray(0, sizeBytes - done));
      if (done % FLUSH_BYTES === 0) await disk.flush();
      progress(
        `${path}: overwritten, pass ${index + 1} of ${passes.length}: ${Math.floor((done / sizeBytes) * 100)} %`,
      );
    }
    await disk.flush();
  }
  const names = passes.map((kind) => (kind === 'random' ? 'random bytes' : 'zeros'));
  return `overwritten with ${names.join(', ')}`;
}
