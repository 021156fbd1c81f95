import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { tftpGet } from '../../../../../agent/servers/ironic-2014/parameters/tftp.ts';

interface Peer {
  readonly port: number;
  /** Blocks that were acknowledged, in order of arrival. */
  readonly acks: number[];
  readonly requests: string[];
  /** ERROR codes that reached the transfer's socket. */
  readonly errors: number[];
  close(): void;
}

interface Behaviour {
  readonly data: Buffer;
  readonly options?: boolean;
  readonly blockSize?: number;
  /** Called for each DATA packet; gives the packets that really go out. */
  readonly mangle?: (packet: Buffer, block: number, sent: number) => Buffer[];
  readonly tsize?: number;
  readonly refuse?: { readonly code: number; readonly onlyWithOptions?: boolean };
  /** Another socket sends a stray packet first. */
  readonly stray?: boolean;
}

/** A TFTP server that misbehaves as told. */
async function peer(behaviour: Behaviour): Promise<Peer> {
  const main = createSocket('udp4');
  main.bind(0, '127.0.0.1');
  await once(main, 'listening');
  const acks: number[] = [];
  const requests: string[] = [];
  const errors: number[] = [];
  const sockets = [main];
  main.on('message', (packet: Buffer, client: RemoteInfo) => {
    requests.push(packet.toString('latin1'));
    const transfer = createSocket('udp4');
    sockets.push(transfer);
    const withOptions = packet.includes('blksize');
    const send = (bytes: Buffer): void => transfer.send(bytes, client.port, client.address);
    if (behaviour.refuse && (withOptions || behaviour.refuse.onlyWithOptions !== true)) {
      send(Buffer.from([0, 5, 0, behaviour.refuse.code, 110, 111, 0]));
      return;
    }
    const negotiated = withOptions && behaviour.options !== false;
    const size = negotiated ? (behaviour.blockSize ?? 1428) : 512;
    const sent = new Map<number, number>();
    const data = (index: number): void => {
      if (index * size > behaviour.data.length) return;
      const block = (index + 1) & 0xffff;
      const body = behaviour.data.subarray(index * size, (index + 1) * size);
      const whole = Buffer.concat([Buffer.from([0, 3, block >> 8, block & 255]), body]);
      const count = sent.get(index) ?? 0;
      sent.set(index, count + 1);
      for (const each of behaviour.mangle?.(whole, index + 1, count) ?? [whole]) send(each);
    };
    let next = 0;
    transfer.on('message', (answer: Buffer) => {
      if (answer.readUInt16BE(0) === 5) return void errors.push(answer.readUInt16BE(2));
      const block = answer.readUInt16BE(2);
      acks.push(block);
      const index = block === 0 && next === 0 ? 0 : next - ((next & 0xffff) - block);
      if (index === next) data(next++);
      else data(next - 1);
    });
    if (behaviour.stray === true) {
      const other = createSocket('udp4');
      sockets.push(other);
      setTimeout(() => other.send(Buffer.from([0, 3, 0, 1, 88]), client.port, client.address), 30);
      other.on('message', (answer: Buffer) => errors.push(100 + answer.readUInt16BE(2)));
    }
    if (negotiated) {
      const tsize = behaviour.tsize ?? behaviour.data.length;
      send(Buffer.from(`\0\x06blksize\0${size}\0tsize\0${tsize}\0`, 'latin1'));
    } else data(next++);
  });
  return {
    port: main.address().port,
    acks,
    requests,
    errors,
    close: () => sockets.forEach((socket) => socket.close()),
  };
}

const get = (port: number, limit = 1_000_000): Promise<Buffer> =>
  tftpGet({ host: '127.0.0.1', port, file: 'token-1', limit, waitMs: 30, timeoutMs: 80_000 });

test('files of every length at the edge of a block arrive whole, with options and without', async () => {
  for (const options of [true, false]) {
    for (const length of [0, 1, 511, 512, 1024, 1427, 1428, 2856, 5000]) {
      const data = Buffer.alloc(length, 'k');
      const server = await peer({ data, options });
      try {
        assert.ok((await get(server.port)).equals(data), `${length} bytes, options ${String(options)}`);
      } finally {
        server.close();
      }
    }
  }
});

test('lost packets are asked for again', async () => {
  const data = Buffer.alloc(20_000, 'z');
  const server = await peer({ data, mangle: (packet, block, sent) => (block % 3 === 0 && sent === 0 ? [] : [packet]) });
  try {
    assert.ok((await get(server.port)).equals(data));
  } finally {
    server.close();
  }
});

test('a duplicate is never answered a second time at once (sorcerer’s apprentice)', async () => {
  const data = Buffer.alloc(10 * 1428 - 1, 'q');
  const server = await peer({ data, mangle: (packet) => [packet, packet, packet] });
  try {
    assert.ok((await get(server.port)).equals(data));
    const last = Math.max(...server.acks);
    for (let block = 1; block < last; block++) {
      assert.equal(server.acks.filter((ack) => ack === block).length, 1, `block ${block}`);
    }
  } finally {
    server.close();
  }
});

test('old blocks that come late and blocks that come early are dropped', async () => {
  const data = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 251));
  let before: Buffer | undefined;
  const server = await peer({
    data,
    mangle: (packet, block) => {
      const early = Buffer.from(packet);
      early.writeUInt16BE((block + 1) & 0xffff, 2);
      const late = before === undefined ? [] : [before];
      before = packet;
      return [...late, early, packet];
    },
  });
  try {
    assert.ok((await get(server.port)).equals(data));
    const asked = (server.requests[0] ?? '').slice(2).split('\0');
    assert.deepEqual(asked, ['token-1', 'octet', 'blksize', '1428', 'tsize', '0', 'timeout', '1', '']);
  } finally {
    server.close();
  }
});

test('block 65535 is followed by block 0', async () => {
  const data = Buffer.alloc(8 * 65_540 + 3, 'r');
  const server = await peer({ data, blockSize: 8 });
  try {
    assert.ok((await get(server.port)).equals(data));
  } finally {
    server.close();
  }
});

test('a stranger’s packet does not end the transfer and gets error 5', async () => {
  const data = Buffer.alloc(30_000, 's');
  const server = await peer({ data, stray: true, mangle: (packet, _block, sent) => (sent === 0 ? [] : [packet]) });
  try {
    assert.ok((await get(server.port)).equals(data));
    assert.ok(server.errors.includes(105));
  } finally {
    server.close();
  }
});

test('a server that refuses options is asked again without them', async () => {
  const data = Buffer.from('secret');
  const server = await peer({ data, refuse: { code: 8, onlyWithOptions: true } });
  try {
    assert.ok((await get(server.port)).equals(data));
    assert.equal(server.requests.length, 2);
  } finally {
    server.close();
  }
});

test('a missing file, a raised block size, a wrong size and a file that is too large are errors that say so', async () => {
  const cases: readonly (readonly [Behaviour, RegExp])[] = [
    [{ data: Buffer.alloc(10), refuse: { code: 1 } }, /refused \(1/],
    [{ data: Buffer.alloc(10), blockSize: 65_464 }, /raised blksize/],
    [{ data: Buffer.alloc(10), tsize: 11 }, /10 bytes came, 11 were announced/],
    [{ data: Buffer.alloc(2_000_000) }, /larger than 1000000 bytes/],
    [{ data: Buffer.alloc(2_000_000), options: false }, /larger than 1000000 bytes/],
  ];
  for (const [behaviour, message] of cases) {
    const server = await peer(behaviour);
    try {
      await assert.rejects(get(server.port), { code: 'RAZOR_MK_TFTP', message });
    } finally {
      server.close();
    }
  }
});

test('a silent server is given up after the time limit', async (t) => {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await assert.rejects(tftpGet({ host: '127.0.0.1', port, file: 'x', limit: 10, waitMs: 20, timeoutMs: 300 }), {
    code: 'RAZOR_MK_TFTP',
    message: /not done within 300 ms/,
  });
});
