/** Command lines in this process: what `razor-mk WORDS…` prints and ends with, without starting a program. */
import { runCommandLine } from '../../agent/command-line/run-command-line.ts';
import { explain, RazorMkError } from '../../platform/errors/errors.ts';
import type { Host } from '../../platform/process/verb.ts';

export interface Ran {
  readonly status: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs the words as agent/main.ts does. `host` replaces what a pipe has: no colours, 80 columns. */
export async function commandLine(words: readonly string[], host: Partial<Host> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const whole: Host = {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: false,
    colour: false,
    columns: 80,
    self: ['razor-mk'],
    signal: new AbortController().signal,
    ...host,
  };
  try {
    const status = await runCommandLine(words, whole);
    return { status, out, err };
  } catch (error) {
    return { status: error instanceof RazorMkError ? error.exitCode : 70, out, err: `${err}${explain(error)}\n` };
  }
}
