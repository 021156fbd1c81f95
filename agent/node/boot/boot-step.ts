/** Steps of the boot sequence, as events: `status`, the log and `--events` show them. */
import { messageOf } from '../../../platform/errors/errors.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { BootStep } from '../../status/snapshot.ts';

/** Reports what a step is doing now. */
export function reportStep({ emit }: Runtime, name: string, state: BootStep['state'], note = ''): void {
  emit({ event: 'step', name, state, note });
}

/** Runs one step and reports its end with the words that it resolves to. A failure is reported and logged; throws only when stopped. */
export async function runStep(runtime: Runtime, name: string, action: () => Promise<string>): Promise<void> {
  reportStep(runtime, name, 'running');
  try {
    reportStep(runtime, name, 'done', await action());
  } catch (error) {
    runtime.signal.throwIfAborted();
    reportStep(runtime, name, 'failed', messageOf(error));
    runtime.log.warn(`${name}: ${messageOf(error)}`);
  }
}
