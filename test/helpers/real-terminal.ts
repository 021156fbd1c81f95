/** A program on a terminal of its own (script(1) of util-linux), typed at as a person would. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { WITH_CACHE } from './razor-mk.ts';
import { until } from './until.ts';

export interface RealTerminal {
  /** Everything that was printed so far. */
  seen(): string;
  /** Types `text` and waits until `pattern` appears behind what was there before; resolves to what came. */
  type(text: string, pattern: RegExp): Promise<string>;
  /** Waits until `pattern` appears. */
  shows(pattern: RegExp): Promise<void>;
  close(): Promise<void>;
}

/** Starts a line of a shell on a terminal of 200 columns; `columns` and `rows` are others. */
export function openTerminal(
  line: string,
  env: Readonly<Record<string, string>>,
  { columns = 200, rows = 50 }: { readonly columns?: number; readonly rows?: number } = {},
): RealTerminal {
  const child = spawn('script', ['-qec', `stty cols ${columns} rows ${rows}; exec ${line}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...WITH_CACHE, PATH: process.env['PATH'], TERM: 'dumb', SHELL: '/bin/sh', LC_ALL: 'C.UTF-8', ...env },
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const closed = once(child, 'close');
  const waited = async (pattern: RegExp, from: number): Promise<string> => {
    const what = (): string => text.slice(from);
    await until(`${String(pattern)} on the terminal`, () => pattern.test(what()), 20_000).catch((error: unknown) => {
      throw new Error(`${String(error)}; it shows:\n${what()}`);
    });
    return what();
  };
  return {
    seen: () => text,
    async type(typed, pattern) {
      const from = text.length;
      child.stdin.write(typed);
      return await waited(pattern, from);
    },
    async shows(pattern) {
      await waited(pattern, 0);
    },
    async close() {
      child.kill();
      await closed;
    },
  };
}
