/** A server that does one thing wrong at a time, and right when asked to. Works on sockets, so that it can do anything. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Misbehaviour } from './misbehaviours.ts';

export interface HostileServer {
  readonly url: string;
  /** What the next check-ins get, in order; a good `register` afterwards, every time. */
  readonly queue: Misbehaviour[];
  /** The same for registrations; accepted when empty. */
  readonly registers: Misbehaviour[];
  /** Bodies of registrations. */
  readonly registered: string[];
  checkins(): number;
  close(): Promise<void>;
}

export async function hostileServer(): Promise<HostileServer> {
  const queue: Misbehaviour[] = [];
  const registers: Misbehaviour[] = [];
  const registered: string[] = [];
  const sockets = new Set<Socket>();
  let checkins = 0;
  const good = (socket: Socket, command: string): void => {
    const body = JSON.stringify({ errcode: 0, response: { command_name: command, command_param: {} } });
    socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    let served = false;
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (served || head < 0 || text.length < head + 4 + length) return;
      served = true;
      const { port } = server.address() as AddressInfo;
      if (text.startsWith('POST')) {
        const bad = registers.shift();
        if (bad !== undefined) return bad.serve(socket, port);
        registered.push(text.slice(head + 4));
        return good(socket, 'register_node');
      }
      checkins++;
      const next = queue.shift();
      if (next === undefined) good(socket, 'register');
      else next.serve(socket, port);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    queue,
    registers,
    registered,
    checkins: () => checkins,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
