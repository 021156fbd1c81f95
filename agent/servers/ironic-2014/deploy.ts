/**
 * The deploy ramdisk's work: find the disk, export it, tell the conductor, wait for `done`, clean up. On an error of our own
 * the conductor is told that, and nothing is exported. It ends in bounded time, whatever the other side does.
 */
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { sync } from '../../../platform/process/sync.ts';
import { installBootloader } from './bootloader.ts';
import { bounded, type RamdiskContext, type Work } from './deploy-context.ts';
import type { Disk } from '../../disks/disks.ts';
import { prepare } from './prepare.ts';
import { bytesWritten, progressLine } from './progress.ts';
import { passBootloaderInfo, passDeployInfo } from './conductor/report.ts';

export interface DeployResult {
  readonly ok: boolean;
  readonly disk: string | undefined;
  /** In words, when it did not end well. */
  readonly error: string | undefined;
}

/** Does one deployment. Never throws but for the signal: what went wrong is in the result, and the conductor was told. */
export async function deploy(context: RamdiskContext): Promise<DeployResult> {
  const { log } = context;
  let disk: Disk | undefined;
  try {
    const work = await prepare(context);
    disk = work.disk;
    try {
      await serve(context, work);
    } finally {
      work.listener?.close();
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

async function serve(context: RamdiskContext, work: Work): Promise<void> {
  const { parameters, options, log, system } = context;
  await passDeployInfo(work.report, {
    address: work.address,
    key: parameters.deploymentKey,
    iqn: parameters.iscsiTargetIqn,
    ...(options.iscsiPort !== 3260 && { port: String(options.iscsiPort) }),
    error: '',
  });
  if (system.live) log.info('the conductor knows; waiting for it to write the image');
  await untilDone(context, work, 'done');
  work.progress.written = true;
  if (system.live) log.info('"done": the image is written');
  if (parameters.bootOption === 'local') await bootFromDisk(context, work);
}

/** `boot_option=local`: the image's own boot loader is installed, the conductor is told, and says `done` once more. */
async function bootFromDisk(context: RamdiskContext, work: Work): Promise<void> {
  const { parameters, log, system } = context;
  work.progress.notYet = 'the boot loader is not installed yet';
  await work.target.stop();
  const problem = await installBootloader({ system, clock: context.clock, log }, work.disk, parameters.bootMode).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  context.signal?.throwIfAborted();
  work.progress.notYet = undefined;
  await passBootloaderInfo(work.report, {
    address: work.address,
    key: parameters.deploymentKey,
    status: problem === undefined ? 'SUCCEEDED' : 'FAILED',
    error: problem ?? '',
  });
  if (problem !== undefined) {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `the boot loader was not installed: ${problem}`);
  }
  await untilDone(context, work, 'the second done');
}

/** Waits, watches sessions every half second and says every ten how far it is. */
async function untilDone(context: RamdiskContext, work: Work, what: string): Promise<void> {
  const { clock, log, options } = context;
  if (work.listener === undefined) return; // a dry run: nobody was told, nobody will answer
  const started = clock.now();
  const stop = new AbortController();
  const watch = async (): Promise<void> => {
    let previous = bytesWritten(work.disk);
    let said = started;
    for (;;) {
      await clock.sleep(500, stop.signal);
      const sessions = work.progress.written ? 0 : await work.target.sessions();
      if (sessions > 0 && !work.progress.session) log.info('the conductor has logged in');
      if (sessions > 0) work.progress.session = true;
      for (const address of work.strangers()) {
        log.warn(
          `${address} tried to log in and is not allowed: add --allow-initiator (razor.deploy_allow_initiator=${address}) if it is a conductor`,
        );
      }
      if (clock.now() - said < 10_000) continue;
      const written = bytesWritten(work.disk);
      const seconds = (clock.now() - said) / 1000;
      const secondsLeft = (options.waitMs - (clock.now() - started)) / 1000;
      log.info(progressLine({ what, sessions, written, previous, seconds, secondsLeft }));
      previous = written;
      said = clock.now();
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    await bounded(context, work.listener.next(), what);
  } finally {
    stop.abort();
    await watching;
  }
}

/** What was written reaches the disk, and the kernel sees its partitions. */
async function settle({ system }: RamdiskContext, disk: Disk): Promise<void> {
  await system.change(`flush what was written to ${disk.path}`, sync);
  if (!disk.path.startsWith('/dev/')) return;
  await system.run(`flush ${disk.path}`, ['blockdev', '--flushbufs', disk.path]);
  await system.run(`read the partitions of ${disk.path} again`, ['blockdev', '--rereadpt', disk.path]);
}
