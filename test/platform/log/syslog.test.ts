import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { formatSyslog, openSyslog, parseSyslogTarget } from '../../../platform/log/syslog.ts';

const RFC5424 = /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+) razor-mk (\d+) - - (.*)$/;
const hostname = (): string => 'mk525400123456';

test('a message has the form of RFC 5424, on one line, cut at a character', () => {
  const wall = new Date('2026-11-22T10:00:00.123Z');
  const line = formatSyslog('error', 'one\ntwo\u0007', { wall, hostname: 'mk 1' });
  const parts = RFC5424.exec(line);
  assert.ok(parts, line);
  assert.deepEqual([parts[1], parts[3], parts[5]], [String(16 * 8 + 3), 'mk1', 'one two ']);
  const cut = formatSyslog('info', 'ä'.repeat(3000), { wall, hostname: '' });
  assert.ok(Buffer.byteLength(cut) <= 2048);
  assert.doesNotMatch(cut, /\ufffd/);
  assert.match(cut, / - razor-mk /);
});

test('addresses are understood in every usual form, and others are refused', () => {
  assert.deepEqual(parseSyslogTarget('10.0.0.1'), { protocol: 'udp', host: '10.0.0.1', port: 514 });
  assert.deepEqual(parseSyslogTarget('tcp://logs.example'), { protocol: 'tcp', host: 'logs.example', port: 601 });
  assert.deepEqual(parseSyslogTarget('udp://[fd00::1]:5514'), { protocol: 'udp', host: 'fd00::1', port: 5514 });
  for (const bad of ['', 'http://x', 'host:0', 'host:99999', 'a b', 'tcp://$(reboot)']) {
    assert.throws(() => parseSyslogTarget(bad), { code: 'RAZOR_MK_USAGE' });
  }
});

test('lines reach a real UDP collector', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const syslog = openSyslog({ target: { protocol: 'udp', host: '127.0.0.1', port: server.address().port }, hostname });
  syslog.write('warn', 'no server found');
  const [message] = (await once(server, 'message')) as [Buffer];
  assert.equal(RFC5424.exec(message.toString())?.[5], 'no server found');
  await syslog.close();
  server.close();
  assert.equal(syslog.dropped, 0);
});

test('lines reach a real TCP collector with octet counting, in order', async () => {
  const { server, port, received } = await tcpCollector();
  const syslog = openSyslog({ target: { protocol: 'tcp', host: '127.0.0.1', port }, hostname });
  for (let i = 0; i < 100; i++) syslog.write('info', `line ${i} äöü`);
  await syslog.close(2000);
  await until(() => frames(received()).length === 100);
  server.close();
  assert.equal(RFC5424.exec(frames(received())[99] ?? '')?.[5], 'line 99 äöü');
});

test('a collector that never reads costs lines, never time, and its queue is bounded', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.pause();
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const syslog = openSyslog({ target: { protocol: 'tcp', host: '127.0.0.1', port }, hostname, queueBytes: 64 * 1024 });
  syslog.write('info', 'first');
  await until(() => sockets.length === 1 && syslog.sent === 1);
  for (let i = 0; i < 20_000; i++) {
    syslog.write('info', 'x'.repeat(1000));
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(syslog.dropped > 1000, `dropped ${syslog.dropped}`);
  await syslog.close(200);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a collector that comes back is told how many lines were dropped', async () => {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const syslog = openSyslog({ target: { protocol: 'tcp', host: '127.0.0.1', port }, hostname, queueBytes: 2000 });
  for (let i = 0; i < 50; i++) syslog.write('info', `early ${i} ${'x'.repeat(100)}`);
  assert.ok(syslog.dropped > 0);
  const { server, received } = await tcpCollector(port);
  await until(() => /were dropped/.test(received()), 5000);
  const count = Number(/(\d+) log lines were dropped/.exec(received())?.[1]);
  assert.equal(count, syslog.dropped);
  await syslog.close();
  server.close();
});

test('a name is never looked up by the system: without a resolver nothing is sent, with one it is', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const asked: string[] = [];
  const syslog = openSyslog({
    target: { protocol: 'udp', host: 'logs.example', port: server.address().port },
    hostname,
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve('127.0.0.1');
    },
  });
  syslog.write('info', 'by name');
  await once(server, 'message');
  assert.deepEqual(asked, ['logs.example']);
  await syslog.close();
  server.close();
});

async function tcpCollector(port = 0): Promise<{
  server: ReturnType<typeof createServer>;
  port: number;
  received: () => string;
}> {
  let text = '';
  const server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, received: () => text };
}

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

async function until(condition: () => boolean, ms = 3000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    assert.ok(performance.now() < end, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
