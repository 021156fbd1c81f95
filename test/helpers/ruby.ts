/** Debian's ruby, where it is installed: the reader that the original servers are. */
import { spawnSync } from 'node:child_process';

const found = spawnSync('ruby', ['-e', 'print RUBY_VERSION'], { encoding: 'utf8' });

/** Why tests against ruby are skipped; undefined where they run. */
export const noRuby: string | undefined = found.status === 0 ? undefined : 'ruby is not installed';

/** Runs a program of ruby's with a JSON value on standard input, and parses what it prints. */
export function ruby<T>(program: string, input: unknown): T {
  const result = spawnSync('ruby', ['-W0', '-rjson', '-ryaml', '-e', program], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 256 * 1024 * 1024,
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
  });
  if (result.status !== 0) throw new Error(`ruby: ${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}
