/** The listening part of the image's API: https with a certificate of its own, plain http only where asked for. */
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import { answerApi, type ApiActions, type ApiReply } from './foreman-routes.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined for plain http. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  readonly actions: ApiActions;
  readonly allows: (remote: string | undefined) => boolean;
  /** Called for each request of somebody who may not. */
  readonly onStranger: (remote: string) => void;
  readonly onRequest: (what: string, status: number) => void;
  /** Carries an order out, after its answer is on its way. */
  readonly onOrder: (order: 'reboot' | 'kexec') => void;
}

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** An order is a few URLs and a kernel line. */
const LARGEST_BODY = 64 * 1024;
const STRANGERS_AT_ONCE = 4;

/** Opens one listener. Rejects when the port cannot be had. */
export async function listenForOrders(options: ListenOptions): Promise<Listening> {
  const { host, tls } = options;
  const listener: RequestListener = (request, response) => void serve(request, response, options);
  const server: Server =
    tls === undefined
      ? createHttp(listener)
      : createHttps({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: 5000 }, listener);
  keepRoom(server, options.allows);
  server.requestTimeout = 10_000;
  server.headersTimeout = 5000;
  server.keepAliveTimeout = 1000;
  server.maxConnections = 16;
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: options.port, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A few strangers get an answer; more of them are cut at once, so that they cannot take the places of the server. */
function keepRoom(server: Server, allows: ListenOptions['allows']): void {
  let strangers = 0;
  server.on('connection', (socket: Socket) => {
    if (allows(socket.remoteAddress)) return;
    if (strangers >= STRANGERS_AT_ONCE) return void socket.destroy();
    strangers++;
    socket.once('close', () => strangers--);
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ListenOptions): Promise<void> {
  const remote = request.socket.remoteAddress;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const method = request.method ?? '';
  const what = `${method} ${path.slice(0, 100)} from ${remote ?? 'nobody'}`;
  if (!options.allows(remote)) {
    options.onStranger(remote ?? 'nobody');
    const message = `${remote ?? 'you'} may not give orders here; razor.api_allow= on the node's kernel line lists who may besides the server`;
    return send(response, { status: 403, value: { message } }, method);
  }
  const body = await readBody(request);
  const reply: ApiReply =
    body === undefined
      ? { status: 413, value: { message: `an order has at most ${LARGEST_BODY} bytes` } }
      : await answerApi({ method, path, body }, options.actions);
  const { after } = reply;
  options.onRequest(what, reply.status);
  // also when the peer has gone: it was answered with yes, or would have been
  if (after !== undefined) response.once('close', () => options.onOrder(after));
  send(response, reply, method);
}

function send(response: ServerResponse, reply: ApiReply, method: string): void {
  const text = JSON.stringify(reply.value);
  response.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
    ...(reply.retryAfterS === undefined ? {} : { 'retry-after': String(reply.retryAfterS) }),
  });
  response.end(method === 'HEAD' ? undefined : text);
}

/** Undefined for one that is too long; the rest of it is not read. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LARGEST_BODY) chunks.push(chunk);
      else {
        request.pause();
        resolve(undefined);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', () => resolve(undefined));
  });
}
