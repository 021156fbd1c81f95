/** How much V8 works on making the agent faster. */
import { EXECUTABLE } from '../../platform/process/executable.ts';

let stopped = false;

/**
 * Ends V8's optimizing compilers (Maglev and TurboFan), once. A turn a minute is never hot enough to earn back what they take
 * for it: 0.5 ms of processor a turn and 3 MiB, measured in docs/packaging.md. Only when turns have come to run, since Node's own
 * modules that are loaded later find their code cache made with other flags. A clone is left as it is.
 */
export function stopOptimizing(): void {
  if (stopped || !EXECUTABLE) return;
  stopped = true;
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
}
