/** Limits on how often something may happen, by name: token buckets, with bounded memory. */

/** Buckets of one kind. */
export interface Buckets {
  /** Takes one; false where none was left. */
  take(name: string): boolean;
  /** Puts one back that was taken and does not count. */
  giveBack(name: string): void;
}

interface BucketOptions {
  /** So many at once. */
  readonly most: number;
  /** So many come back in a second. */
  readonly perSecond: number;
  /** Milliseconds of a clock. */
  readonly now: () => number;
}

interface Level {
  left: number;
  at: number;
}

/** Names that are remembered; beyond, those whose bucket is full again are forgotten first, then the oldest. */
const NAMES = 20_000;

/** Buckets that are full at first. */
export function createBucket({ most, perSecond, now }: BucketOptions): Buckets {
  const levels = new Map<string, Level>();
  const levelOf = (name: string): Level => {
    const at = now();
    const level = levels.get(name);
    if (level === undefined) {
      if (levels.size >= NAMES) makeRoom(at);
      const fresh = { left: most, at };
      levels.set(name, fresh);
      return fresh;
    }
    // a clock that went back gives nothing
    level.left = Math.min(most, level.left + (Math.max(0, at - level.at) / 1000) * perSecond);
    level.at = at;
    return level;
  };
  const makeRoom = (at: number): void => {
    const full = (most / perSecond) * 1000;
    for (const [name, level] of levels) if (at - level.at >= full) levels.delete(name);
    for (const name of levels.keys()) {
      if (levels.size <= NAMES * 0.9) break;
      levels.delete(name);
    }
  };
  return {
    take(name) {
      const level = levelOf(name);
      if (level.left < 1) return false;
      level.left--;
      return true;
    },
    giveBack(name) {
      const level = levelOf(name);
      level.left = Math.min(most, level.left + 1);
    },
  };
}
