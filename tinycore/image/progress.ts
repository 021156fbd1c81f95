/** Progress of long work: on a terminal one line that is overwritten, nothing in a pipe. */
import type { Host } from '../../platform/process/verb.ts';

interface ProgressLine {
  step(text: string): void;
  /** Wipes the line. */
  done(): void;
}

/** One line on standard error that says what is being done; silent where that is no terminal. */
export function createProgress(host: Host): ProgressLine {
  if (!host.interactive) return { step: () => undefined, done: () => undefined };
  const started = performance.now();
  const wipe = `\r${' '.repeat(Math.max(0, host.columns - 1))}\r`;
  return {
    step: (text) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
      host.err(`${wipe}${`${seconds} s  ${text}`.slice(0, host.columns - 1)}`);
    },
    done: () => host.err(wipe),
  };
}

/** `40.3 MB`: bytes for people, in millions as disks and downloads count them. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
