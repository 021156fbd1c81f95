/** A relay in front of a server: it hands requests on, keeps them with their answers, and can be down. */
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request of the agent, and what the server answered. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly sentType: string;
  readonly sent: string;
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface Relay {
  /** For the agent, with the path that the server's address has. */
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Connections are refused from now on. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a relay on loopback. The server's https is checked as Node does it (NODE_EXTRA_CA_CERTS). */
export async function startRelay(server: string): Promise<Relay> {
  const target = new URL(server);
  const exchanges: Exchange[] = [];
  let listener = await listen(0);
  const { port } = listener.address() as AddressInfo;
  let open = true;

  async function listen(on: number): Promise<ReturnType<typeof createServer>> {
    const made = createServer((request, response) => {
      forward(request, response).catch((error: unknown) => {
        process.stderr.write(`peers: ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}\n`);
        response.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(on, '127.0.0.1', resolve);
    });
    return made;
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await read(request);
    const url = request.url ?? '/';
    const method = request.method ?? 'GET';
    const headers = { ...request.headers, host: target.host, connection: 'close' };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const make = target.protocol === 'https:' ? requestHttps : requestHttp;
      const outgoing = make({ method, headers, path: url, host: target.hostname, port: target.port }, resolve);
      outgoing.once('error', reject);
      outgoing.end(sent);
    });
    const body = await read(answer);
    const status = answer.statusCode ?? 0;
    exchanges.push({
      method,
      url,
      sent: sent.toString(),
      sentType: request.headers['content-type'] ?? '',
      status,
      type: answer.headers['content-type'] ?? '',
      body: body.toString(),
    });
    const { 'transfer-encoding': _chunked, connection: _kept, ...kept } = answer.headers;
    response.writeHead(status, { ...kept, 'content-length': body.length });
    response.end(method === 'HEAD' ? undefined : body);
  }

  const down = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await new Promise<void>((resolve) => {
      listener.close(() => resolve());
      listener.closeAllConnections();
    });
  };
  return {
    url: `http://127.0.0.1:${port}${target.pathname.replace(/\/$/, '')}`,
    exchanges,
    down,
    async up() {
      if (open) return;
      listener = await listen(port);
      open = true;
    },
    close: down,
  };
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
