/**
 * A port of the namespace's loopback on our own loopback. A process inside takes connections on a Unix socket, which belongs to
 * no network, and passes them on; outside, a TCP port leads to that socket.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Namespace } from './namespace.ts';

export interface Forward {
  /** `http://127.0.0.1:41234/` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Runs inside; says `ready` when the socket is there. Ends with the namespace. */
const PROXY = `
const net = require('node:net');
const [path, port] = process.argv.slice(-2);
net.createServer((from) => {
  const to = net.connect(Number(port), '127.0.0.1');
  const end = () => { from.destroy(); to.destroy(); };
  from.on('error', end); to.on('error', end);
  from.pipe(to); to.pipe(from);
}).listen(path, () => console.log('ready'));`;

/** Forwards a free port of 127.0.0.1 to `port` inside. `socketPath` must not exist. Throws RAZOR_MK_VM. */
export async function forwardPort(namespace: Namespace, port: number, socketPath: string): Promise<Forward> {
  let said: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (said = resolve));
  const proxy = await namespace.start([process.execPath, '-e', PROXY, '--', socketPath, String(port)], {
    onLine: (line) => (line === 'ready' ? said() : undefined),
  });
  await Promise.race([
    ready,
    proxy.exited.then(({ status }) => {
      throw new RazorMkError('RAZOR_MK_VM', `the way into the namespace ended with status ${String(status)}`);
    }),
  ]);
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(socketPath);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port: outside } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${outside}/`,
    port: outside,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await Promise.all([closed, proxy.stop()]);
    },
  };
}
