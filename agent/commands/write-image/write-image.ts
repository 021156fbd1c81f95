/**
 * Writes an image of a whole disk with cloud-init's data beside it, and restarts into it: Ironic's writer by a command of the lab
 * (docs/contracts/write-image.md). It takes the same permission as Ironic's, `allow_deploy`, which no server can give.
 */
import { createHash } from 'node:crypto';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { onlyDisk, smallestDisk, type DiskChoice } from '../../disks/choose-disk.ts';
import { listDisks as listDisksOfMachine, type Disk, type ListDisks } from '../../disks/disks.ts';
import { parseHintList } from '../../disks/hints.ts';
import type { FileClient } from '../../http/file-client.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { urlForPeople } from '../../http/http-failure.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { CommandHandler, CommandOutcome, CommandRequest } from '../command-handler.ts';
import { forceDown, prepareToLeave } from '../leave.ts';
import { openOrderReport, type OrderReport } from './order-report.ts';
import { readOrder, type WriteOrder } from './order.ts';

export interface WriteImageOptions {
  /** `allow_deploy`, as it is set on the machine's own side. */
  readonly allowed: () => boolean;
  /** A client for the image, its data and the reports: what belongs to the server alone stays at home. */
  readonly openFiles: () => Promise<HttpClient & FileClient>;
  /** The machine's by default. */
  readonly listDisks?: ListDisks | undefined;
}

/** For a registry that only plans. */
export const NO_WRITER: WriteImageOptions = {
  allowed: () => false,
  openFiles: () => Promise.reject(new Error('nothing is fetched here')),
};

/** The command `write_image`. */
export function createWriteImage(options: WriteImageOptions): CommandHandler {
  return {
    name: 'write_image',
    describe: 'Write an image over a disk, put cloud-init’s data beside it, and restart into it.',
    destructive: true,
    plan,
    run: (runtime, request) => carryOut(runtime, request, options),
  };
}

/**
 * Whether this agent carries the command out, as it is told to the server in the fact `razor_mk_write_image`: `on`, or `off` and
 * why.
 */
export function writeImageFact(allowed: boolean, writes: boolean): string {
  if (!allowed) return 'off: allow_deploy is not set on the node';
  return writes ? 'on' : 'off: the agent runs without --live';
}

function plan(param: unknown): readonly string[] {
  const { image, config_drive: drive, root_device: hints } = readOrder(param);
  return [
    `choose the disk: ${hints ?? 'the only one that fits'}`,
    `fetch ${urlForPeople(image.url)}, write it over that disk and check its ${image.hash}`,
    ...(drive === undefined ? [] : ['write cloud-init’s data beside it']),
    'save the facts',
    'flush file systems',
    'restart the machine',
  ];
}

async function carryOut(
  runtime: Runtime,
  request: CommandRequest,
  options: WriteImageOptions,
): Promise<CommandOutcome> {
  const order = readOrder(request.param);
  const report = openOrderReport(runtime, order, options.openFiles);
  try {
    // before the server is told that it begins
    if (!options.allowed()) throw new RazorMkError('RAZOR_MK_DEPLOY_OFF', 'this microkernel may not write images');
    await report.start();
    const said = await write(runtime, request, { order, report, ...options });
    await report.end(said);
  } catch (error) {
    runtime.signal.throwIfAborted();
    await report.error(messageOf(error));
    if (!(error instanceof RazorMkError)) throw error;
    // the server answered, so that the check-in itself has not failed
    throw new RazorMkError('RAZOR_MK_COMMAND', error.message, { cause: error, remedy: error.remedy });
  }
  await prepareToLeave(runtime, request, 'the machine restarts into the image');
  await runtime.system.reboot('the image is written');
  await forceDown(runtime, 'b');
  const { live } = runtime.system;
  return { summary: live ? 'the machine restarts into the image' : 'would restart the machine', leaving: true };
}

interface WriteJob extends WriteImageOptions {
  readonly order: WriteOrder;
  readonly report: OrderReport;
}

const DOWNLOAD_ATTEMPTS = 10;
const DOWNLOAD_PAUSE_MS = 10_000;

/** Resolves to what was done, in words. Throws RAZOR_MK_DEPLOY_IMAGE or RAZOR_MK_DEPLOY_DISK. */
async function write(runtime: Runtime, { store }: CommandRequest, job: WriteJob): Promise<string> {
  const { order, listDisks = listDisksOfMachine, openFiles } = job;
  const { image } = order;
  const { deployImage } = await import('../../disk-image/deploy-image.ts');
  const files = await openFiles();
  const { clock, log, system, signal } = runtime;
  const said = await deployImage({
    clock,
    log,
    system,
    signal,
    listDisks,
    allowed: true,
    imageInfo: {
      id: urlForPeople(image.url),
      urls: [image.url],
      disk_format: image.format,
      os_hash_algo: image.hash,
      os_hash_value: image.value,
    },
    configDrive: await configDrive(order, files, signal),
    chooseDisk: diskChooser(order),
    rules: { md5: false },
    fetch: { files, signal },
    attempts: DOWNLOAD_ATTEMPTS,
    pauseMs: DOWNLOAD_PAUSE_MS,
    stateDir: store.dir,
    progress: progressReporter(runtime, job.report),
  });
  const { makeBootEntry } = await import('../../disk-image/efi-boot.ts');
  const { readRecord } = await import('../../disk-image/record.ts');
  const boots = await makeBootEntry({ record: await readRecord(store.dir), system, place: 'after this boot' });
  log.info(boots);
  return `${said}; ${boots}`;
}

/** How the disk is chosen. Throws RAZOR_MK_DEPLOY_DISK for hints that cannot be read. */
function diskChooser({ root_device: wish, image: { size = 0 } }: WriteOrder): (disks: readonly Disk[]) => DiskChoice {
  const fitting = (disks: readonly Disk[]): Disk[] =>
    disks.map((disk) =>
      disk.refused === undefined && disk.sizeBytes < size
        ? { ...disk, refused: `it has ${disk.sizeBytes} bytes, and the image ${size}` }
        : disk,
    );
  if (wish === 'smallest') return (disks) => smallestDisk(fitting(disks));
  const hints = wish === undefined ? [] : parseHintList(wish);
  return (disks) => onlyDisk(fitting(disks), hints);
}

const LONGEST_DRIVE = 64 * 1024 * 1024;
/** base64 of a gzip, as Ironic hands a config drive over: not an address that is read once more. */
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** The volume as it came, whose checksum is right. */
async function configDrive(
  { config_drive: drive }: WriteOrder,
  files: FileClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (drive === undefined) return undefined;
  const { fetchBytes } = await import('../../disk-image/fetch.ts');
  const bytes = await fetchBytes(drive.url, LONGEST_DRIVE, { files, signal });
  const found = createHash('sha256').update(bytes).digest('hex');
  const text = bytes.toString('latin1');
  const isRight = found === drive.sha256;
  if (isRight && BASE64.test(text)) return text;
  const why = isRight
    ? 'cloud-init’s data is not base64'
    : `cloud-init’s data is not what was meant: its sha256 is ${found}, not ${drive.sha256}`;
  throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', `${why}; nothing was written`, {
    remedy: 'The model or its files were changed in between: let it be tried again.',
  });
}

const SHOWN_EVERY_MS = 5000;
const TOLD_EVERY_MS = 10_000;

/** For the console and status, and less often for the server. The watchdog hears of it too. */
function progressReporter({ clock, emit, log }: Runtime, report: OrderReport): (text: string) => void {
  let shown = -Infinity;
  let told = -Infinity;
  return (text) => {
    const now = clock.now();
    if (now - shown < SHOWN_EVERY_MS) return;
    shown = now;
    log.info(text);
    emit({ event: 'step', name: 'write_image', state: 'running', note: text });
    if (now - told < TOLD_EVERY_MS) return;
    told = now;
    report.progress(text);
  };
}
