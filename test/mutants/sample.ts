/** A random sample that a seed gives again. */

/** `count` of the items, drawn without putting back, by a generator (mulberry32) that `seed` starts. */
export function drawSample<T>(items: readonly T[], count: number, seed: number): T[] {
  const left = [...items];
  const random = generator(seed);
  const drawn: T[] = [];
  while (drawn.length < count && left.length > 0) {
    const index = Math.floor(random() * left.length);
    const last = left.pop() as T;
    drawn.push(index === left.length ? last : (left[index] as T));
    if (index < left.length) left[index] = last;
  }
  return drawn;
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
