/**
 * Memory of buffers that nobody needs any more. V8 looks for it only when some 64 MiB of it have come together, because it counts
 * its own heap, in which a buffer is next to nothing; on a node with little memory, what streams through must not stay so long.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

const OFTEN = 2 * 1024 * 1024;
let dropped = 0;
let collect: Collect | undefined;

/** Tells that so many bytes of buffers were dropped. At each 2 MiB the youngest objects are looked through: less than a millisecond. */
export function tellDropped(bytes: number): void {
  dropped += bytes;
  if (dropped < OFTEN) return;
  dropped = 0;
  collect ??= collector();
  collect({ type: 'minor' });
}

/** The function has no other door than this flag; where that is shut, V8 decides alone. */
function collector(): Collect {
  try {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('gc');
    if (typeof found === 'function') return found as Collect;
  } catch {
    // as without it
  }
  return () => undefined;
}
