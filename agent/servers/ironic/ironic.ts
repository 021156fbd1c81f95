/**
 * Ironic's job, in order: 1. the parameters; 2. inspection, where one is asked for; 3. lookup, the command server and
 * heartbeats, where there is an API; 4. when Ironic has no more use for this node, wait to be turned off. None of it ends
 * the agent: what cannot be done is said on the console and tried again.
 */
import { compileExclusion, DEFAULT_EXCLUSION, factValues } from '../../../facts/facts.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { readCapped } from '../../../platform/files.ts';
import { version } from '../../version.ts';
import { discoverIronic } from './discover-ironic.ts';
import { sendInspection } from './inspection/inspect.ts';
import { inspectionBody } from './inspection/inspection-body.ts';
import { ironicParameters, type IronicParameters } from './ironic-parameters.ts';
import { collectLogs } from './inspection/ironic-logs.ts';
import { openMemory } from './ironic-state.ts';
import { openJournal } from './commands/command-journal.ts';
import { report, serveNode } from './node-service.ts';
import type { IronicJob } from './ironic-options.ts';

const SAY_AGAIN_MS = 60_000;
const INSPECT_AGAIN_MS = 60_000;
const INSPECT_AGAIN_MOST_MS = 600_000;

/** Does the job until it is stopped. Never rejects; resolves to the exit status. */
export async function runIronic(options: IronicJob): Promise<number> {
  const { signal, clock, emit, log } = options;
  let reason = '';
  while (!signal.aborted) {
    try {
      await work(options);
    } catch (error) {
      reason = messageOf(error);
      if (signal.aborted) break;
      report(error, options);
      const remedy = error instanceof RazorMkError ? ` ${error.remedy}` : '';
      options.say(`Ironic: ${messageOf(error)}.${remedy}`);
      emit({ event: 'waiting', ms: SAY_AGAIN_MS, reason: 'it begins again' });
      await clock.sleep(SAY_AGAIN_MS, signal).catch(() => undefined);
    }
  }
  log.debug(reason);
  emit({ event: 'stopped', reason: signal.aborted ? messageOf(signal.reason) : reason, turns: 0 });
  return 0;
}

async function work(options: IronicJob): Promise<void> {
  const { kernel, emit, log, say } = options;
  const parameters = ironicParameters(kernel);
  const warn = (message: string): void => {
    log.warn(message);
    emit({ event: 'warning', message });
  };
  for (const note of parameters.notes) warn(`kernel line: ${note}`);
  const { candidates, steps } = discoverIronic(kernel);
  for (const { url, source } of candidates.slice(0, 1)) {
    emit({ event: 'discovered', server: url, source, candidates: candidates.map((each) => each.url), steps });
  }
  if (parameters.insecure) {
    const message =
      'ipa-insecure: the certificate of Ironic is NOT checked; whoever is on this network can command this node';
    warn(message);
    say(`WARNING: ${message}`);
  }
  const memory = await openMemory(options.stateDir, warn);
  const journal = await openJournal({ stateDir: options.stateDir, boot: await bootId(), warn });
  const uuid = parameters.callbackUrls.length === 0 ? undefined : await inspect(options, parameters);
  if (parameters.apiUrls.length === 0) {
    say('Ironic has the inventory of this machine; what comes next is its decision.');
    return await rest(options, 'Ironic decides what comes next; it may turn this machine off');
  }
  const reason = await serveNode({ ...options, parameters, memory, journal }, uuid);
  say(`Ironic has no more use for this node (${reason}); it takes no more commands.`);
  await rest(options, `the service for Ironic has ended: ${reason}`);
}

/** Sends the inventory. With an API a refusal is told and the lookup comes next; without one it is tried until it is taken. */
async function inspect(options: IronicJob, parameters: IronicParameters): Promise<string | undefined> {
  const { clock, emit, signal, settings } = options;
  if (parameters.lldpTimeoutMs > 0) await options.neighboursHeard?.(parameters.lldpTimeoutMs);
  for (let pause = INSPECT_AGAIN_MS; ; pause = Math.min(INSPECT_AGAIN_MOST_MS, pause * 2)) {
    try {
      const set = await options.collect();
      const facts = factValues(set, compileExclusion(settings.factExclude || DEFAULT_EXCLUSION));
      const errors = set.errors.length;
      const nodeId = set.identity.interfaces[0]?.mac ?? '';
      emit({ event: 'collected', facts: set.facts.size, durationMs: set.durationMs, errors, nodeId });
      const { capture, logDir } = options;
      const wanted = parameters.collectors.includes('logs');
      const logs = wanted
        ? await collectLogs({ logDir, capture, collect: () => Promise.resolve(set), wall: clock.wall() })
        : undefined;
      const body = inspectionBody(set, { ...parameters, version: version(), facts, logs });
      const started = clock.now();
      const { url, uuid } = await sendInspection({
        ...options,
        urls: parameters.callbackUrls,
        body,
        openHttp: (to) => options.openHttp(to, { insecure: parameters.insecure }),
        timeoutMs: parameters.httpTimeoutMs,
        globalRequestId: parameters.globalRequestId,
      });
      const durationMs = clock.now() - started;
      const node = uuid === undefined ? {} : { node: uuid };
      emit({ event: 'reported', server: url, facts: Object.keys(facts).length, ...node, durationMs });
      return uuid;
    } catch (error) {
      signal.throwIfAborted();
      report(error, options);
      options.say(`Ironic did not take the inventory of this machine: ${messageOf(error)}`);
      if (parameters.apiUrls.length > 0) return undefined;
      emit({ event: 'waiting', ms: pause, reason: 'the inspection is tried again' });
      await clock.sleep(pause, signal);
    }
  }
}

/** One for each boot of the kernel (random(4)); the state directory may outlive it. */
async function bootId(): Promise<string> {
  const bytes = await readCapped('/proc/sys/kernel/random/boot_id', 64).catch(() => undefined);
  return bytes?.toString('latin1').trim() ?? '';
}

/** Nothing is left to do; that the agent still lives is seen by `status` and by the watchdog. */
async function rest({ clock, emit, signal }: IronicJob, reason: string): Promise<void> {
  while (!signal.aborted) {
    emit({ event: 'waiting', ms: SAY_AGAIN_MS, reason });
    await clock.sleep(SAY_AGAIN_MS, signal).catch(() => undefined);
  }
}
