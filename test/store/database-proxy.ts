/** A way to a database that a test can disturb. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Listens on a free port and gives it; `carry` moves the bytes of each connection. One end closes with the other. */
export async function openProxy(
  t: TestContext,
  port: number,
  carry: (near: Socket, far: Socket) => void,
): Promise<number> {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    carry(near, far);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  t.after(() => {
    proxy.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return (proxy.address() as AddressInfo).port;
}
