/** A server in front of the conductor. */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: a status, a cut connection, or it waits and then goes through. */
type Whim = number | 'cut' | Promise<unknown>;

/** Does to the first requests what is said, in order, and lets all others through. */
export async function inFrontOf(target: string, first: readonly Whim[]): Promise<Server> {
  let count = 0;
  const server = createServer((asked, reply) => {
    const whim = first[count++];
    if (whim === 'cut') return void asked.socket.destroy();
    if (typeof whim === 'number') {
      return void reply.writeHead(whim, whim === 503 ? { 'retry-after': '1' } : {}).end('{}');
    }
    void Promise.resolve(whim).then(() => {
      const url = new URL(asked.url ?? '/', target);
      const passed = request(url, { method: asked.method, headers: asked.headers }, (answer) => {
        reply.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(reply);
      });
      asked.pipe(passed);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
