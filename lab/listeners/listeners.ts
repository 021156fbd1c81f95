/** Listening: one fastify instance a listener, with limits on size and time. */
import Fastify, { type FastifyInstance, type FastifyServerFactory } from 'fastify';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { LabEvents } from '../lab-events.ts';
import type { AddressLimit } from './address-limit.ts';
import { BODY_KEPT, type RecordedExchange, type Exchanges } from './exchange-log.ts';
import { isBootLoader, spellForLoader } from './loader-replies.ts';
import { sendJson } from './replies.ts';

/** One listener. */
export interface ListenerOptions {
  readonly name: RecordedExchange['listener'];
  readonly bodyLimit: number;
  readonly events: LabEvents;
  readonly exchanges: Exchanges;
  readonly wall: () => number;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Answers a request before the framework sees it and returns true; the framework gets the others. Not with `tls`. */
  readonly fastPath?: FastPath | undefined;
  /** Looked at first. Not with `tls`. */
  readonly limit?: AddressLimit | undefined;
  /** The lab is about to end: each reply is the last of its connection. */
  readonly draining?: (() => boolean) | undefined;
}

/** Answers a request and returns true, or leaves it and returns false. */
export type FastPath = (request: IncomingMessage, reply: ServerResponse) => boolean;

const TIMES = { requestTimeout: 60_000, connectionTimeout: 120_000, keepAliveTimeout: 75_000 } as const;

/** A listener: bodies come as buffers whatever their type, errors leave as JSON without a stack. */
export function createListener(options: ListenerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: options.bodyLimit,
    ...TIMES,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 2000 },
    ...(options.tls && { https: { cert: options.tls.cert, key: options.tls.key } }),
    ...(!options.tls && { serverFactory: serverWith(options) }),
  }) as unknown as FastifyInstance;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    if (error instanceof RazorMkError && error.code === 'RAZOR_MK_LAB_DB_AWAY') {
      return sendJson(reply.header('retry-after', '5'), 503, { error: `${error.message}. ${error.remedy}` });
    }
    const status = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500;
    if (status >= 500) {
      options.events.emit({
        type: 'failed',
        message: `${request.method} ${(request.raw.url ?? '').slice(0, 120)} failed: ${messageOf(error)}`,
      });
    }
    return sendJson(reply, status, {
      error: status >= 500 ? 'internal error; see the log of the lab' : messageOf(error),
    });
  });
  app.setNotFoundHandler((request, reply) => sendJson(reply, 404, { error: `nothing here: ${request.method}` }));
  // people look at what nodes do: their own looking would only push that out of the ring
  if (options.name === 'people') return app;
  app.addHook('onSend', (request, reply, payload, done) => {
    const { method, headers } = request;
    const facts = {
      at: options.wall(),
      listener: options.name,
      from: request.socket.remoteAddress ?? '',
      method,
      url: (request.raw.url ?? '').slice(0, 8192),
      requestHeaders: headers,
      status: reply.statusCode,
      replyHeaders: reply.getHeaders(),
      durationMs: reply.elapsedTime,
    };
    const requestBody = keptOf(request.body);
    const replyBody = keptOf(payload);
    options.exchanges.add(() => ({ ...facts, requestBody: String(requestBody), replyBody: String(replyBody) }));
    done();
  });
  return app;
}

/** The server that fastify would make, with the fast path in front of it, and replies that boot loaders read. */
function serverWith({ fastPath, limit, draining }: ListenerOptions): FastifyServerFactory {
  return (handler) => {
    const { keepAliveTimeout, requestTimeout, connectionTimeout } = TIMES;
    const server = createServer({ keepAliveTimeout, requestTimeout }, (request, reply) => {
      if (draining?.() === true) reply.shouldKeepAlive = false;
      if (limit?.(request, reply) === true) return;
      if (isBootLoader(request)) spellForLoader(request, reply);
      try {
        if (fastPath?.(request, reply) === true) return;
      } catch {
        if (reply.headersSent) return void reply.destroy();
        // the framework meets the same error and reports it
      }
      handler(request, reply);
    });
    server.setTimeout(connectionTimeout);
    return server;
  };
}

/** What is kept of a body: the start of a long one, without the rest of its memory. */
function keptOf(body: unknown): string | Buffer {
  if (typeof body === 'string') return body.slice(0, BODY_KEPT);
  if (!Buffer.isBuffer(body)) return '';
  return body.length <= BODY_KEPT ? body : Buffer.from(body.subarray(0, BODY_KEPT));
}

/** Why an address cannot be listened on, where the system says more than that. */
const LISTEN_FAILURES: Readonly<Record<string, { readonly why: string; readonly remedy?: string }>> = {
  EADDRINUSE: { why: 'the port is in use' },
  EADDRNOTAVAIL: {
    why: 'no interface of this machine has the address',
    remedy: 'Give an address that `ip addr` shows here, or 0.0.0.0 for all of them.',
  },
  EACCES: {
    why: 'this user may not',
    remedy: 'Ports below 1024 are for root: choose another port, or start the lab as root.',
  },
};

/** Listens and gives the port. Throws RAZOR_MK_LAB_LISTEN. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { why, ...remedy } = LISTEN_FAILURES[errnoOf(error) ?? ''] ?? { why: messageOf(error) };
    throw new RazorMkError('RAZOR_MK_LAB_LISTEN', `cannot listen on ${host} port ${port}: ${why}`, {
      cause: error,
      ...remedy,
    });
  }
  return (app.server.address() as AddressInfo).port;
}
