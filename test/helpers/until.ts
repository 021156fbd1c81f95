/** Waiting for something that has no event of its own: real time, always bounded. */

const POLL_MS = 5;

/**
 * Resolves when `condition` holds, looking every 5 ms. Rejects after `ms` milliseconds with `what`, which completes the sentence
 * "waited too long for …".
 */
export async function until(what: string, condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited too long for ${what} (${ms} ms)`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
