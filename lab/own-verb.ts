/** Other verbs of this program, run as child processes: the lab imports no room but the ground floor. */
import { RazorMkError } from '../platform/errors/errors.ts';
import { run, type RunResult } from '../platform/process/run.ts';
import type { Host } from '../platform/process/verb.ts';

/** Runs a verb to its end, in this process's environment. Throws RAZOR_MK_RUN with the last lines that it said. */
export async function runOwnVerb(host: Host, ...words: readonly string[]): Promise<RunResult> {
  const set = Object.entries(host.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const result = await run([...host.self, ...words] as [string, ...string[]], {
    timeoutMs: 900_000,
    env: Object.fromEntries(set),
    signal: host.signal,
  });
  if (result.status === 0) return result;
  const said = result.stderr.toString().trim().split('\n').slice(-3).join('; ');
  throw new RazorMkError('RAZOR_MK_RUN', `razor-mk ${words[0] ?? ''} ${words[1] ?? ''}: ${result.failure ?? said}`);
}
