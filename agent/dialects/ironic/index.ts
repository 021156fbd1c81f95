/** Ironic's job: inspection, then lookup, heartbeat and commands. */
import { discoverIronic } from './discover.ts';
import type { IronicOptions } from './options.ts';

export async function runIronic(options: IronicOptions): Promise<number> {
  const { emit, kernel, signal } = options;
  const { candidates, steps } = discoverIronic(kernel);
  const [first] = candidates;
  if (first !== undefined) {
    emit({
      event: 'discovered',
      server: first.url,
      way: first.way,
      candidates: candidates.map(({ url }) => url),
      steps,
    });
  }
  await options.clock.sleep(Infinity, signal).catch(() => undefined);
  return 0;
}
