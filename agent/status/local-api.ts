/**
 * What other programs on this node may ask: the status socket (mode 0600) and, on 127.0.0.1:2156, health, metrics and the
 * original's config push. Plain node:http: fastify would cost 64 ms and 3 MiB at the start.
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import type { PushedMap, PushRefusal } from '../config/pushed.ts';
import type { Settings } from '../config/settings.ts';
import { renderMetrics } from './metrics.ts';
import { peerUid } from './peer-uid.ts';
import { BodyError, readPushBody } from './push-body.ts';
import type { StatusSnapshot } from './snapshot.ts';

interface LocalApiOptions {
  readonly snapshot: () => StatusSnapshot;
  /** Takes a pushed map over; the changes tell which of the original's two answers is given. */
  readonly offerConfig: (map: PushedMap) => { readonly changed: boolean; readonly refused: readonly PushRefusal[] };
  /** Who may push: root and the agent's own user, or anyone on this machine, as in the original. */
  readonly pushFrom: () => Settings['localPush'];
  /** The status socket's path. */
  readonly socketPath: string;
  /** 2156; 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
}

export interface LocalApi {
  /** The port in use, undefined when it could not be had. */
  readonly port: number | undefined;
  readonly socketPath: string | undefined;
  close(): Promise<void>;
}

/** Name of the status socket in the state directory. */
export const SOCKET_NAME = 'razor-mk.sock';

/** Starts both. Never throws: an agent without its local interface is still an agent. */
export async function openLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const web = server((request, response) => route(request, response, options));
  const local = server((request, response) => {
    if (request.method === 'GET' && request.url === '/status') return json(response, 200, options.snapshot());
    answer(response, 404, 'there is only GET /status here\n');
  });
  const port = await attempt(`127.0.0.1:${options.port}`, options.log, async () => {
    await listen(web, () => web.listen({ host: '127.0.0.1', port: options.port, exclusive: true }));
    return (web.address() as AddressInfo).port;
  });
  const socketPath = await attempt(options.socketPath, options.log, async () => {
    await removeStaleSocket(options.socketPath);
    const before = process.umask(0o177); // the socket is never open to others, not even for a moment
    try {
      await listen(local, () => local.listen(options.socketPath));
    } finally {
      process.umask(before);
    }
    chmodSync(options.socketPath, 0o600);
    return options.socketPath;
  });
  return {
    port,
    socketPath,
    async close() {
      await Promise.all(
        [web, local].map(
          (one) =>
            new Promise<void>((resolve) => {
              one.close(() => resolve());
              one.closeAllConnections();
            }),
        ),
      );
      if (socketPath !== undefined) rmSync(socketPath, { force: true });
    },
  };
}

function server(handler: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>): Server {
  const made = createServer((request, response) => {
    void Promise.resolve(handler(request, response)).catch((error: unknown) => {
      if (!response.headersSent)
        answer(response, error instanceof BodyError ? error.status : 500, `${messageOf(error)}\n`);
      else response.destroy();
    });
  });
  made.requestTimeout = 10_000;
  made.headersTimeout = 5000;
  made.maxConnections = 32;
  made.unref(); // the agent does not live for its status page
  return made;
}

async function route(request: IncomingMessage, response: ServerResponse, options: LocalApiOptions): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  const get = request.method === 'GET' || request.method === 'HEAD';
  if (get && path === '/healthz') {
    const { healthy, state } = options.snapshot();
    return answer(response, healthy ? 200 : 503, `${healthy ? 'ok' : 'stalled'}: ${state}\n`);
  }
  if (get && path === '/metrics')
    return answer(response, 200, renderMetrics(options.snapshot()), 'text/plain; version=0.0.4; charset=utf-8');
  if (path !== '/setMkConfig') return answer(response, 404, 'not found\n');
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST');
    return answer(response, 405, 'POST a configuration here\n');
  }
  const reason = pushRefusal(request, options.pushFrom());
  if (reason !== undefined) {
    options.log.warn(`a push of configuration was refused: ${reason}`);
    return answer(response, 403, `${reason}\n`);
  }
  const map = await readPushBody(request);
  const { changed, refused } = options.offerConfig(map);
  const notes = refused.map(({ key, reason }) => `${key} is refused: it ${reason}`);
  if (changed) {
    // the original's words; nothing is restarted here
    return answer(response, 200, ['New configuration saved, Microkernel Controller restarted', ...notes].join('\n'));
  }
  if (refused.length > 0) return json(response, 400, { json_received: map, message: 'Configuration refused', refused });
  json(response, 200, { json_received: map, message: 'Configuration unchanged; no update' });
}

/** Why a push is not taken from this caller, or undefined. */
function pushRefusal({ headers, socket }: IncomingMessage, from: Settings['localPush']): string | undefined {
  // a web page in a browser on this machine must not be able to reconfigure it
  if (headers.origin !== undefined || !/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(headers.host ?? 'localhost'))
    return 'only programs of this machine may push a configuration';
  if (from === 'anyone') return undefined;
  const uid = peerUid({ peerPort: socket.remotePort ?? 0, ownPort: socket.localPort ?? 0 });
  if (uid === 0 || (uid !== undefined && uid === process.getuid?.())) return undefined;
  const who = uid === undefined ? 'a user that the kernel does not name' : `user ${uid}`;
  return `only root may push a configuration, and ${who} asks (razor.local_push=anyone allows it, as in the original)`;
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response
    .writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), connection: 'close' })
    .end(text);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  answer(response, status, JSON.stringify(value), 'application/json');
}

async function listen(made: Server, start: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    made.once('error', reject);
    made.once('listening', () => {
      made.off('error', reject);
      resolve();
    });
    start();
  });
}

async function attempt<T>(what: string, log: Log, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    log.warn(`the local interface ${what} is not there: ${messageOf(error)}`);
    return undefined;
  }
}

/** Removes a socket that nobody listens on. Throws when somebody does, or when it is no socket. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error('there is something else of that name');
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (alive) throw new Error('another agent answers there');
  rmSync(path);
}
