import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { openSyslog, type Syslog } from '../../../platform/log/syslog.ts';
import { until } from '../../helpers/until.ts';

const hostname = (): string => 'mk525400123456';
const textOf = (message: string | undefined): string | undefined => / - - (.*)$/.exec(message ?? '')?.[1];

type Options = Parameters<typeof openSyslog>[0];

function sender(t: TestContext, target: Options['target'], more: Partial<Options> = {}): Syslog {
  const syslog = openSyslog({ target, hostname, ...more });
  t.after(() => syslog.close(100));
  return syslog;
}

async function udpCollector(t: TestContext): Promise<{ server: UdpSocket; port: number }> {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return { server, port: server.address().port };
}

async function tcpCollector(t: TestContext, port = 0): Promise<{ port: number; received: () => string }> {
  let text = '';
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
  }).listen(port, '127.0.0.1');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, received: () => text };
}

test('lines reach a real UDP collector', async (t) => {
  const { server, port } = await udpCollector(t);
  const syslog = sender(t, { protocol: 'udp', host: '127.0.0.1', port });
  syslog.write('warn', 'no server found');
  const [message] = (await once(server, 'message')) as [Buffer];
  assert.equal(textOf(message.toString()), 'no server found');
  await syslog.close();
  assert.deepEqual([syslog.sent, syslog.dropped], [1, 0]);
});

test('lines reach a real TCP collector with octet counting, in order', async (t) => {
  const { port, received } = await tcpCollector(t);
  const syslog = sender(t, { protocol: 'tcp', host: '127.0.0.1', port });
  for (let i = 0; i < 100; i++) syslog.write('info', `line ${i} äöü`);
  await syslog.close(2000);
  await until('100 frames', () => frames(received()).length === 100);
  assert.equal(textOf(frames(received())[99]), 'line 99 äöü');
});

test('a line may be longer over TCP than over UDP, and is bounded there too', async (t) => {
  const { port, received } = await tcpCollector(t);
  const syslog = sender(t, { protocol: 'tcp', host: '127.0.0.1', port });
  syslog.write('info', 'x'.repeat(9000));
  await until('the line', () => frames(received()).length === 1);
  assert.equal(frames(received())[0]?.length, 8192);
});

test('a collector that never reads costs lines, never time, and its queue is bounded', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.pause();
    sockets.push(socket);
  }).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const syslog = sender(t, { protocol: 'tcp', host: '127.0.0.1', port }, { queueBytes: 64 * 1024 });
  syslog.write('info', 'first');
  await until('the first line', () => sockets.length === 1 && syslog.sent === 1);
  for (let i = 0; i < 20_000; i++) syslog.write('info', 'x'.repeat(1000));
  assert.ok(syslog.dropped > 1000, `dropped ${syslog.dropped}`);
  assert.ok(syslog.dropped + syslog.sent >= 20_001 - 64, 'no more than the queue holds is still waiting');
});

test('a collector that comes back is sent how many lines were dropped', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1');
  t.after(() => probe.close());
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const syslog = sender(t, { protocol: 'tcp', host: '127.0.0.1', port }, { queueBytes: 2000 });
  for (let i = 0; i < 50; i++) syslog.write('info', `early ${i} ${'x'.repeat(100)}`);
  assert.ok(syslog.dropped > 0);
  const { received } = await tcpCollector(t, port);
  await until('the report', () => frames(received()).length > 1);
  const count = Number(/(\d+) log lines were dropped/.exec(received())?.[1]);
  assert.equal(count, syslog.dropped);
  syslog.write('info', 'last');
  await until('the last line', () => textOf(frames(received()).at(-1)) === 'last');
  assert.equal(received().split('were dropped').length, 2, 'they are reported once');
});

test('a name is never looked up by the system: without a resolver nothing is sent, with one it is', async (t) => {
  const { server, port } = await udpCollector(t);
  const target = { protocol: 'udp', host: 'localhost', port } as const;
  const without = sender(t, target);
  without.write('info', 'to nobody');
  const asked: string[] = [];
  const syslog = sender(t, target, {
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve('127.0.0.1');
    },
  });
  syslog.write('info', 'by name');
  const [message] = (await once(server, 'message')) as [Buffer];
  assert.equal(textOf(message.toString()), 'by name');
  syslog.write('info', 'again');
  await once(server, 'message');
  assert.deepEqual(asked, ['localhost']);
  assert.equal(without.sent, 0);
});

/** RFC 6587 octet counting, read by a parser that shares nothing with the sender. */
function frames(latin1: string): string[] {
  const bytes = Buffer.from(latin1, 'latin1');
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.subarray(at, space).toString());
    if (space < 0 || space + 1 + length > bytes.length) break;
    found.push(bytes.subarray(space + 1, space + 1 + length).toString());
    at = space + 1 + length;
  }
  return found;
}
