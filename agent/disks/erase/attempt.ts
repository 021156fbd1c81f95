/** What the ways of erasing a disk are given, and what they answer. Types, and one way of running their programs. */
import type { RunResult } from '../../../platform/process/run.ts';
import type { System } from '../../../platform/system.ts';

export interface EraseTools {
  readonly system: System;
  /** Full path of a program, or undefined (platform/process/find-program.ts). */
  readonly find: (program: string) => string | undefined;
  /** Below which /sys is: `/`. */
  readonly root: string;
  readonly progress: (text: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

/**
 * `done`: the act ended well, which proves nothing yet. `unsupported`: nothing was done. `failed`: it was begun, or should have
 * worked, and did not.
 */
export type Attempt =
  { readonly is: 'done'; readonly how: string } | { readonly is: 'unsupported' | 'failed'; readonly why: string };

/** An attempt that was not made. */
export function unsupported(why: string): Attempt {
  return { is: 'unsupported', why };
}

/** An attempt that went wrong. */
export function wentWrong(why: string): Attempt {
  return { is: 'failed', why };
}

/** How a program ended, in its own last words; undefined where it ended well. hdparm ends with 0 where the drive refused. */
export function complaint({ status, failure, stderr, stdout }: RunResult): string | undefined {
  const words = stderr.toString().trim();
  if (status === 0 && !/bad\/missing sense data/.test(words)) return undefined;
  const said = words || stdout.toString().trim();
  return (said.split('\n').at(-1) ?? '').slice(0, 200) || (failure ?? `status ${status}`);
}
