/**
 * An Ironic conductor of 2014 to 2016, as far as its deploy ramdisk sees it
 * (docs/contracts/ironic-2014.md#the-conductor): pass_deploy_info is validated at once and answered 202; then the disk
 * is logged in to, the image is written, and `done` goes to port 10000. The initiator is qemu-img with its iSCSI
 * driver, in user space.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/time/clock.ts';
import { createListener, listen } from '../listeners/listeners.ts';
import type { LabEvents } from '../lab-events.ts';
import { createExchanges, type Exchanges } from '../listeners/exchange-log.ts';
import { isRecord } from '../listeners/request-body.ts';
import { sendJson } from '../listeners/replies.ts';
import { createIronicBoard, MOST_ADOPTED, type IronicBoard, type IronicNode, type IronicNodeOptions } from './board.ts';
import { deployNode, finishNode, textOf, type DeployWork } from './deploy-node.ts';
import { withoutSecrets } from './hidden.ts';

interface ConductorOptions {
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

interface ConductorState {
  readonly options: ConductorOptions;
  readonly board: IronicBoard;
  /** By the UUIDs of the nodes. */
  readonly works: Map<string, DeployWork>;
  readonly tasks: Set<Promise<void>>;
  readonly stop: AbortController;
}

/** Starts it. Throws RAZOR_MK_LAB_LISTEN. */
export async function startConductor(options: ConductorOptions): Promise<Conductor> {
  const { events, clock } = options;
  const wall = (): number => clock.wall().getTime();
  const board = createIronicBoard(events, wall);
  const state: ConductorState = { options, board, works: new Map(), tasks: new Set(), stop: new AbortController() };
  for (const node of options.nodes) addNode(state, node, false);
  const secrets = (): string[] => board.list().flatMap(({ key, token = '', chap = '' }) => [key, token, chap]);
  const app = createListener({
    name: 'ironic',
    bodyLimit: 1024 * 1024,
    events,
    exchanges: withoutSecrets(options.exchanges ?? createExchanges(), secrets),
    wall,
  });
  for (const url of ROUTES) app.post(url, (request, reply) => answer(state, request, reply));
  addListing(app, board);
  const port = await listen(app, options.host, options.port);
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    board,
    nodes: () => board.list(),
    async close() {
      state.stop.abort(new Error('the conductor is closed'));
      await app.close();
      await Promise.allSettled(state.tasks);
    },
  };
}

function addNode({ board, works }: ConductorState, node: IronicNodeOptions, adopted: boolean): void {
  board.add(node, adopted);
  works.set(node.uuid, { written: false, busy: false });
}

/** The node of a call; one that nobody named is added when any may call. */
function nodeOf(
  state: ConductorState,
  uuid: string,
  fields: Record<string, unknown> | undefined,
): IronicNode | undefined {
  const { board, options } = state;
  const node = board.get(uuid);
  if (node || !options.anyNode || !fields || !UUID.test(uuid)) return node;
  if (board.list().filter(({ adopted }) => adopted).length >= MOST_ADOPTED) return undefined;
  addNode(state, { uuid, key: textOf(fields['key']), image: options.anyNode.image, bootOption: 'netboot' }, true);
  board.change(uuid, {}, 'calls for the first time; nobody named it, any node may call');
  return board.get(uuid);
}

/** In the order of the original's checks: node, token, method, body, key, parameters, lock. */
function answer(state: ConductorState, { params, body, headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { board, tasks } = state;
  const { uuid = '', method = '' } = params as { uuid?: string; method?: string };
  const wanted = METHODS[method];
  const fields = parse(body);
  const node = nodeOf(state, uuid, wanted && fields);
  const work = state.works.get(uuid);
  if (!node || !work) return fault(reply, 404, `Node ${uuid} could not be found.`);
  if (node.token !== undefined && headers['x-auth-token'] !== node.token) {
    return fault(reply, 401, 'Authentication required');
  }
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
    const locked = `Node ${uuid} is locked by host lab, please retry after the current operation is completed.`;
    return fault(reply, 409, locked);
  }
  const context = { ...state.options, board, signal: state.stop.signal };
  const running =
    method === 'pass_deploy_info' ? deployNode(context, node, work, fields) : finishNode(context, node, work, fields);
  const task = running.finally(() => tasks.delete(task));
  tasks.add(task);
  return sendJson(reply, 202, '');
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
