/** Router advertisements, byte by byte. Real routers answer in test/networks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('frames of others are none: too short, another protocol, another message', () => {
  const whole = frame(RDNSS);
  const changed = (at: number, value: number): unknown => {
    const bytes = Buffer.from(whole);
    bytes[at] = value;
    return parseAdvertisement(bytes);
  };
  assert.notEqual(changed(0, 0), undefined);
  assert.notEqual(changed(23, 0xbf), undefined); // fe80::/10
  for (const [at, value] of [
    [12, 8],
    [13, 0],
    [20, 17],
    [21, 254],
    [22, 0xfd],
    [23, 0xc0],
    [54, 133],
  ] as const)
    assert.equal(changed(at, value), undefined, `${at}`);
  assert.equal(parseAdvertisement(whole.subarray(0, 69)), undefined);
  assert.deepEqual(parseAdvertisement(frame('')), { servers: [], search: [], lifetimeS: 0 });
});

test('the shortest lifetime of all options holds, and eight servers and names are enough', () => {
  const servers = Array.from(
    { length: 10 },
    (_, index) => `fd77000100000000000000000000000${(index + 1).toString(16)}`,
  );
  const many = `1915 0000 00000708 ${servers.join('')}`;
  const found = parseAdvertisement(frame(many + DNSSL.replace('00000708', '00000064')));
  assert.deepEqual([found?.servers.length, found?.lifetimeS], [8, 100]);
  assert.deepEqual(parseAdvertisement(frame(`1905 0000 00000708 ${'0'.repeat(32)} ${ALL}`))?.servers, []);
  const longer = frame(RDNSS);
  longer.writeUInt16BE(longer.readUInt16BE(18) - 8, 18); // the packet ends before the option does
  assert.deepEqual(parseAdvertisement(longer)?.servers, []);
  const names = Array.from({ length: 10 }, (_, index) => `01 6${(index % 9) + 1} 01 6${(index % 8) + 1} 00`).join(' ');
  assert.equal(domainNames(hex(names)).length, 8);
});
