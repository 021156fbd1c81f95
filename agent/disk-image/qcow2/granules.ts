/** One bit for each granule of the guest's disk: has it been written? Pure. */

export interface Granules {
  mark(guest: number, bytes: number): void;
  /** The parts that were never marked, in order. */
  gaps(): Generator<{ readonly guest: number; readonly bytes: number }>;
}

/** For a disk of `total` bytes; every piece begins on a granule, and ends on one or at the end of the disk. */
export function createGranules(total: number, granule: number): Granules {
  const count = Math.ceil(total / granule);
  const bits = new Uint8Array(Math.ceil(count / 8));
  const isMarked = (index: number): boolean => (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  return {
    mark(guest, bytes) {
      const end = Math.ceil((guest + bytes) / granule);
      for (let index = guest / granule; index < end; index++) {
        bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
      }
    },
    *gaps() {
      for (let index = 0; index < count;) {
        const first = index;
        while (index < count && !isMarked(index)) index++;
        if (index > first) {
          const guest = first * granule;
          yield { guest, bytes: Math.min(total, index * granule) - guest };
        }
        while (index < count && isMarked(index)) index++;
      }
    },
  };
}
