/** A sign of life for what takes long. */

const FIRST_MS = 2000;
const NEXT_MS = 5000;

/** Does the work; from two seconds on `say` is told every five what is going on, and for how long already. */
export async function withProgress<T>(say: (text: string) => void, what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const tell = (): void => say(`${what} … ${Math.round((performance.now() - began) / 1000)} s\n`);
  let every: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    tell();
    every = setInterval(tell, NEXT_MS);
  }, FIRST_MS);
  try {
    return await work();
  } finally {
    clearTimeout(first);
    clearInterval(every);
  }
}
