/** The file mode mask of the process for the time of one call. */

/** Runs `action` with the mask and puts the old one back. Synchronous, so that nothing else runs in between. */
export function withUmask<T>(mask: number | undefined, action: () => T): T {
  if (mask === undefined) return action();
  const before = process.umask(mask);
  try {
    return action();
  } finally {
    process.umask(before);
  }
}
