/** The first half of a deployment: address, disk, target, port 10000. On an error nothing stays exported, and the conductor is told. */
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { waitForDisk } from '../../disks/choose-disk.ts';
import type { RamdiskContext, Progress, Work } from './deploy-context.ts';
import { listenForDone, type DoneListener } from './conductor/done-listener.ts';
import { allowedPeers, greet, isAllowed } from './iscsi/initiators.ts';
import { createStrangerWatch } from './iscsi/strangers.ts';
import { writeMark } from './progress.ts';
import { passDeployInfo, type ReportOptions } from './conductor/report.ts';
import type { Target } from './iscsi/target.ts';

/** Throws what went wrong, after the conductor was told. */
export async function prepare(context: RamdiskContext): Promise<Work> {
  const { parameters, options, log, system } = context;
  let address = parameters.ip?.address ?? '';
  let target: Target | undefined;
  let listener: DoneListener | undefined;
  try {
    address = await context.findAddress();
    checkIqn(parameters.iscsiTargetIqn);
    const peers = await allowedPeers(parameters, options.allowInitiators);
    await greet(parameters.bootServer, log);
    log.info(`looking for a disk: ${parameters.rootDevice ?? parameters.disks.join(', ')}`);
    const disk = await waitForDisk({
      list: context.listDisks,
      wish: { names: parameters.disks, hints: parameters.rootDevice },
      clock: context.clock,
      ...(options.diskAttempts !== undefined && { attempts: options.diskAttempts }),
      ...(context.signal && { signal: context.signal }),
    });
    log.info(`the disk is ${disk.path}, ${(disk.sizeBytes / 1e9).toFixed(1)} GB`);
    const chap = await context.readChap?.();
    const exported = await context.exportDisk({
      iqn: parameters.iscsiTargetIqn,
      disk,
      address,
      port: options.iscsiPort,
      initiators: peers,
      ...(chap && { chap }),
    });
    target = exported;
    if (system.live)
      log.info(`exported by ${exported.kind} on ${address}:${options.iscsiPort} for ${peers.join(', ')}`);
    const progress: Progress = { session: false, notYet: undefined, written: false };
    const mark = writeMark(disk);
    const listening = await system.change(`wait for "done" on ${address}:${options.donePort}`, () =>
      listenForDone({
        address,
        port: options.donePort,
        allowed: (peer) => isAllowed(peers, peer),
        notYet: () => whyNotDone(context, exported, progress, () => writeMark(disk) !== mark),
        onIgnored: (why) => log.warn(`ignored on port ${options.donePort}: ${why}`),
      }),
    );
    listener = listening;
    const strangers = createStrangerWatch(options.iscsiPort, [...peers, address]);
    const report = await reportOptions(context);
    return { address, disk, target: exported, listener, report, progress, strangers };
  } catch (error) {
    listener?.close();
    await target?.stop();
    context.signal?.throwIfAborted();
    await tellError(context, await reportOptions(context), address, messageOf(error));
    throw error;
  }
}

/** RFC 3720 allows 223 bytes of fewer characters; conductors of 2014 named targets `iqn-<uuid>`. It becomes a path of configfs. */
function checkIqn(iqn: string): void {
  if (iqn === '') throw new RazorMkError('RAZOR_MK_DEPLOY', 'iscsi_target_iqn is not defined');
  if (!/^[A-Za-z0-9][\w.:-]{0,222}$/.test(iqn))
    throw new RazorMkError('RAZOR_MK_DEPLOY', 'iscsi_target_iqn is not a valid name');
}

/** How the conductor is told. The token comes last, as in the original: whoever has none must not hold the export up. */
async function reportOptions(context: RamdiskContext): Promise<ReportOptions> {
  const { parameters, options, log } = context;
  const token = options.token ?? (await context.fetchToken?.());
  const safe = options.tokenOverHttp || /^https:/i.test(parameters.ironicApiUrl);
  if (token !== undefined && !safe) {
    log.warn('the token is not sent: the API is not https (--token-over-http, razor.deploy_token_over_http=1 send it)');
  }
  return {
    http: context.http,
    clock: context.clock,
    apiUrl: parameters.ironicApiUrl,
    versionPrefix: options.versionPrefix,
    deploymentId: parameters.deploymentId,
    token: safe ? token : undefined,
    secrets: token === undefined ? [] : [token],
    onRetry: (why, ms) => log.warn(`the conductor: ${why}; again in ${(ms / 1000).toFixed(1)} s`),
    ...(context.signal && { signal: context.signal }),
  };
}

/** A conductor says it once; sessions that it just closed may still be on the target's list. */
const CLOSING_LOOKS = 10;

/** `done` is true when somebody logged in or the disk was written, and no session is left. */
async function whyNotDone(
  { clock, signal }: RamdiskContext,
  target: Target,
  progress: Progress,
  written: () => boolean,
): Promise<string | undefined> {
  for (let look = 1; ; look++) {
    if (progress.notYet !== undefined || progress.written) return progress.notYet;
    const sessions = await target.sessions();
    if (sessions === 0) return progress.session || written() ? undefined : 'nobody has logged in yet';
    progress.session = true;
    if (look >= CLOSING_LOOKS) return `${sessions} ${sessions === 1 ? 'session is' : 'sessions are'} still open`;
    await clock.sleep(500, signal);
  }
}

/** All keys are there, as the conductor wants them; nothing is exported. */
async function tellError(
  context: RamdiskContext,
  report: ReportOptions,
  address: string,
  error: string,
): Promise<void> {
  const { deploymentKey: key, iscsiTargetIqn: iqn } = context.parameters;
  await passDeployInfo(report, { address, key, iqn, error }).catch((failure: unknown) => {
    context.signal?.throwIfAborted();
    context.log.error(`the conductor could not be told: ${messageOf(failure)}`);
  });
}
