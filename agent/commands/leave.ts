/** What is done before the machine goes down: the facts are saved, buffers flushed, and the console gets a last line. */
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import { replaceFile } from '../../platform/files.ts';
import { sync } from '../../platform/process/sync.ts';
import { factValues } from '../../facts/facts.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { CommandRequest } from './command-handler.ts';

/** Where the facts lie that were known when the machine was told to go down. */
export const LAST_FACTS_FILE = 'last_facts.json';

/** Saves the facts, flushes buffers and announces `what`. Never throws: a full disk does not keep a node from rebooting. */
export async function prepareToLeave(runtime: Runtime, request: CommandRequest, what: string): Promise<void> {
  const { log, system, emit } = runtime;
  const server = request.dialect.serverUrl;
  try {
    const facts = { command: what, server, facts: factValues(request.facts) };
    replaceFile(join(request.store.dir, LAST_FACTS_FILE), `${JSON.stringify(facts, undefined, 1)}\n`, 0o600);
  } catch (error) {
    log.warn(`the facts could not be saved: ${messageOf(error)}`);
  }
  if (system.live) await sync().catch((error: unknown) => log.warn(`sync failed: ${messageOf(error)}`));
  // a warning, because it must reach the console whatever the log level is set to
  const would = system.live ? '' : ' (dry run: it does not)';
  log.warn(`razor-mk: ${what}, because ${server} said so. This is the last line${would}.`);
  emit({ event: 'leaving', what, server });
}

/** How long the orderly way may take until the kernel is asked directly. */
const PATIENCE_MS = 30_000;

/** When the machine is still there after the orderly way, the kernel does it (Documentation/admin-guide/sysrq.rst). */
export async function forceDown({ clock, log, system, signal }: Runtime, letter: 'b' | 'o'): Promise<void> {
  if (!system.live) return;
  // an orderly end: init stops the agent on the way down
  const stopped = await clock.sleep(PATIENCE_MS, signal).then(
    () => false,
    () => true,
  );
  if (stopped) return;
  log.error(`the machine is still up after ${PATIENCE_MS / 1000} s: asking the kernel directly (sysrq ${letter})`);
  const { writeFileSync } = await import('node:fs');
  await system.change(`sysrq ${letter}`, () => writeFileSync('/proc/sysrq-trigger', letter));
}
