/** The deployment of a node that booted for it: the job of `razor-mk run` when the kernel line asks for one. */
import type { Log } from '../../../platform/log/log.ts';
import { redactText } from '../../../platform/log/redact.ts';
import type { Emit } from '../../loop/events.ts';
import type { JobOptions } from '../job.ts';
import { parseParameters } from './parameters/deploy-parameters.ts';
import { DEPLOY_DEFAULTS, settingsOf } from './parameters/deploy-settings.ts';
import { startDeployment } from './start-deploy.ts';

/** Does it. A live node does not come back from here: it is about to reboot, or holds until somebody stops it. */
export async function runDeployment(options: JobOptions): Promise<number> {
  const { source, clock, system, signal } = options;
  if (source === undefined) throw new Error('the deployment needs the kernel line as it stands');
  // each line of the work is a step: `status` shows it, and the watchdog sees that the work gets on
  const log = asSteps(options.log, options.emit);
  options.log.info('the kernel line asks for a deployment by Ironic: no turns are taken');
  let settings = DEPLOY_DEFAULTS;
  let problem: Error | undefined;
  try {
    settings = { ...settings, ...settingsOf(parseParameters(source.text)) };
  } catch (error) {
    problem = error as Error;
  }
  const http = await options.openHttp(source.words.get('ironic_api_url') ?? '');
  const trust = options.settings;
  const result = await startDeployment({ source, settings, problem, trust, system, clock, log, http, signal });
  if (!system.live) return result.ok ? 0 : 1;
  const note = settings.then === 'hold' ? 'over; this machine holds' : 'over; waiting for the machine to go';
  while (!signal.aborted) {
    log.debug(note);
    await clock.sleep(60_000, signal).catch(() => undefined);
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
