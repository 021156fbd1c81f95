/** The deployment of a node that booted for it: `razor-mk run` hands over to this when the kernel line asks for one. */
import { systemClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { System } from '../../platform/system.ts';
import type { HttpClient } from '../http.ts';
import { parseParameters } from './parameters.ts';
import { DEPLOY_DEFAULTS, settingsOf } from './settings.ts';
import type { DeploySource } from './source.ts';
import { startDeployment } from './start.ts';

export interface NodeDeployment {
  readonly source: DeploySource;
  readonly system: System;
  readonly log: Log;
  /** Resolves with the client for the API at this address. */
  readonly httpFor: (url: string) => Promise<HttpClient>;
  readonly signal: AbortSignal;
}

/** Does it. A live node does not come back from here: it is about to reboot, or holds until somebody stops it. */
export async function deployNode(node: NodeDeployment): Promise<number> {
  const { source, system, log, signal } = node;
  let settings = DEPLOY_DEFAULTS;
  let problem: Error | undefined;
  try {
    settings = { ...settings, ...settingsOf(parseParameters(source.text)) };
  } catch (error) {
    problem = error as Error;
  }
  const http = await node.httpFor(source.words.get('ironic_api_url') ?? '');
  const result = await startDeployment({ source, settings, problem, system, clock: systemClock, log, http, signal });
  if (system.live) {
    log.info(settings.then === 'hold' ? 'the deployment is over; this machine holds' : 'waiting for the machine to go');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  return result.ok ? 0 : 1;
}
