/** What every DHCP server of the link says. Two real ones disagree in test/networks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { informOf, readInformed } from '../../../agent/discovery/dhcp-inform.ts';

const ID = Buffer.from('a1b2c3d4', 'hex');

/** A reply with these options, in hexadecimal. */
function reply(options: string, { siaddr = '10.0.0.9', type = '05' } = {}): Buffer {
  const packet = Buffer.alloc(240);
  packet[0] = 2;
  ID.copy(packet, 4);
  packet.set(siaddr.split('.').map(Number), 20);
  packet.writeUInt32BE(0x63825363, 236);
  return Buffer.concat([packet, Buffer.from(`3501${type}${options}ff`, 'hex')]);
}

test('the question names who asks and changes nothing', () => {
  const packet = informOf({ address: '10.0.0.7', mac: '52:54:00:00:00:01' }, ID);
  assert.deepEqual([...packet.subarray(12, 20)], [10, 0, 0, 7, 0, 0, 0, 0]);
  assert.equal(packet.subarray(28, 34).toString('hex'), '525400000001');
  assert.equal(packet.subarray(236).toString('hex'), '638253633501083702' + '3642ff');
});

test('each server’s next server is read: siaddr, else option 66; nothing else is believed', () => {
  const read = (packet: Buffer): unknown => readInformed(packet, ID, '10.0.0.1');
  assert.deepEqual(read(reply('36040a000002')), { from: '10.0.0.2', nextServer: '10.0.0.9' });
  assert.deepEqual(read(reply('4205626f6f7431', { siaddr: '0.0.0.0' })), { from: '10.0.0.1', nextServer: 'boot1' });
  assert.equal(read(reply('', { siaddr: '0.0.0.0' })), undefined);
  assert.equal(read(reply('4204243a2f2f', { siaddr: '127.0.0.1' })), undefined, 'a text that is no name');
  assert.equal(read(reply('', { type: '06' })), undefined, 'a refusal');
  assert.equal(readInformed(reply(''), Buffer.alloc(4), '10.0.0.1'), undefined, 'the answer to somebody else');
  const whole = reply('36040a0000024205626f6f7431');
  for (let length = 0; length < whole.length; length++) readInformed(whole.subarray(0, length), ID, '10.0.0.1');
});
