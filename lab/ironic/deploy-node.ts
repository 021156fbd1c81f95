/** One deployment as the conductor carries it out: write the image through the exported disk, then send `done`. */
import { connect } from 'node:net';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { IronicBoard, IronicNode } from './board.ts';
import { discoverTarget, writeImage } from './write-image.ts';

const NO_IMAGE =
  'no image is set for it: start the lab with --ironic-image FILE, or with --ironic-node UUID=KEY,IMAGE for this one';

/** What is under way with a node. */
export interface DeployWork {
  /** The image is written and the boot loader is waited for. */
  written: boolean;
  busy: boolean;
}

/** What a deployment works on. */
interface ConductorContext {
  readonly board: IronicBoard;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pauseMs?: number;
  readonly donePort?: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** pass_deploy_info: the disk is exported. Failures are the node's state. */
export async function deployNode(
  context: ConductorContext,
  node: IronicNode,
  work: DeployWork,
  fields: Fields,
): Promise<void> {
  const { board, signal } = context;
  const again = node.adopted && (node.state === 'deploy failed' || node.state === 'active');
  if (node.state !== 'deploy wait' && !again) {
    return board.change(node.uuid, {}, `pass_deploy_info in state ${node.state} is ignored`);
  }
  work.busy = true;
  try {
    await writeAndRelease(context, node, work, fields);
  } catch (error) {
    if (!signal.aborted) fail(context, node, messageOf(error));
  } finally {
    work.busy = false;
  }
}

async function writeAndRelease(
  context: ConductorContext,
  node: IronicNode,
  work: DeployWork,
  fields: Fields,
): Promise<void> {
  const { board, clock, signal } = context;
  const { uuid, image } = node;
  const error = textOf(fields['error']);
  const address = textOf(fields['address']);
  board.change(uuid, { state: 'deploying', lastError: undefined, address, progress: undefined });
  if (error !== '') return fail(context, node, `the ramdisk says: ${error}`);
  if (image === undefined) return fail(context, node, NO_IMAGE);
  board.change(uuid, { progress: 0 }, `${image} is written to ${address}`);
  const write = {
    image,
    address,
    chap: node.chap,
    signal,
    iqn: textOf(fields['iqn']),
    port: textOf(fields['port']) || '3260',
    lun: textOf(fields['lun']) || '1',
    onProgress: (share: number) => reportProgress(board, node, share),
  };
  if (await discoverTarget({ ...write, clock })) {
    board.change(uuid, {}, `${write.iqn} is found on ${address}:${write.port}`);
  }
  const durationMs = await writeImage(write);
  board.change(uuid, { progress: 1 }, `the image is written in ${(durationMs / 1000).toFixed(1)} s`);
  await clock.sleep(context.pauseMs ?? 3000, signal);
  work.written = true;
  if (node.bootOption === 'local') board.change(uuid, { state: 'deploy wait' });
  await sendDone(address, context.donePort ?? 10_000);
  if (node.bootOption === 'netboot') board.change(uuid, { state: 'active' }, '"done" is sent; active');
  else board.change(uuid, {}, '"done" is sent; the boot loader comes next');
}

/** pass_bootloader_install_info: the boot loader is installed, or not. */
export async function finishNode(
  context: ConductorContext,
  node: IronicNode,
  work: DeployWork,
  fields: Fields,
): Promise<void> {
  const { board } = context;
  const { uuid } = node;
  if (!work.written) return board.change(uuid, {}, 'boot loader information without an image is ignored');
  if (fields['status'] !== 'SUCCEEDED') return fail(context, node, `boot loader: ${textOf(fields['error'])}`);
  try {
    await sendDone(textOf(fields['address']), context.donePort ?? 10_000);
    board.change(uuid, { state: 'active' }, 'the boot loader is installed; second "done" is sent; active');
  } catch (error) {
    fail(context, node, messageOf(error));
  }
}

function fail({ board }: ConductorContext, { uuid }: IronicNode, why: string): void {
  board.change(uuid, { state: 'deploy failed', lastError: why }, `deploy failed, power off: ${why}`);
}

/** Every tenth of the image is a line of the log. */
function reportProgress(board: IronicBoard, node: IronicNode, share: number): void {
  const before = Math.floor((node.progress ?? 0) * 10);
  const now = Math.floor(share * 10);
  const text = now > before && now < 10 ? `${now * 10} % of the image are written` : undefined;
  board.change(node.uuid, { progress: share }, text);
}

/** A text or number of a request, as text; empty for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Four bytes, no newline, close. */
function sendDone(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => socket.end('done'));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`${host}:${port} does not answer`)));
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}
