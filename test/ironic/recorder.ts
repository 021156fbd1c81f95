/** A door between the agent and a real server: passes every request on, byte for byte, and keeps what both sides said. */
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Exchange {
  /** Milliseconds since the recorder was opened. */
  readonly atMs: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly status: number;
  readonly reply: string;
}

export interface Recorder {
  readonly url: string;
  readonly seen: readonly Exchange[];
  /** Where requests go; must be set before the first one. */
  target: string;
  /** Called before a request is passed on; a result is the answer, and the server is not asked. */
  intercept:
    ((method: string, path: string) => { readonly status: number; readonly body: string } | undefined) | undefined;
  close(): Promise<void>;
}

export async function openRecorder(): Promise<Recorder> {
  const began = performance.now();
  const seen: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const body = Buffer.concat(chunks);
      const end = (status: number, replyHeaders: IncomingHttpHeaders, reply: Buffer): void => {
        seen.push({
          atMs: performance.now() - began,
          method,
          path,
          headers,
          body: body.toString(),
          status,
          reply: reply.toString(),
        });
        outgoing.writeHead(status, replyHeaders);
        outgoing.end(reply);
      };
      const instead = recorder.intercept?.(method, path);
      if (instead !== undefined)
        return end(instead.status, { 'content-type': 'application/json' }, Buffer.from(instead.body));
      const onward = request(new URL(path, recorder.target), { method, headers, agent: false }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (chunk: Buffer) => parts.push(chunk));
        response.on('end', () => end(response.statusCode ?? 502, withoutHops(response.headers), Buffer.concat(parts)));
      });
      onward.on('error', () => end(502, {}, Buffer.from('the server behind the recorder is not there')));
      onward.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    target: '',
    intercept: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return recorder;
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _, 'transfer-encoding': __, ...rest } = headers;
  return rest;
}
