/** Servers without turns: what `run` does for them, and what it does when the kernel line names two servers. */
import { messageOf, type RazorMkError } from '../../platform/errors/errors.ts';
import type { Resolved } from '../config/settings.ts';
import type { AgentControl } from '../loop/agent-options.ts';
import type { Node } from '../node/node.ts';
import type { NodeSetup } from '../node/node-setup.ts';
import type { JobOptions } from './job.ts';

interface InsteadOfTurns extends Pick<
  JobOptions,
  'clock' | 'log' | 'emit' | 'system' | 'say' | 'stateDir' | 'logDir' | 'listDisks' | 'source' | 'signal'
> {
  readonly setup: NodeSetup;
  readonly settings: Resolved;
  readonly node: Node;
}

/** Boots the node as for turns, opens local control, and does the server's job until it is stopped. Returns the exit status. */
export async function runInsteadOfTurns(parts: InsteadOfTurns): Promise<number> {
  const { setup, settings, node, signal } = parts;
  const { values } = settings;
  await node.open(fixedControl(settings));
  try {
    if (setup.undecided !== undefined) return await waitUndecided(setup.undecided, parts);
    const { job: rules, name } = setup.descriptor;
    if (rules === undefined) throw new Error(`${name} has turns`);
    const job = await rules.load();
    const hooks = node.hooks;
    const report = (error: unknown): void => {
      if (!signal.aborted) parts.log.error(messageOf(error));
    };
    await hooks.boot?.(values, signal).catch(report);
    await hooks.configured?.(values, signal).catch(report);
    return await job({
      ...parts,
      kernel: setup.kernel,
      settings: values,
      collect: () => setup.collect(values, signal),
      capture: () => setup.capture(values, signal),
      neighboursHeard: (timeoutMs) => node.neighboursHeard(timeoutMs),
      // what is secret between this node and a Razor server is not for anybody else
      openHttp: (url, trust) =>
        setup.openHttp({ ...values, token: '', tokenFile: '', siteKey: '' }, url, trust?.insecure === true),
      openFiles: ({ insecure }) => setup.openFiles(values, { insecure, pinOrAuthority: true }),
    });
  } finally {
    await node.close();
  }
}

/** Local control of an agent that takes no pushed configuration and has no turn to begin early. */
function fixedControl(settings: Resolved): AgentControl {
  const reason = 'this server pushes no configuration';
  return {
    settings,
    wake: () => undefined,
    expireFacts: () => undefined, // a job gathers them when it needs them
    offerConfig: (map) => ({
      changed: false,
      refused: Object.entries(map).map(([key, value]) => ({ key, value: String(value), reason })),
    }),
  };
}

/** How often a person in front of the console is reminded. */
const REMIND_MS = 60_000;

/** A live node that does not know its server waits and says so: to end would leave a dead machine, to guess a wrong one. */
async function waitUndecided(
  error: RazorMkError,
  { clock, emit, say, signal }: Pick<JobOptions, 'clock' | 'emit' | 'say' | 'signal'>,
): Promise<number> {
  while (!signal.aborted) {
    say(`razor-mk: ${error.message}. ${error.remedy} Nothing is done until then.`);
    emit({ event: 'error', code: error.code, message: error.message, remedy: error.remedy });
    emit({ event: 'waiting', ms: REMIND_MS, reason: 'the kernel line does not say which server is meant' });
    await clock.sleep(REMIND_MS, signal).catch(() => undefined);
  }
  emit({ event: 'stopped', reason: 'asked to', turns: 0 });
  return error.exitCode;
}
