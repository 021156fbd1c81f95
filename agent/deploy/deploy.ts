/**
 * The deploy ramdisk's work: find the disk, export it, tell the conductor, wait for `done`, clean up. On an error of our own
 * the conductor is told that, and nothing is exported. It ends in bounded time, whatever the other side does.
 */
import { isIP } from 'node:net';
import { lookup } from 'node:dns/promises';
import type { Clock } from '../../platform/clock.ts';
import { messageOf, RazorMkError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { run } from '../../platform/run.ts';
import { sync } from '../../platform/sync.ts';
import type { System } from '../../platform/system.ts';
import type { HttpClient } from '../http.ts';
import { installBootloader } from './bootloader.ts';
import { waitForDisk } from './choose-disk.ts';
import type { Disk } from './disks.ts';
import { listenForDone, type DoneListener } from './done.ts';
import type { DeployParameters } from './parameters.ts';
import { bytesWritten, progressLine, writeMark } from './progress.ts';
import { passBootloaderInfo, passDeployInfo, type ReportOptions } from './report.ts';
import type { Target, TargetOptions } from './target.ts';

export interface DeployOptions {
  /** Address that the portal and port 10000 listen on and that the conductor is told. */
  readonly address: string;
  readonly iscsiPort: number;
  readonly donePort: number;
  /** Besides the API's host and the boot server; `ALL` lets everybody in. */
  readonly allowInitiators: readonly string[];
  readonly versionPrefix: string;
  readonly token: string | undefined;
  readonly chap?: TargetOptions['chap'];
  /** Bound of the whole wait for `done`, in milliseconds; 1,800,000, as the conductor's. */
  readonly waitMs: number;
  /** How often the disk is looked for, a second apart. */
  readonly diskAttempts?: number;
}

export interface DeployContext {
  readonly parameters: DeployParameters;
  readonly options: DeployOptions;
  readonly system: System;
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpClient;
  readonly listDisks: () => readonly Disk[];
  readonly exportDisk: (options: TargetOptions) => Promise<Target>;
  readonly signal?: AbortSignal;
}

export interface DeployResult {
  readonly ok: boolean;
  readonly disk: string | undefined;
  /** In words, when it did not end well. */
  readonly error: string | undefined;
}

/** Does one deployment. Never throws but for the signal: what went wrong is in the result, and the conductor was told. */
export async function deploy(context: DeployContext): Promise<DeployResult> {
  const { log } = context;
  let disk: Disk | undefined;
  try {
    const work = await prepare(context);
    disk = work.disk;
    try {
      await serve(context, work);
    } finally {
      work.listener.close();
      await work.target.stop();
      await settle(context, work.disk);
    }
    return { ok: true, disk: disk.path, error: undefined };
  } catch (error) {
    context.signal?.throwIfAborted();
    const message = messageOf(error);
    log.error(message);
    return { ok: false, disk: disk?.path, error: message };
  }
}

interface Work {
  readonly disk: Disk;
  readonly target: Target;
  readonly listener: DoneListener;
  readonly report: ReportOptions;
  /** A session was seen at some time. */
  readonly seen: { session: boolean };
}

async function prepare(context: DeployContext): Promise<Work> {
  const { parameters, options, log } = context;
  const report: ReportOptions = {
    http: context.http,
    clock: context.clock,
    apiUrl: parameters.ironicApiUrl,
    versionPrefix: options.versionPrefix,
    deploymentId: parameters.deploymentId,
    token: options.token,
    onRetry: (why, ms) => log.warn(`the conductor: ${why}; again in ${(ms / 1000).toFixed(1)} s`),
    ...(context.signal && { signal: context.signal }),
  };
  let target: Target | undefined;
  let listener: DoneListener | undefined;
  try {
    if (parameters.iscsiTargetIqn === '') throw new RazorMkError('RAZOR_MK_DEPLOY', 'iscsi_target_iqn is not defined');
    const peers = await allowedPeers(parameters, options);
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
    const exported = await context.exportDisk({
      iqn: parameters.iscsiTargetIqn,
      disk,
      address: options.address,
      port: options.iscsiPort,
      initiators: peers,
      ...(options.chap && { chap: options.chap }),
    });
    target = exported;
    log.info(`exported by ${exported.kind} on ${options.address}:${options.iscsiPort} for ${peers.join(', ')}`);
    const seen = { session: false };
    const mark = writeMark(disk);
    listener = await listenForDone({
      address: options.address,
      port: options.donePort,
      allowed: (peer) => peers.includes('ALL') || peers.includes(peer),
      notYet: () => whyNotDone(exported, seen, () => writeMark(disk) !== mark),
      onIgnored: (why) => log.warn(`ignored on port ${options.donePort}: ${why}`),
    });
    return { disk, target: exported, listener, report, seen };
  } catch (error) {
    listener?.close();
    await target?.stop();
    context.signal?.throwIfAborted();
    await tellError(context, report, messageOf(error));
    throw error;
  }
}

/** `done` is true when somebody logged in or the disk was written, and no session is left. */
async function whyNotDone(
  target: Target,
  seen: { session: boolean },
  written: () => boolean,
): Promise<string | undefined> {
  const sessions = await target.sessions();
  if (sessions > 0) {
    seen.session = true;
    return `${sessions} ${sessions === 1 ? 'session is' : 'sessions are'} still open`;
  }
  return seen.session || written() ? undefined : 'nobody has logged in yet';
}

async function serve(context: DeployContext, work: Work): Promise<void> {
  const { parameters, options, log } = context;
  const address = options.address;
  await passDeployInfo(work.report, {
    address,
    key: parameters.deploymentKey,
    iqn: parameters.iscsiTargetIqn,
    ...(options.iscsiPort !== 3260 && { port: String(options.iscsiPort) }),
    error: '',
  });
  log.info('the conductor knows; waiting for it to write the image');
  await untilDone(context, work, 'done');
  if (parameters.bootOption !== 'local') return;
  await work.target.stop();
  const problem = await installBootloader(context.system, work.disk, parameters.bootMode, log).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  if (problem !== undefined) log.error(`the boot loader was not installed: ${problem}`);
  const again = await listenForDone({
    address,
    port: options.donePort,
    allowed: () => true,
    notYet: () => Promise.resolve(undefined),
    onIgnored: (why) => log.warn(`ignored on port ${options.donePort}: ${why}`),
  });
  try {
    await passBootloaderInfo(work.report, {
      address,
      key: parameters.deploymentKey,
      status: problem === undefined ? 'SUCCEEDED' : 'FAILED',
      error: problem ?? '',
    });
    if (problem !== undefined)
      throw new RazorMkError('RAZOR_MK_DEPLOY', `the boot loader was not installed: ${problem}`);
    await bounded(context, again.done, 'the second done');
  } finally {
    again.close();
  }
}

/** Waits, watches sessions every half second and says every ten how far it is. */
async function untilDone(context: DeployContext, work: Work, what: string): Promise<void> {
  const { clock, log, options } = context;
  const started = clock.now();
  const stop = new AbortController();
  const watch = async (): Promise<void> => {
    let previous = bytesWritten(work.disk);
    let said = started;
    for (;;) {
      await clock.sleep(500, stop.signal);
      const sessions = await work.target.sessions();
      if (sessions > 0) work.seen.session = true;
      if (clock.now() - said < 10_000) continue;
      const written = bytesWritten(work.disk);
      const seconds = (clock.now() - said) / 1000;
      const secondsLeft = (options.waitMs - (clock.now() - started)) / 1000;
      log.info(progressLine({ sessions, written, previous, seconds, secondsLeft }));
      previous = written;
      said = clock.now();
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    await bounded(context, work.listener.done, what);
  } finally {
    stop.abort();
    await watching;
  }
}

async function bounded(context: DeployContext, event: Promise<void>, what: string): Promise<void> {
  const { clock, options } = context;
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const late = clock.sleep(options.waitMs, signal).then(() => {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `"${what}" did not come within ${Math.round(options.waitMs / 1000)} s`);
  });
  try {
    await Promise.race([event, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}

async function tellError(context: DeployContext, report: ReportOptions, message: string): Promise<void> {
  const { parameters, options, log } = context;
  await passDeployInfo(report, {
    address: options.address,
    key: parameters.deploymentKey,
    iqn: parameters.iscsiTargetIqn,
    error: message,
  }).catch((error: unknown) => log.error(`the conductor could not be told: ${messageOf(error)}`));
}

/** Asks whether the boot server answers, as the original did: switches may need a while. Its silence is only noted. */
async function greet(server: string | undefined, log: Log): Promise<void> {
  if (server === undefined || isIP(server) === 0) return;
  for (let round = 0; round < 3; round++) {
    const { failure, status } = await run(['ping', '-c', '2', '-W', '2', server], { timeoutMs: 10_000 });
    if (failure === 'not-found') return;
    if (status === 0) return log.info(`the boot server ${server} answers`);
  }
  log.warn(`the boot server ${server} does not answer pings; going on without`);
}

/** Addresses that may log in and say `done`: the API's, the boot server's, and those that were allowed. */
async function allowedPeers(parameters: DeployParameters, options: DeployOptions): Promise<string[]> {
  if (options.allowInitiators.includes('ALL')) return ['ALL'];
  const names = [hostOf(parameters.ironicApiUrl), parameters.bootServer, ...options.allowInitiators];
  const peers = new Set<string>();
  for (const name of names) {
    if (name === undefined || name === '') continue;
    if (isIP(name) > 0) peers.add(name);
    else for (const { address } of await lookup(name, { all: true }).catch(() => [])) peers.add(address);
  }
  if (peers.size > 0) return [...peers];
  throw new RazorMkError('RAZOR_MK_DEPLOY', 'no address is known that may log in', {
    remedy: 'Check ironic_api_url=, or name the conductor with --allow-initiator.',
  });
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}

/** What was written reaches the disk, and the kernel sees its partitions. */
async function settle({ system }: DeployContext, disk: Disk): Promise<void> {
  if (!system.live) return;
  await sync();
  if (disk.path.startsWith('/dev/')) {
    await run(['blockdev', '--flushbufs', disk.path]);
    await system.run(`read the partitions of ${disk.path} again`, ['blockdev', '--rereadpt', disk.path]);
  }
}
