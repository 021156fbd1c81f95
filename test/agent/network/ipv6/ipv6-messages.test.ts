/** Router advertisements and DHCPv6, byte by byte. Real routers and servers answer in test/networks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeDhcpv6,
  encodeDhcpv6,
  REPLY,
  REQUEST,
  SOLICIT,
  type Dhcpv6Question,
} from '../../../../agent/network/ipv6/dhcpv6-message.ts';
import { domainNames, parseAdvertisement, solicitation } from '../../../../agent/network/ipv6/router-advertisement.ts';

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('').replaceAll(/\s/g, ''), 'hex');
const ROUTER = 'fe80000000000000505400fffe000001';
const ALL = 'ff020000000000000000000000000001';
const FIXED = '86 00 0000 40 00 0708 00000000 00000000';
const PREFIX = '03 04 40 c0 00000e10 00000e10 00000000 fd770001000000000000000000000000';
const RDNSS = '19 05 0000 00000708 fd770001000000000000000000000001 fe800000000000000000000000000001';
const DNSSL = '1f 03 0000 00000708 04 73697465 04 74657374 00 000000000000';

/** An advertisement with options, as a frame. */
function frame(options: string, { from = ROUTER, hops = 'ff' } = {}): Buffer {
  const message = hex(FIXED, options);
  const length = message.length.toString(16).padStart(4, '0');
  return Buffer.concat([hex('333300000001 525400000001 86dd 60000000', length, '3a', hops, from, ALL), message]);
}

test('DNS servers and domains of a router’s advertisement are read, and nobody else’s', () => {
  const found = { servers: ['fd77:1::1', 'fe80::1'], search: ['site.test'], lifetimeS: 1800 };
  assert.deepEqual(parseAdvertisement(frame(PREFIX + RDNSS + DNSSL)), found);
  assert.deepEqual(parseAdvertisement(frame(PREFIX)), { servers: [], search: [], lifetimeS: 0 });
  assert.equal(parseAdvertisement(frame(RDNSS, { hops: '40' })), undefined, 'it came over a router');
  assert.equal(parseAdvertisement(frame(RDNSS, { from: 'fd77000100000000505400fffe000001' })), undefined);
  const taken = parseAdvertisement(frame(RDNSS.replace('00000708', '00000000')));
  assert.equal(taken?.lifetimeS, 0, 'the router takes its servers back');
});

test('an advertisement that is cut anywhere, or lies about lengths, gives what is whole and no error', () => {
  const whole = frame(PREFIX + RDNSS + DNSSL);
  for (let length = 0; length < whole.length; length++) {
    const found = parseAdvertisement(whole.subarray(0, length));
    assert.ok(found === undefined || found.servers.length === 0 || found.servers[0] === 'fd77:1::1');
  }
  assert.deepEqual(parseAdvertisement(frame('19 00 0000 00000708'))?.servers, []);
  assert.deepEqual(parseAdvertisement(frame('19 ff 0000 00000708'))?.servers, []);
  assert.deepEqual(parseAdvertisement(frame(`19 03 0000 00000708 ${ALL}`))?.servers, [], 'no group is a server');
});

test('names in an option end at what is no name', () => {
  assert.deepEqual(domainNames(hex('0161 0162 00 0163 00')), ['a.b', 'c']);
  assert.deepEqual(domainNames(hex('0161 c000')), []);
  assert.deepEqual(domainNames(hex('03 612462 00 0163 00')), ['c'], 'a character that names do not have');
  assert.deepEqual(domainNames(hex('3f 61')), []);
});

test('a solicitation goes to all routers from no address, with a right checksum', () => {
  const bytes = solicitation('52:54:00:77:01:01');
  const message = bytes.subarray(54);
  let sum = message.length + 58;
  for (let at = 22; at < 54; at += 2) sum += bytes.readUInt16BE(at);
  for (let at = 0; at < message.length; at += 2) sum += message.readUInt16BE(at);
  assert.equal(((sum & 0xffff) + (sum >> 16)) & 0xffff, 0xffff);
  assert.equal(bytes.subarray(0, 14).toString('hex'), '33330000000252540077010186dd');
  assert.equal(bytes.subarray(22, 38).equals(Buffer.alloc(16)), true);
});

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
