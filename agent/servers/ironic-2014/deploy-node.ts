/** The deployment of a node that booted for it: `razor-mk run` hands over to this when the kernel line asks for one. */
import { systemClock } from '../../../platform/time/clock.ts';
import type { Log } from '../../../platform/log/log.ts';
import { redactText } from '../../../platform/log/redact.ts';
import type { System } from '../../../platform/system.ts';
import type { Emit } from '../../loop/events.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { parseParameters } from './parameters/deploy-parameters.ts';
import { DEPLOY_DEFAULTS, settingsOf } from './parameters/deploy-settings.ts';
import type { DeploySource } from './parameters/deploy-source.ts';
import { startDeployment } from './start-deploy.ts';

export interface NodeDeployment {
  readonly source: DeploySource;
  readonly system: System;
  readonly log: Log;
  /** Each line of the work is a step: `status` shows it, and the watchdog sees that the work gets on. */
  readonly emit: Emit;
  /** Resolves with the client for the API at this address. */
  readonly httpFor: (url: string) => Promise<HttpClient>;
  readonly signal: AbortSignal;
}

/** Does it. A live node does not come back from here: it is about to reboot, or holds until somebody stops it. */
export async function deployNode(node: NodeDeployment): Promise<number> {
  const { source, system, signal } = node;
  const log = asSteps(node.log, node.emit);
  let settings = DEPLOY_DEFAULTS;
  let problem: Error | undefined;
  try {
    settings = { ...settings, ...settingsOf(parseParameters(source.text)) };
  } catch (error) {
    problem = error as Error;
  }
  const http = await node.httpFor(source.words.get('ironic_api_url') ?? '');
  const result = await startDeployment({ source, settings, problem, system, clock: systemClock, log, http, signal });
  if (!system.live) return result.ok ? 0 : 1;
  const note = settings.then === 'hold' ? 'over; this machine holds' : 'over; waiting for the machine to go';
  while (!signal.aborted) {
    log.debug(note);
    await systemClock.sleep(60_000, signal).catch(() => undefined);
  }
  return result.ok ? 0 : 1;
}

/** A log whose lines are steps too. */
function asSteps(log: Log, emit: Emit): Log {
  const told =
    (level: 'debug' | 'info' | 'warn' | 'error'): Log['info'] =>
    (message, fields) => {
      log[level](message, fields);
      emit({ event: 'step', name: 'deployment', state: 'running', note: redactText(message) });
    };
  return { ...log, debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') };
}
