import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { openLocalApi } from '../../../agent/status/local-api.ts';
import { findPeerUid, peerUid } from '../../../agent/status/peer-uid.ts';
import { createLog } from '../../../platform/log/log.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { sample } from './sample.ts';

const LOOPBACK = endianness() === 'LE' ? '0100007F' : '7F000001';
const MAPPED = endianness() === 'LE' ? '0000000000000000FFFF00000100007F' : '00000000000000000000FFFF7F000001';
const PORTS = { peerPort: 0xd431, ownPort: 2156 };
const row = (state: string, uid: number, inode: number, address = LOOPBACK): string =>
  `   1: ${address}:D431 ${address}:086C ${state} 00000000:00000000 00:00000000 00000000 ${uid} 0 ${inode} 1 0000000000000000 20 4 30 10 -1`;
const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

test('the peer is the established socket from its port to ours, over IPv4 or a mapped address', () => {
  const other = row('01', 7, 5).replace('D431', 'D432');
  const ours = `   2: ${LOOPBACK}:086C ${LOOPBACK}:D431 01 0:0 0:0 0 0 0 9 1`;
  assert.equal(findPeerUid([HEAD, other, ours, row('01', 65_534, 77)].join('\n'), PORTS), 65_534);
  assert.equal(findPeerUid([HEAD, row('01', 1000, 77, MAPPED)].join('\n'), PORTS), 1000);
  assert.equal(findPeerUid(HEAD, PORTS), undefined);
  assert.equal(findPeerUid('nonsense\n\n  x y', PORTS), undefined);
});

test('a closed socket, which the kernel lists as root’s, is nobody', () => {
  for (const state of ['04', '05', '06', '08']) assert.equal(findPeerUid(row(state, 0, 77), PORTS), undefined, state);
  assert.equal(findPeerUid(row('01', 0, 0), PORTS), undefined, 'no process has it');
});

test('the kernel names our own user for a connection of ours', async (t) => {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.after(() => socket.destroy());
  const uid = peerUid({ peerPort: socket.remotePort ?? 0, ownPort: socket.localPort ?? 0 });
  assert.equal(uid, process.getuid?.());
});

const isRoot = process.getuid?.() === 0;
test(
  'another user of the machine cannot push a configuration, unless it is allowed',
  { skip: !isRoot && 'needs root' },
  async (t) => {
    const lines: string[] = [];
    const pushed: unknown[] = [];
    let from: 'root' | 'anyone' = 'root';
    const api = await openLocalApi({
      snapshot: () => sample(),
      offerConfig: (map) => (pushed.push(map), { changed: true, refused: [] }),
      pushFrom: () => from,
      socketPath: `${temporaryDirectory()}/s`,
      port: 0,
      log: createLog({ people: (line) => lines.push(line) }),
    });
    t.after(() => api.close());
    const asNobody = async (): Promise<string> => {
      const body = '{"mk_tce_mirror_uri":"http://192.0.2.66/"}';
      const request = `POST /setMkConfig HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      const script = `exec 3<>/dev/tcp/127.0.0.1/${api.port}; printf %s "$1" >&3; cat <&3`;
      const child = spawn('/bin/bash', ['-c', script, 'bash', request], { uid: 65_534, gid: 65_534, cwd: '/' });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await once(child, 'close');
      return out;
    };
    assert.match(await asNobody(), /^HTTP\/1\.1 403 [^]*only root may push a configuration, and user 65534 asks/);
    assert.deepEqual(pushed, []);
    assert.match(lines.join('\n'), /refused: only root may push/);
    from = 'anyone';
    assert.match(await asNobody(), /^HTTP\/1\.1 200 /);
    assert.equal(pushed.length, 1);
  },
);
