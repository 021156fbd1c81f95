/** The deployment of a node that booted for it: `razor-mk run` hands over to this when the kernel line asks for one. */
import { systemClock } from '../../platform/clock.ts';
import { createLog, type Log } from '../../platform/log.ts';
import type { System } from '../../platform/system.ts';
import type { HttpClient } from '../http.ts';
import { writeConsole } from '../node/console.ts';
import { parseParameters } from './parameters.ts';
import { DEPLOY_DEFAULTS, settingsOf } from './settings.ts';
import type { DeploySource } from './source.ts';
import { startDeployment } from './start.ts';

export interface NodeDeployment {
  readonly source: DeploySource;
  readonly system: System;
  readonly log: Log;
  /** The progress goes to the machine's console too. */
  readonly onConsole: boolean;
  /** Resolves with the client for the API at this address. */
  readonly httpFor: (url: string) => Promise<HttpClient>;
  readonly signal: AbortSignal;
}

/** Does it. A live node does not come back from here: it is about to reboot, or holds until somebody stops it. */
export async function deployNode(node: NodeDeployment): Promise<number> {
  const { source, system, signal } = node;
  const log = node.onConsole ? alsoOnConsole(node.log) : node.log;
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

function alsoOnConsole(log: Log): Log {
  const console = createLog({ people: (line, level) => writeConsole(level === 'info' ? line : `${level}: ${line}`) });
  const both =
    (level: 'info' | 'warn' | 'error'): Log['info'] =>
    (message, fields) => {
      log[level](message, fields);
      console[level](message, fields);
    };
  return { ...log, info: both('info'), warn: both('warn'), error: both('error') };
}
