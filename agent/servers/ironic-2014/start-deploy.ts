/** From what was asked for to the work itself: token, address, target, and what comes after it. Used by the verb and by the node. */
import { resolve } from 'node:path';
import type { Clock } from '../../../platform/time/clock.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { readCapped } from '../../../platform/files.ts';
import type { Log } from '../../../platform/log/log.ts';
import { redactText } from '../../../platform/log/redact.ts';
import type { System } from '../../../platform/system.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { Settings } from '../../config/settings.ts';
import { observeNetwork } from '../../network/network-state.ts';
import { chooseTarget } from './iscsi/choose-target.ts';
import { deploy, type DeployResult } from './deploy.ts';
import { listDisks } from '../../disks/disks.ts';
import { fileAsDisk } from '../../disks/file-disk.ts';
import { findAddress } from './conductor/own-address.ts';
import { deployParameters, type DeployParameters } from './parameters/deploy-parameters.ts';
import type { DeploySettings } from './parameters/deploy-settings.ts';
import type { DeploySource } from './parameters/deploy-source.ts';
import type { TargetOptions } from './iscsi/target.ts';
import { cleanToken } from './parameters/virtual-media.ts';

interface StartDeployment {
  readonly source: DeploySource;
  readonly settings: DeploySettings;
  /** Why it cannot be done as it was asked for: the conductor is told, and nothing else is done. */
  readonly problem?: Error | undefined;
  /** What the node believes: with a site key a disk is exported only where `unsignedDeploy` says so. */
  readonly trust: Pick<Settings, 'siteKey' | 'unsignedDeploy'>;
  /** Given by hand; else found. */
  readonly address?: string | undefined;
  /** A regular file that stands for the disk. */
  readonly diskFile?: string | undefined;
  readonly system: System;
  readonly clock: Clock;
  readonly log: Log;
  /** Of a live run. A dry one asks nobody. */
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

/** Does the deployment and what comes after it; when that is a reboot, it was asked for when this resolves. */
export async function startDeployment(start: StartDeployment): Promise<DeployResult> {
  const { source, settings, system, clock, log, signal } = start;
  const asked = deployParameters(source.words);
  const file = start.diskFile === undefined ? undefined : resolve(start.diskFile);
  const parameters = file === undefined ? asked : { ...asked, disks: ['file'], rootDevice: undefined };
  let asking: Promise<string | undefined> | undefined;
  const fetchToken = (): Promise<string | undefined> => (asking ??= tokenByTftp(parameters, start));
  const result = await deploy({
    parameters,
    options: {
      iscsiPort: settings.iscsiPort,
      donePort: settings.donePort,
      allowInitiators: settings.allowInitiator,
      versionPrefix: settings.apiVersionPrefix,
      token: source.token,
      tokenOverHttp: settings.tokenOverHttp,
      waitMs: settings.wait * 1000,
      diskAttempts: settings.diskAttempts,
    },
    system,
    clock,
    log,
    http: system.live ? start.http : dryClient(log),
    findAddress: async () => {
      const problem = start.problem ?? unsigned(start.trust);
      if (problem) throw problem;
      return start.address ?? (await findAddress({ parameters, observe: observeNetwork, clock, signal }));
    },
    listDisks: file === undefined ? listDisks : () => [fileAsDisk(file)],
    exportDisk: async (options) => {
      const wanted = settings.target === '' ? undefined : settings.target;
      return await (
        await chooseTarget(wanted, { system, clock, signal })
      )(options);
    },
    ...(settings.tftpToken && { fetchToken }),
    readChap: async () => (settings.chapFile === '' ? undefined : parseChap(await readText(settings.chapFile))),
    signal,
  });
  await afterwards(start, parameters, result);
  return result;
}

/** Why nothing may be exported: what the conductor then writes has no checksum and no signature. */
function unsigned({ siteKey, unsignedDeploy }: StartDeployment['trust']): RazorMkError | undefined {
  if (siteKey === '' || unsignedDeploy) return undefined;
  const why =
    'this node has a site key, and nobody vouches for what is written to an exported disk: it is not exported';
  return new RazorMkError('RAZOR_MK_TRUST', why, {
    remedy: 'Deploy by a newer Ironic with signed images, or set unsigned_deploy in the configuration of the image.',
  });
}

const CONSOLE_LAG_MS = 2000;

async function afterwards(start: StartDeployment, parameters: DeployParameters, result: DeployResult): Promise<void> {
  const { settings, system, clock, log, signal } = start;
  if (!result.ok && parameters.troubleshoot) {
    await system.change('open a shell on the console (troubleshoot=1)', async () => {
      const { openShell } = await import('./troubleshoot-shell.ts');
      await openShell();
    });
  }
  if (settings.then === 'hold') return;
  if (!result.ok && system.live && settings.errorWait > 0) {
    log.info(`${settings.then} in ${settings.errorWait} s; the conductor may turn this machine off before`);
    await clock.sleep(settings.errorWait * 1000, signal);
  }
  // the serial console follows the agent's output once a second: the last lines are to be read there
  if (system.live) await clock.sleep(CONSOLE_LAG_MS, signal);
  const reason = result.ok ? 'the deployment is over' : 'the deployment failed';
  await (settings.then === 'reboot' ? system.reboot(reason) : system.poweroff(reason));
}

/** The token is one packet. A boot server without TFTP does not refuse, it is silent. */
const TOKEN_TIMEOUT_MS = 10_000;

/** Old servers wrote the token beside the kernel; newer ones did not. Without it the API is asked without. */
async function tokenByTftp(parameters: DeployParameters, start: StartDeployment): Promise<string | undefined> {
  const { log, settings, signal } = start;
  try {
    if (parameters.bootServer === undefined) throw new RazorMkError('RAZOR_MK_TFTP', 'no boot server is known');
    const { tftpGet } = await import('./parameters/tftp.ts');
    const file = `token-${parameters.deploymentId}`;
    const bytes = await tftpGet({
      host: parameters.bootServer,
      port: settings.tftpPort,
      file,
      limit: 64 * 1024,
      timeoutMs: TOKEN_TIMEOUT_MS,
      signal,
    });
    const token = cleanToken(bytes);
    if (token === undefined) log.warn(`${file} holds no token: it is not one line of printable ASCII`);
    return token;
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`the token could not be fetched, going on without: ${messageOf(error)}`);
    return undefined;
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readCapped(path, 64 * 1024);
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${path} does not exist`);
  return bytes.toString('utf8');
}

function parseChap(text: string): TargetOptions['chap'] {
  const match = /^([!-9;-~]{1,64}):([!-~]{12,16})$/.exec(text.trim());
  if (!match) {
    throw new RazorMkError(
      'RAZOR_MK_USAGE',
      'the CHAP file is not USER:PASSWORD with a password of 12 to 16 characters',
    );
  }
  return { user: match[1] ?? '', password: match[2] ?? '' };
}

/** Without --live the conductor is told nothing: it would begin to write to a disk that is not exported. */
function dryClient(log: Log): HttpClient {
  return {
    request: ({ method, url, body = '' }) => {
      log.info(`would ${method} ${url} ${redactText(body)} (dry run; --live does it)`);
      return Promise.resolve({ status: 202, headers: {}, body: Buffer.alloc(0), durationMs: 0 });
    },
  };
}
