/** Without --live a conductor is told that nothing was done: it would go on as if the machine had been changed. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { System } from '../../../platform/system.ts';

/** Does it, or throws RAZOR_MK_COMMAND after it was logged as what would be done. */
export async function changed<T>(system: System, what: string, action: () => T | Promise<T>): Promise<T> {
  const result = await system.change(what, async () => ({ value: await action() }));
  if (result !== undefined) return result.value;
  throw new RazorMkError('RAZOR_MK_COMMAND', `this agent changes nothing on its machine: it would ${what}`, {
    remedy: 'Start it with --live on a machine that Ironic may change.',
  });
}
