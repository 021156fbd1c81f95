/**
 * An Ironic conductor of 2014 to 2016, as far as its deploy ramdisk sees it: pass_deploy_info is validated at once and
 * answered 202; then the disk is logged in to, the image is written, and `done` goes to port 10000. The initiator is
 * qemu-img with its iSCSI driver, in user space.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { connect } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import { createDoor, listen } from '../doors.ts';
import type { LabEvents } from '../events.ts';
import { createExchanges } from '../exchanges.ts';
import { isRecord } from '../hostile.ts';
import { sendJson } from '../replies.ts';
import { writeImage } from './write-image.ts';

export type IronicState = 'deploy wait' | 'deploying' | 'active' | 'deploy failed';

export interface IronicNodeOptions {
  readonly uuid: string;
  /** What the ramdisk must give as its key. */
  readonly key: string;
  /** Raw image that is written to the disk. */
  readonly image: string;
  /** Two rounds: the ramdisk installs a boot loader after the image. */
  readonly bootOption: 'netboot' | 'local';
  /** CHAP that the ramdisk's target asks for, `USER:PASSWORD`. */
  readonly chap?: string;
}

export interface IronicNode extends IronicNodeOptions {
  readonly state: IronicState;
  readonly lastError: string | undefined;
}

export interface ConductorOptions {
  readonly host: string;
  /** 6385 in the field; 0 takes a free one. */
  readonly port: number;
  readonly nodes: readonly IronicNodeOptions[];
  readonly events: LabEvents;
  readonly clock: Clock;
  /** The conductor's pauses before and after it writes; 3,000 ms in the original. */
  readonly pauseMs?: number;
  readonly donePort?: number;
}

export interface Conductor {
  readonly url: string;
  nodes(): readonly IronicNode[];
  close(): Promise<void>;
}

const ROUTES = ['/nodes/:uuid/vendor_passthru/:method', '/v1/nodes/:uuid/vendor_passthru/:method'];
const METHODS: Readonly<Record<string, readonly string[]>> = {
  pass_deploy_info: ['address', 'iqn'],
  pass_bootloader_install_info: ['address', 'status'],
};

interface Running extends IronicNodeOptions {
  state: IronicState;
  lastError: string | undefined;
  /** The image is written and the boot loader is waited for. */
  written: boolean;
  busy: boolean;
}

/** Starts it. Throws RAZOR_MK_LAB_LISTEN. */
export async function startConductor(options: ConductorOptions): Promise<Conductor> {
  const { events } = options;
  const nodes = new Map<string, Running>(
    options.nodes.map((node) => [
      node.uuid,
      { ...node, state: 'deploy wait', lastError: undefined, written: false, busy: false },
    ]),
  );
  const app = createDoor({
    name: 'nodes',
    bodyLimit: 1024 * 1024,
    events,
    exchanges: createExchanges(),
    wall: () => options.clock.wall().getTime(),
  });
  const stop = new AbortController();
  const work = new Set<Promise<void>>();
  for (const url of ROUTES) app.post(url, (request, reply) => answer(request.params, request.body, reply));
  addListing(app, nodes);

  async function answer(params: unknown, body: unknown, reply: FastifyReply): Promise<FastifyReply> {
    const { uuid = '', method = '' } = params as { uuid?: string; method?: string };
    const node = nodes.get(uuid);
    if (!node) return fault(reply, 404, `Node ${uuid} could not be found.`);
    const wanted = METHODS[method];
    if (!wanted) return fault(reply, 400, `No handler for method ${method}`);
    const fields = parse(body);
    if (!fields) return fault(reply, 400, 'Invalid JSON in the request body');
    if (fields['key'] !== node.key) return fault(reply, 400, 'Deploy key does not match');
    const missing = wanted.filter((name) => typeof fields[name] !== 'string');
    if (missing.length > 0) {
      const list = missing.map((name) => `'${name}'`).join(', ');
      return fault(reply, 400, `Parameters [${list}] were not passed to ironic for deploy.`);
    }
    if (node.busy)
      return fault(
        reply,
        409,
        `Node ${uuid} is locked by host lab, please retry after the current operation is completed.`,
      );
    const task = (method === 'pass_deploy_info' ? deployNode(node, fields) : finishNode(node, fields)).finally(() =>
      work.delete(task),
    );
    work.add(task);
    return sendJson(reply, 202, '');
  }

  const say = (node: Running, message: string): void => {
    events.emit({
      type: 'state',
      message: `ironic ${node.uuid}: ${message}`,
      details: { ironic: node.uuid, state: node.state },
    });
  };
  const fail = (node: Running, why: string): void => {
    node.state = 'deploy failed';
    node.lastError = why;
    say(node, `deploy failed, power off: ${why}`);
  };

  async function deployNode(node: Running, fields: Record<string, unknown>): Promise<void> {
    if (node.state !== 'deploy wait') return say(node, `pass_deploy_info in state ${node.state} is ignored`);
    node.state = 'deploying';
    node.busy = true;
    try {
      const error = textOf(fields['error']);
      if (error !== '') return fail(node, `the ramdisk says: ${error}`);
      const address = textOf(fields['address']);
      say(node, `${node.image} is written to ${address}`);
      const port = textOf(fields['port']) || '3260';
      const lun = textOf(fields['lun']) || '1';
      const written = await writeImage({
        image: node.image,
        address,
        port,
        iqn: textOf(fields['iqn']),
        lun,
        chap: node.chap,
        signal: stop.signal,
      });
      say(node, `the image is written in ${(written / 1000).toFixed(1)} s`);
      await options.clock.sleep(options.pauseMs ?? 3000, stop.signal);
      node.written = true;
      if (node.bootOption === 'local') node.state = 'deploy wait';
      await sendDone(address, options.donePort ?? 10_000);
      if (node.bootOption === 'netboot') node.state = 'active';
      say(
        node,
        node.bootOption === 'netboot' ? '"done" is sent; active' : '"done" is sent; the boot loader comes next',
      );
    } catch (error) {
      if (!stop.signal.aborted) fail(node, messageOf(error));
    } finally {
      node.busy = false;
    }
  }

  async function finishNode(node: Running, fields: Record<string, unknown>): Promise<void> {
    if (!node.written) return say(node, 'boot loader information without an image is ignored');
    if (fields['status'] !== 'SUCCEEDED') return fail(node, `boot loader: ${textOf(fields['error'])}`);
    try {
      await sendDone(textOf(fields['address']), options.donePort ?? 10_000);
      node.state = 'active';
      say(node, 'the boot loader is installed; second "done" is sent; active');
    } catch (error) {
      fail(node, messageOf(error));
    }
  }

  const port = await listen(app, options.host, options.port);
  return {
    url: `http://${options.host}:${port}`,
    nodes: () => [...nodes.values()].map(({ busy: _busy, written: _written, ...node }) => node),
    async close() {
      stop.abort(new Error('the conductor is closed'));
      await app.close();
      await Promise.allSettled(work);
    },
  };
}

function addListing(app: FastifyInstance, nodes: ReadonlyMap<string, Running>): void {
  app.get('/v1/nodes', (_request, reply) =>
    sendJson(reply, 200, {
      nodes: [...nodes.values()].map((node) => ({
        uuid: node.uuid,
        provision_state: node.state,
        last_error: node.lastError ?? null,
      })),
    }),
  );
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
