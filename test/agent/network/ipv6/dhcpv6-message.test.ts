/** Messages of DHCPv6, byte by byte. Real servers answer in test/networks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeDhcpv6,
  encodeDhcpv6,
  INFORMATION_REQUEST,
  RENEW,
  REPLY,
  REQUEST,
  SOLICIT,
  type Dhcpv6Question,
} from '../../../../agent/network/ipv6/dhcpv6-message.ts';

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('').replaceAll(/\s/g, ''), 'hex');
const MAC = '52:54:00:77:01:01';
const QUESTION: Dhcpv6Question = { type: SOLICIT, transaction: hex('a1b2c3'), mac: MAC, elapsed: 0 };
const CLIENT = '0001 000a 0003 0001 525400770101';
const SERVER = '0002 0004 deadbeef';
const ADDRESS = 'fd770001000000000000000000000100';

/** A message of a server with an association of this address. */
function answer(type: string, more = '', valid = '00000e10', client = CLIENT): Buffer {
  const association = `0003 0028 00770101 00000258 000003c0 0005 0018 ${ADDRESS} 00000708 ${valid}`;
  return hex(type, 'a1b2c3', client, SERVER, association, more);
}

test('a solicitation of DHCPv6 asks for an address, DNS and a short exchange; a request names server and address', () => {
  const solicit = encodeDhcpv6(QUESTION).toString('hex');
  assert.equal(
    solicit,
    hex(
      '01a1b2c3',
      CLIENT,
      '0006 0004 0017 0018',
      '0008 0002 0000',
      '000e 0000',
      '0003 000c 00770101 0000000000000000',
    ).toString('hex'),
  );
  const offer = decodeDhcpv6(answer('02'), QUESTION);
  assert.deepEqual([offer?.address, offer?.committed, offer?.renewS], ['fd77:1::100', false, 600]);
  const { serverId, address } = offer ?? {};
  const request = encodeDhcpv6({ type: REQUEST, transaction: hex('000001'), mac: MAC, elapsed: 90, serverId, address });
  assert.match(request.toString('hex'), new RegExp(`00020004deadbeef.*0005 ?0018${ADDRESS}`));
});

test('an answer of DHCPv6 is taken when it is to this question, from a server that names itself, and not a refusal', () => {
  const names = '0017 0010 fd770001000000000000000000000001 0018 000b 04 73697465 04 74657374 00';
  const whole = decodeDhcpv6(answer('07', `000e 0000 ${names}`), QUESTION);
  assert.deepEqual(
    [whole?.type, whole?.committed, whole?.servers, whole?.search],
    [REPLY, true, ['fd77:1::1'], ['site.test']],
  );
  assert.equal(
    decodeDhcpv6(answer('07'), QUESTION)?.committed,
    false,
    'a reply without rapid commit to a solicitation',
  );
  assert.equal(decodeDhcpv6(answer('02', '000d 0002 0002'), QUESTION)?.address, undefined, 'no addresses left');
  assert.equal(decodeDhcpv6(answer('02', '', '00000000'), QUESTION)?.address, undefined, 'it holds for no time');
  assert.equal(decodeDhcpv6(answer('02', '', undefined, CLIENT.replace('0101', '0102')), QUESTION), undefined);
  assert.equal(decodeDhcpv6(hex('02a1b2c3', CLIENT), QUESTION), undefined);
  const other: Dhcpv6Question = { type: SOLICIT, transaction: hex('ffffff'), mac: MAC, elapsed: 0 };
  assert.equal(decodeDhcpv6(answer('02'), other), undefined);
  const bytes = answer('07', `000e 0000 ${names}`);
  for (let length = 0; length < bytes.length; length++) decodeDhcpv6(bytes.subarray(0, length), QUESTION);
});

test('what is asked without an address, and for one that is renewed', () => {
  const transaction = hex('000001');
  const ask = (more: Partial<Dhcpv6Question>): string =>
    encodeDhcpv6({ type: SOLICIT, transaction, mac: MAC, elapsed: 70_000, ...more }).toString('hex');
  const head = `000001${hex(CLIENT, '0006 0004 0017 0018 0008 0002 ffff').toString('hex')}`;
  assert.equal(ask({ type: INFORMATION_REQUEST }), `0b${head}`);
  assert.equal(
    ask({ type: RENEW, address: '2001:db8::5', serverId: hex('aabb') }),
    `05${head}0002 0002 aabb 0003 0028 00770101 0000000000000000 0005 0018 20010db8000000000000000000000005 0000000000000000`.replaceAll(
      ' ',
      '',
    ),
  );
  const address = (text: string): string => ask({ type: REQUEST, address: text }).slice(-48, -16);
  assert.equal(address('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008');
  assert.equal(address('::'), '0'.repeat(32));
  assert.equal(address('fe80::'), 'fe80'.padEnd(32, '0'));
});

test('an address is renewed when the server says, else after the half of its time', () => {
  const renew = (first: string, valid: string): number | undefined => {
    const association = `0003 0028 00770101 ${first} 000003c0 0005 0018 ${ADDRESS} 00000708 ${valid}`;
    return decodeDhcpv6(hex('07a1b2c3', CLIENT, SERVER, association), { ...QUESTION, type: REQUEST })?.renewS;
  };
  assert.deepEqual(
    [
      renew('00000258', '00000e10'),
      renew('00000000', '00000e10'),
      renew('00000e10', '00000e10'),
      renew('00000e0f', '00000e11'),
    ],
    [600, 1800, 1800, 3599],
  );
  const request = decodeDhcpv6(answer('07'), { ...QUESTION, type: REQUEST });
  assert.deepEqual([request?.committed, request?.servers, request?.search], [true, [], []]);
  assert.equal(decodeDhcpv6(answer('03'), QUESTION), undefined, 'a message of a client');
  const refused = `0003 0012 00770101 00000258 000003c0 000d 0002 0002`;
  assert.equal(decodeDhcpv6(hex('07a1b2c3', CLIENT, SERVER, refused), QUESTION)?.address, undefined);
  const success = `0003 002e 00770101 00000258 000003c0 000d 0002 0000 0005 0018 ${ADDRESS} 00000708 00000e10`;
  assert.equal(decodeDhcpv6(hex('07a1b2c3', CLIENT, SERVER, success), QUESTION)?.address, 'fd77:1::100');
  const bare = decodeDhcpv6(hex('07a1b2c3', CLIENT, SERVER), QUESTION);
  assert.deepEqual([bare?.address, bare?.renewS], [undefined, 0]);
  const many = `0017 00a0 ${ADDRESS.repeat(10)}`;
  assert.equal(decodeDhcpv6(answer('07', many), QUESTION)?.servers.length, 8);
});
