import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beginTransfer,
  onPacket,
  type TftpAction,
  type Transfer,
} from '../../../../../agent/servers/ironic-2014/parameters/tftp-transfer.ts';

const SERVER = { address: '192.0.2.1', port: 40_000 };

function transfer(more: { limit?: number; withOptions?: boolean } = {}): Transfer {
  const request = { what: '192.0.2.1:69 token', file: 'token', blockSize: 8, timeoutSeconds: 1 };
  return beginTransfer({ ...request, limit: more.limit ?? 100, withOptions: more.withOptions ?? true });
}

const oack = (text: string): Buffer => Buffer.concat([Buffer.from([0, 6]), Buffer.from(text)]);
const data = (block: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([0, 3, block >> 8, block & 255]), Buffer.from(text)]);

/** Actions in short: `ACK 1`, `ERROR 5`, `done TEXT`, the error's message. */
function shown(actions: readonly TftpAction[]): string[] {
  return actions.map((action) => {
    if (action.act === 'done') return `done ${action.content.toString()}`;
    if (action.act === 'fail') return action.error.message;
    const code = action.packet.readUInt16BE(2);
    return `${action.packet[1] === 4 ? 'ACK' : 'ERROR'} ${code}${action.to === undefined ? '' : ` to ${action.to.port}`}`;
  });
}

test('options are taken, blocks acknowledged once, and a short block ends it', () => {
  const state = transfer();
  assert.deepEqual(shown(onPacket(state, oack('blksize\x008\0tsize\x0010\0'), SERVER)), ['ACK 0']);
  assert.deepEqual(shown(onPacket(state, data(1, '12345678'), SERVER)), ['ACK 1']);
  assert.deepEqual(onPacket(state, data(1, '12345678'), SERVER), [], 'a duplicate is not answered');
  assert.deepEqual(shown(onPacket(state, data(2, '90'), SERVER)), ['ACK 2', 'done 1234567890']);
  assert.deepEqual(shown(onPacket(state, data(2, '90'), SERVER)), ['ACK 2'], 'the last ACK was lost');
});

test('a stray port of the server gets an error and does not end the transfer; another address gets nothing', () => {
  const state = transfer();
  onPacket(state, oack('blksize\x008\0'), SERVER);
  assert.deepEqual(shown(onPacket(state, data(1, 'evil'), { ...SERVER, port: 41_000 })), ['ERROR 5 to 41000']);
  assert.deepEqual(onPacket(state, data(1, 'evil'), { address: '192.0.2.9', port: 40_000 }), []);
  assert.deepEqual(shown(onPacket(state, data(1, 'good'), SERVER)), ['ACK 1', 'done good']);
});

test('a raised block size, too many bytes and a length that differs from tsize end it in words', () => {
  assert.match(shown(onPacket(transfer(), oack('blksize\x009\0'), SERVER)).join(), /ERROR 8,.*raised blksize to 9/);
  assert.match(shown(onPacket(transfer({ limit: 4 }), oack('tsize\x005\0'), SERVER)).join(), /ERROR 3,.*larger than 4/);
  const short = transfer();
  onPacket(short, oack('blksize\x008\0tsize\x0010\0'), SERVER);
  assert.match(shown(onPacket(short, data(1, 'x'), SERVER)).join(), /1 bytes came, 10 were announced/);
});

test('after block 65535 comes block 0', () => {
  const state = transfer({ limit: 1e6 });
  onPacket(state, oack('blksize\x008\0'), SERVER);
  state.expected = 65_535;
  assert.deepEqual(shown(onPacket(state, data(65_535, '12345678'), SERVER)), ['ACK 65535']);
  assert.deepEqual(shown(onPacket(state, data(0, 'z'), SERVER)), ['ACK 0', 'done 12345678z']);
});
