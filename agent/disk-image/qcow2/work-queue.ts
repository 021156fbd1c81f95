/** What is still to be found in a file that comes in once, in the order of the file. Pure. */
import type { CompressedPiece, DataPiece } from './qcow2-tables.ts';

/** A second table, whose place the first one has named. */
interface TableWork {
  readonly kind: 'table';
  readonly host: number;
  /** Where on the guest's disk the part begins that it describes. */
  readonly guest: number;
}

export type AwaitedPart = DataPiece | CompressedPiece | TableWork;

export interface WorkQueue {
  readonly size: number;
  readonly first: AwaitedPart | undefined;
  /** Takes the first away, or puts what is left of it in its place. */
  advance(rest?: AwaitedPart): void;
  add(work: AwaitedPart[]): void;
}

/** A queue in the order of `host`; of equals, what came first stays first. */
export function createWorkQueue(): WorkQueue {
  let waiting: AwaitedPart[] = [];
  let at = 0;
  return {
    get size() {
      return waiting.length - at;
    },
    get first() {
      return waiting[at];
    },
    advance(rest) {
      if (rest === undefined) at++;
      else waiting[at] = rest;
    },
    add(work) {
      work.sort((left, right) => left.host - right.host);
      waiting = merged(waiting.slice(at), work);
      at = 0;
    },
  };
}

function merged(left: readonly AwaitedPart[], right: readonly AwaitedPart[]): AwaitedPart[] {
  const all: AwaitedPart[] = [];
  let next = 0;
  for (const work of left) {
    for (let other = right[next]; other !== undefined && other.host < work.host; other = right[++next]) all.push(other);
    all.push(work);
  }
  return [...all, ...right.slice(next)];
}
