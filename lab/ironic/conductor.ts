/**
 * An Ironic conductor of 2014 to 2016, as far as its deploy ramdisk sees it: pass_deploy_info is validated at once and
 * answered 202; then the disk is logged in to, the image is written, and `done` goes to port 10000. The initiator is
 * qemu-img with its iSCSI driver, in user space.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { connect } from 'node:net';
import type { Clock } from '../../platform/time/clock.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import { createListener, listen } from '../listeners/listeners.ts';
import type { LabEvents } from '../lab-events.ts';
import { createExchanges, type Exchanges } from '../listeners/exchange-log.ts';
import { isRecord } from '../listeners/request-body.ts';
import { sendJson } from '../listeners/replies.ts';
import { createIronicBoard, MOST_ADOPTED, type IronicBoard, type IronicNode, type IronicNodeOptions } from './board.ts';
import { withoutSecrets } from './hidden.ts';
import { discoverTarget, writeImage } from './write-image.ts';

export type { IronicNode, IronicNodeOptions, IronicState } from './board.ts';

export interface ConductorOptions {
  readonly host: string;
  /** 6385 in the field; 0 takes a free one. */
  readonly port: number;
  readonly nodes: readonly IronicNodeOptions[];
  /** Nodes that were not named may call too, with whatever key; the image that is written to them, if there is one. */
  readonly anyNode?: { readonly image: string | undefined };
  readonly events: LabEvents;
  readonly clock: Clock;
  /** Where its requests are shown; nowhere by default. */
  readonly exchanges?: Exchanges;
  /** The conductor's pauses before and after it writes; 3,000 ms in the original. */
  readonly pauseMs?: number;
  readonly donePort?: number;
}

export interface Conductor {
  readonly url: string;
  readonly board: IronicBoard;
  nodes(): readonly IronicNode[];
  close(): Promise<void>;
}

const ROUTES = ['/nodes/:uuid/vendor_passthru/:method', '/v1/nodes/:uuid/vendor_passthru/:method'];
const METHODS: Readonly<Record<string, readonly string[]>> = {
  pass_deploy_info: ['address', 'iqn'],
  pass_bootloader_install_info: ['address', 'status'],
};
const UUID = /^[\w-]{1,64}$/;
const NO_IMAGE =
  'there is no image for it: start the lab with --ironic-image FILE, or with --ironic-node UUID=KEY,IMAGE for this one';

/** What is under way with a node. */
interface Work {
  /** The image is written and the boot loader is waited for. */
  written: boolean;
  busy: boolean;
}

/** Starts it. Throws RAZOR_MK_LAB_LISTEN. */
export async function startConductor(options: ConductorOptions): Promise<Conductor> {
  const { events } = options;
  const wall = (): number => options.clock.wall().getTime();
  const board = createIronicBoard(events, wall);
  const works = new Map<string, Work>();
  const add = (node: IronicNodeOptions, adopted: boolean): void => {
    board.add(node, adopted);
    works.set(node.uuid, { written: false, busy: false });
  };
  for (const node of options.nodes) add(node, false);
  const app = createListener({
    name: 'ironic',
    bodyLimit: 1024 * 1024,
    events,
    exchanges: withoutSecrets(options.exchanges ?? createExchanges(), () =>
      board.list().flatMap(({ key, token = '', chap = '' }) => [key, token, chap]),
    ),
    wall,
  });
  const stop = new AbortController();
  const tasks = new Set<Promise<void>>();
  for (const url of ROUTES) app.post(url, (request, reply) => answer(request, reply));
  addListing(app, board);

  /** A node that nobody named is taken in when any may call. */
  function known(uuid: string, fields: Record<string, unknown> | undefined): IronicNode | undefined {
    const node = board.get(uuid);
    if (node || !options.anyNode || !fields || !UUID.test(uuid)) return node;
    if (board.list().filter(({ adopted }) => adopted).length >= MOST_ADOPTED) return undefined;
    add({ uuid, key: textOf(fields['key']), image: options.anyNode.image, bootOption: 'netboot' }, true);
    board.change(uuid, {}, 'calls for the first time; nobody named it, any node may call');
    return board.get(uuid);
  }

  async function answer({ params, body, headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { uuid = '', method = '' } = params as { uuid?: string; method?: string };
    const wanted = METHODS[method];
    const fields = parse(body);
    const node = known(uuid, wanted && fields);
    const work = works.get(uuid);
    if (!node || !work) return fault(reply, 404, `Node ${uuid} could not be found.`);
    if (node.token !== undefined && headers['x-auth-token'] !== node.token)
      return fault(reply, 401, 'Authentication required');
    if (!wanted) return fault(reply, 400, `No handler for method ${method}`);
    if (!fields) return fault(reply, 400, 'Invalid JSON in the request body');
    if (textOf(fields['key']) !== node.key) {
      board.change(uuid, {}, `${method} is refused: its key is not the node's`);
      return fault(reply, 400, 'Deploy key does not match');
    }
    const missing = wanted.filter((name) => typeof fields[name] !== 'string');
    if (missing.length > 0) {
      const list = missing.map((name) => `'${name}'`).join(', ');
      board.change(uuid, {}, `${method} is refused: ${list} are missing`);
      return fault(reply, 400, `Parameters [${list}] were not passed to ironic for deploy.`);
    }
    if (work.busy) {
      const words = `Node ${uuid} is locked by host lab, please retry after the current operation is completed.`;
      return fault(reply, 409, words);
    }
    const doing = method === 'pass_deploy_info' ? deployNode(node, work, fields) : finishNode(node, work, fields);
    const task = doing.finally(() => tasks.delete(task));
    tasks.add(task);
    return sendJson(reply, 202, '');
  }

  const fail = (uuid: string, why: string): void =>
    board.change(uuid, { state: 'deploy failed', lastError: why }, `deploy failed, power off: ${why}`);

  async function deployNode(node: IronicNode, work: Work, fields: Record<string, unknown>): Promise<void> {
    const { uuid, image } = node;
    const again = node.adopted && (node.state === 'deploy failed' || node.state === 'active');
    if (node.state !== 'deploy wait' && !again) {
      return board.change(uuid, {}, `pass_deploy_info in state ${node.state} is ignored`);
    }
    work.busy = true;
    try {
      const error = textOf(fields['error']);
      const address = textOf(fields['address']);
      board.change(uuid, { state: 'deploying', lastError: undefined, address, progress: undefined });
      if (error !== '') return fail(uuid, `the ramdisk says: ${error}`);
      if (image === undefined) return fail(uuid, NO_IMAGE);
      board.change(uuid, { progress: 0 }, `${image} is written to ${address}`);
      const write = {
        ...{ image, address, chap: node.chap, signal: stop.signal, iqn: textOf(fields['iqn']) },
        port: textOf(fields['port']) || '3260',
        lun: textOf(fields['lun']) || '1',
        onProgress: (share: number) => progressed(node, share),
      };
      if (await discoverTarget({ ...write, clock: options.clock }))
        board.change(uuid, {}, `${write.iqn} is found on ${address}:${write.port}`);
      const took = await writeImage(write);
      board.change(uuid, { progress: 1 }, `the image is written in ${(took / 1000).toFixed(1)} s`);
      await options.clock.sleep(options.pauseMs ?? 3000, stop.signal);
      work.written = true;
      if (node.bootOption === 'local') board.change(uuid, { state: 'deploy wait' });
      await sendDone(address, options.donePort ?? 10_000);
      if (node.bootOption === 'netboot') board.change(uuid, { state: 'active' }, '"done" is sent; active');
      else board.change(uuid, {}, '"done" is sent; the boot loader comes next');
    } catch (error) {
      if (!stop.signal.aborted) fail(uuid, messageOf(error));
    } finally {
      work.busy = false;
    }
  }

  /** Every tenth of the image is a line of the log. */
  function progressed(node: IronicNode, share: number): void {
    const before = Math.floor((node.progress ?? 0) * 10);
    const now = Math.floor(share * 10);
    const words = now > before && now < 10 ? `${now * 10} % of the image are written` : undefined;
    board.change(node.uuid, { progress: share }, words);
  }

  async function finishNode(node: IronicNode, work: Work, fields: Record<string, unknown>): Promise<void> {
    const { uuid } = node;
    if (!work.written) return board.change(uuid, {}, 'boot loader information without an image is ignored');
    if (fields['status'] !== 'SUCCEEDED') return fail(uuid, `boot loader: ${textOf(fields['error'])}`);
    try {
      await sendDone(textOf(fields['address']), options.donePort ?? 10_000);
      board.change(uuid, { state: 'active' }, 'the boot loader is installed; second "done" is sent; active');
    } catch (error) {
      fail(uuid, messageOf(error));
    }
  }

  const port = await listen(app, options.host, options.port);
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    board,
    nodes: () => board.list(),
    async close() {
      stop.abort(new Error('the conductor is closed'));
      await app.close();
      await Promise.allSettled(tasks);
    },
  };
}

function addListing(app: FastifyInstance, board: IronicBoard): void {
  const view = (node: IronicNode): unknown => ({
    uuid: node.uuid,
    provision_state: node.state,
    last_error: node.lastError ?? null,
  });
  app.get('/v1/nodes', (_request, reply) => sendJson(reply, 200, { nodes: board.list().map(view) }));
  app.get('/v1/nodes/:uuid', (request, reply) => {
    const { uuid } = request.params as { uuid: string };
    const node = board.get(uuid);
    return node ? sendJson(reply, 200, view(node)) : fault(reply, 404, `Node ${uuid} could not be found.`);
  });
}

function parse(body: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Ironic's error body: JSON inside a string inside JSON. */
function fault(reply: FastifyReply, status: number, text: string): FastifyReply {
  const inner = JSON.stringify({ debuginfo: null, faultcode: status < 500 ? 'Client' : 'Server', faultstring: text });
  return sendJson(reply, status, { error_message: inner });
}

function textOf(value: unknown): string {
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
