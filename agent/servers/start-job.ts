/** Servers without turns: what `run` does for them, and what it does when the kernel line names two servers. */
import { messageOf, type RazorMkError } from '../../platform/errors/errors.ts';
import type { AgentControl } from '../loop/agent.ts';
import type { Resolved } from '../config/settings.ts';
import type { DialectName, TurnDialectName } from './dialect.ts';
import type { Job, JobOptions } from './job.ts';
import { hasTurns } from './select.ts';
import type { DeploySource } from './ironic-2014/parameters/deploy-source.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { Node } from '../node/node.ts';
import type { Setup } from '../cli/setup.ts';

export interface InsteadOfTurns extends Pick<
  JobOptions,
  'clock' | 'log' | 'emit' | 'system' | 'say' | 'stateDir' | 'logDir' | 'listDisks' | 'signal'
> {
  readonly setup: Setup;
  readonly settings: Resolved;
  readonly node: Node;
  /** What the kernel line asks for, when that is Ironic's deploy ramdisk. */
  readonly deployment?: DeploySource | undefined;
}

/** Boots the node as for turns, opens local control, and does the job of the dialect until it is stopped. Returns the exit status. */
export async function runInsteadOfTurns(parts: InsteadOfTurns): Promise<number> {
  const { setup, settings, node, emit, signal, deployment } = parts;
  const { values } = settings;
  await node.open(fixedControl(settings));
  try {
    if (deployment !== undefined) return await deployDisk(deployment, parts);
    if (setup.undecided !== undefined) return await sayUndecided(setup.undecided, parts);
    if (hasTurns(values.dialect)) throw new Error(`${values.dialect} has turns`);
    const job = await loadJob(values.dialect);
    const hooks = node.hooks(emit);
    const tell = (error: unknown): void => {
      if (!signal.aborted) parts.log.error(messageOf(error));
    };
    await hooks.boot?.(values, signal).catch(tell);
    await hooks.configured?.(values, signal).catch(tell);
    return await job({
      ...parts,
      kernel: setup.cmdline,
      settings: values,
      collect: () => setup.collect(values, signal),
      capture: () => setup.capture(values, signal),
      // what is secret between this node and a Razor server is no business of anybody else's
      openHttp: (url, trust) =>
        setup.openHttp({ ...values, token: '', tokenFile: '', replyKey: '' }, url, trust?.insecure === true),
      openFiles: ({ insecure }) => setup.openFiles(values, { insecure, pinOrAuthority: true }),
    });
  } finally {
    await node.close();
  }
}

/** The deploy ramdisk's work: no turns, the disk is exported for a conductor to write. */
async function deployDisk(source: DeploySource, parts: InsteadOfTurns): Promise<number> {
  const { setup, settings, node, system, log, emit, signal } = parts;
  log.info('the kernel line asks for a deployment by Ironic: no turns are taken');
  if (system.live) await node.hooks(emit).boot?.(settings.values, signal);
  // what Razor's server is told is not for Ironic's
  const values = { ...settings.values, token: '', tokenFile: '', replyKey: '' };
  const httpFor = (url: string): Promise<HttpClient> =>
    setup.httpFor(values, { url, source: 'kernel line', given: true });
  const { deployNode } = await import('./ironic-2014/deploy-node.ts');
  return await deployNode({ source, system, log, emit, httpFor, signal });
}

/** Loads the job of a dialect that has no turns. */
async function loadJob(dialect: Exclude<DialectName, TurnDialectName>): Promise<Job> {
  switch (dialect) {
    case 'ironic':
      return (await import('./ironic/ironic.ts')).runIronic;
  }
}

/** Local control of an agent that takes no pushed configuration and has no turn to begin early. */
function fixedControl(settings: Resolved): AgentControl {
  const reason = 'this server pushes no configuration';
  return {
    settings,
    wake: () => undefined,
    offerConfig: (map) => ({
      changed: false,
      refused: Object.entries(map).map(([key, value]) => ({ key, value: String(value), reason })),
    }),
  };
}

/** How often a person in front of the console is told. */
const SAY_AGAIN_MS = 60_000;

/** A live node that does not know its server waits and says so: to end would leave a dead machine, to guess a wrong one. */
async function sayUndecided(
  error: RazorMkError,
  { clock, emit, say, signal }: Pick<JobOptions, 'clock' | 'emit' | 'say' | 'signal'>,
): Promise<number> {
  while (!signal.aborted) {
    say(`razor-mk: ${error.message}. ${error.remedy} Nothing is done until then.`);
    emit({ event: 'error', code: error.code, message: error.message, remedy: error.remedy });
    emit({ event: 'waiting', ms: SAY_AGAIN_MS, reason: 'the kernel line does not say which server is meant' });
    await clock.sleep(SAY_AGAIN_MS, signal).catch(() => undefined);
  }
  emit({ event: 'stopped', reason: 'asked to', turns: 0 });
  return error.exitCode;
}
