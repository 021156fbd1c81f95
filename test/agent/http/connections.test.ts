/** Which connections are used again, and what happens when the server has given one up. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { resolveAgentSettings } from '../../../agent/config/resolve.ts';
import { createHttpClient, type HttpClient } from '../../../agent/http/http-client.ts';
import { openHttp } from '../../../agent/http/tls/trust.ts';
import { authority, issued } from '../../helpers/certificates.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

/** Answers to the requests of one connection, counted from 0: text, or what else is done with the socket. */
type Answer = string | ((socket: Socket) => void);

interface Scripted {
  readonly url: string;
  /** Connections that were made, and the request lines of each. */
  readonly connections: string[][];
}

const ok = (body = 'ok', headers = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`;

/** A server that answers the requests of its connections by a script: connection, then request. */
async function scripted(
  t: TestContext,
  answer: (connection: number, request: number) => Answer,
  tls?: { cert: string; key: string },
): Promise<Scripted> {
  const connections: string[][] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const [index, requests] = [connections.length, [] as string[]];
    connections.push(requests);
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      requests.push(text.slice(0, text.indexOf(' HTTP/')));
      text = '';
      const next = answer(index, requests.length - 1);
      if (typeof next === 'string') socket.write(next);
      else next(socket);
    });
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    connections,
  };
}

/** A question, its answer's body, and a moment in which the connection goes back to those that are free. */
async function ask(http: HttpClient, url: string, method: 'GET' | 'POST' = 'GET'): Promise<string> {
  const { body } = await http.request({ method, url, timeoutMs: 5000, ...(method === 'POST' ? { body: 'x=1' } : {}) });
  await new Promise((resolve) => setTimeout(resolve, 10));
  return body.toString();
}

test('questions share a connection; what changes something on the server has one of its own', async (t) => {
  const server = await scripted(t, () => ok());
  const http = createHttpClient();
  for (const method of ['GET', 'GET', 'POST', 'GET', 'POST'] as const) await ask(http, server.url, method);
  assert.deepEqual(server.connections, [['GET /', 'GET /', 'GET /'], ['POST /'], ['POST /']]);
});

test('a question on a kept connection that the server cuts is asked again on a new one, once', async (t) => {
  const server = await scripted(t, (connection, request) => {
    if (request === 0 && connection !== 1) return ok(`connection ${connection}`);
    return (socket) => void socket.resetAndDestroy();
  });
  const http = createHttpClient();
  assert.equal(await ask(http, server.url), 'connection 0');
  await assert.rejects(ask(http, server.url), { code: 'RAZOR_MK_HTTP', message: /cut before the answer was whole/ });
  assert.deepEqual(server.connections, [['GET /', 'GET /'], ['GET /']]);
  assert.equal(await ask(http, server.url), 'connection 2');
});

test('the answer on the new connection counts', async (t) => {
  const server = await scripted(t, (connection, request) =>
    request === 0 ? ok(`connection ${connection}`) : (socket) => void socket.end(),
  );
  const http = createHttpClient();
  assert.equal(await ask(http, server.url), 'connection 0');
  assert.equal(await ask(http, server.url), 'connection 1');
});

test('a reply that has begun is not asked for again, and neither is anything on a new connection', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf';
  const server = await scripted(t, (connection, request) => (socket) => {
    if (connection === 0 && request === 0) socket.write(ok());
    else socket.write(half, () => setTimeout(() => socket.destroy(), 20));
  });
  const http = createHttpClient();
  await ask(http, server.url);
  await assert.rejects(ask(http, server.url), { code: 'RAZOR_MK_HTTP' });
  await assert.rejects(ask(http, server.url), { code: 'RAZOR_MK_HTTP' });
  assert.deepEqual(server.connections, [['GET /', 'GET /'], ['GET /']]);
});

test('a connection is not kept longer than the server says', async (t) => {
  const server = await scripted(t, () => ok('ok', 'connection: keep-alive\r\nkeep-alive: timeout=1\r\n'));
  const http = createHttpClient();
  await ask(http, server.url);
  await ask(http, server.url);
  assert.equal(server.connections.length, 2);
});

test('bytes after the end of a reply are never the answer to the next question', async (t) => {
  for (const pause of [undefined, 0, 5]) {
    const closed = Promise.withResolvers<void>();
    const server = await scripted(t, (connection) => (socket) => {
      const extra = connection === 0 ? ok('an answer that nobody asked for') : '';
      socket.once('close', () => closed.resolve());
      if (pause === undefined) socket.write(ok('true') + extra);
      else socket.write(ok('true'), () => setTimeout(() => socket.write(extra), pause));
    });
    const http = createHttpClient();
    assert.equal(await ask(http, server.url), 'true');
    // bytes that come after the next question was sent cannot be told from its answer by anybody
    await closed.promise;
    assert.equal(await ask(http, server.url).catch(() => 'an error'), 'true', `after ${pause ?? 'no'} ms`);
  }
});

test('a kept connection has the trust of its beginning: a pinned server is asked twice on one', async (t) => {
  const dir = temporaryDirectory(t);
  const web = issued(dir, 'web', authority(dir));
  const server = await scripted(t, () => ok(), { cert: web.cert, key: web.key });
  const { values } = resolveAgentSettings({ options: { pin: web.fingerprint } });
  const http = await openHttp({
    settings: values,
    server: { url: server.url, source: 'test', given: true },
    environment: {},
    userAgent: 'test',
  });
  assert.deepEqual([await ask(http, server.url), await ask(http, server.url)], ['ok', 'ok']);
  assert.deepEqual(server.connections, [['GET /', 'GET /']]);
});
