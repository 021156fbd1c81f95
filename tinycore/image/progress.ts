/** Progress of long work: on a terminal one line that is overwritten, in a pipe a line now and then. */
import type { Host } from '../../platform/process/verb.ts';

interface ProgressLine {
  step(text: string): void;
  /** Wipes the line. */
  done(): void;
}

/** How often the line is drawn again, and how often one is printed where it cannot be. Milliseconds. */
const REDRAWN = 1000;
const PRINTED = 5000;

/** One line on standard error that says what is being done and for how long; where that is no terminal, a line every five seconds. */
export function createProgress(host: Host): ProgressLine {
  const started = performance.now();
  const wipe = `\r${' '.repeat(Math.max(0, host.columns - 1))}\r`;
  let now = '';
  const line = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${now}`;
  const show = (): void => host.err(`${wipe}${line().slice(0, host.columns - 1)}`);
  const tell = host.interactive ? show : () => host.err(`${line()} …\n`);
  let timer: NodeJS.Timeout | undefined;
  return {
    step: (text) => {
      now = text;
      timer ??= setInterval(tell, host.interactive ? REDRAWN : PRINTED).unref();
      if (host.interactive) show();
    },
    done: () => {
      clearInterval(timer);
      if (host.interactive) host.err(wipe);
    },
  };
}

/** `40.3 MB`: bytes for people, in millions as disks and downloads count them. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
