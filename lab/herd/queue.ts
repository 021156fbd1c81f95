/** A queue by time (binary heap): who is next of a hundred thousand. */

interface TimeQueue {
  /** Adds number `who` at time `at`. */
  push(at: number, who: number): void;
  /** The earliest, taken out; undefined when it is empty. */
  pop(): { readonly at: number; readonly who: number } | undefined;
  /** The time of the earliest. */
  readonly next: number | undefined;
}

/** An empty queue; times are milliseconds of its virtual clock. */
export function createTimeQueue(): TimeQueue {
  const times: number[] = [];
  const names: number[] = [];
  const swap = (a: number, b: number): void => {
    [times[a], times[b]] = [times[b] as number, times[a] as number];
    [names[a], names[b]] = [names[b] as number, names[a] as number];
  };
  const before = (a: number, b: number): boolean => (times[a] as number) < (times[b] as number);
  return {
    get next() {
      return times[0];
    },
    push(at, who) {
      let child = times.push(at) - 1;
      names.push(who);
      while (child > 0) {
        const parent = (child - 1) >> 1;
        if (!before(child, parent)) break;
        swap(child, parent);
        child = parent;
      }
    },
    pop() {
      const [at, who] = [times[0], names[0]];
      if (at === undefined || who === undefined) return undefined;
      const last = times.length - 1;
      swap(0, last);
      times.pop();
      names.pop();
      for (let parent = 0; ;) {
        let least = parent;
        for (const child of [2 * parent + 1, 2 * parent + 2]) if (child < last && before(child, least)) least = child;
        if (least === parent) break;
        swap(parent, least);
        parent = least;
      }
      return { at, who };
    },
  };
}
