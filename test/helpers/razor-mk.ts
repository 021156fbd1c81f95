/**
 * `razor-mk WORDS…` as a process of its own, as a shell starts it: for what a process has (arguments, signals, exit status, its end).
 * Where only the text matters, `commandLine` (command-line.ts) runs the same words in this process at a tenth of the cost.
 */
import { fileURLToPath } from 'node:url';
import { run, type RunOptions } from '../../platform/process/run.ts';
import type { Ran } from './command-line.ts';

export const MAIN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

/** The start of a command line. */
export const RAZOR_MK = [process.execPath, MAIN] as const;

/**
 * Compiled code of earlier starts (compile-cache.ts), in an environment that is otherwise clean. Without it a start strips the
 * types of every module anew, which takes twice as long.
 */
export const WITH_CACHE: Readonly<Record<string, string>> =
  process.env['NODE_COMPILE_CACHE'] === undefined ? {} : { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] };

/** Runs the program with these words to its end. */
export async function razorMk(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const env = { ...WITH_CACHE, ...options.env };
  const { status, stdout, stderr } = await run([...RAZOR_MK, ...words], { timeoutMs: 60_000, ...options, env });
  return { status, out: stdout.toString(), err: stderr.toString() };
}
