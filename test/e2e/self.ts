/** How the program of this clone is started, as argv. */
export const self: readonly [string, ...string[]] = [
  process.execPath,
  new URL('../../agent/main.ts', import.meta.url).pathname,
];
