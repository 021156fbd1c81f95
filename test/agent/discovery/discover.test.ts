/** Finding the server: the order of the sources, addresses as people write them, and files that are not what they should be. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { parseCommandLine } from '../../../platform/kernel-line.ts';
import { discover, type DiscoveryOptions } from '../../../agent/discovery/discover.ts';
import type { Discovery } from '../../../agent/discovery/candidate.ts';
import { baseUrl, parseAddress } from '../../../agent/discovery/address.ts';
import { parseNextServer } from '../../../agent/discovery/next-server.ts';
import { FOREMAN } from '../../../agent/servers/foreman/foreman-descriptor.ts';
import { RAZOR } from '../../../agent/servers/razor/razor-descriptor.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { dnsServer, type DnsServer } from '../../helpers/dns-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const resolvConf = join(dir, 'resolv.conf');
const nextServerFile = join(dir, 'nextServerIP.addr');
let dns: DnsServer;
before(async () => {
  dns = await dnsServer(() => ({ rcode: 3 }));
});
after(() => dns.close());
beforeEach(() => {
  dns.script = () => ({ rcode: 3 });
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  rmSync(nextServerFile, { force: true });
});

async function find(cmdline: string, more: Partial<DiscoveryOptions> = {}): Promise<Discovery> {
  return await discover({
    descriptor: RAZOR,
    kernel: parseCommandLine(cmdline),
    resolvConf,
    nextServerFile,
    dnsPort: dns.port,
    ...more,
  });
}

async function urls(cmdline: string, more: Partial<DiscoveryOptions> = {}): Promise<string[]> {
  return (await find(cmdline, more)).candidates.map(({ url }) => url);
}

const named = (name: string, address: string) => (question: { name: string; type?: string }) =>
  question.name === name && question.type === 'A'
    ? { answers: [{ type: 'A' as const, name, ttl: 60, data: address }] }
    : { rcode: question.name === name ? 0 : 3 };

test('the sources are asked in the original’s order, each only when those before gave nothing', async () => {
  writeFileSync(nextServerFile, '10.0.0.4\n');
  dns.script = (question) =>
    question.name === 'server.lab' ? named('server.lab', '10.0.0.2')(question) : named('razor', '10.0.0.3')(question);
  const line = 'razor.ip=10.0.0.1 razor.server=server.lab';
  assert.deepEqual(await urls(line, { option: ['10.0.0.9'] }), ['http://10.0.0.9:8026']);
  assert.deepEqual(await urls(line), ['http://10.0.0.1:8026']);
  assert.deepEqual(await urls('razor.server=server.lab', { environment: ['10.0.0.8'] }), ['http://10.0.0.2:8026']);
  assert.deepEqual(await urls('', { environment: ['10.0.0.8'], configFile: ['10.0.0.7'] }), ['http://10.0.0.8:8026']);
  assert.deepEqual(await urls('', { configFile: ['10.0.0.7'] }), ['http://10.0.0.7:8026']);
  assert.deepEqual(await urls(''), ['http://10.0.0.3:8026']);
  dns.script = () => ({ rcode: 3 });
  assert.deepEqual(await urls(''), ['http://10.0.0.4:8026']);
  rmSync(nextServerFile);
  dns.script = (question) =>
    question.type === 'SRV'
      ? {
          answers: [
            {
              type: 'SRV',
              name: question.name,
              ttl: 60,
              data: { target: 's.lab', port: 9000, priority: 1, weight: 1 },
            },
          ],
        }
      : named('s.lab', '10.0.0.5')(question);
  assert.deepEqual(await urls(''), ['http://10.0.0.5:9000']);
});

test('nothing found is an error that tells every step, not an address of http://false', async () => {
  await assert.rejects(find(''), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'RAZOR_MK_NO_SERVER');
    for (const way of ['kernel line razor.ip: not given', 'DNS name razor', 'next-server file', 'SRV _razor._tcp']) {
      assert.ok(error.message.includes(way), `${way} in ${error.message}`);
    }
    assert.doesNotMatch(error.message, /http:\/\//);
    return true;
  });
});

test('a source that somebody wrote down is marked as given, one that was found is not', async () => {
  assert.equal((await find('razor.ip=10.0.0.1')).candidates[0]?.given, true);
  writeFileSync(nextServerFile, '10.0.0.4');
  assert.equal((await find('')).candidates[0]?.given, false);
});

test('keys are matched exactly: the original’s expression took xrazor.ip and razorXip as well', async () => {
  const line =
    'xrazor.ip=10.9.9.1 razorXip=10.9.9.2 razor.ip.x=10.9.9.3 RAZOR.IP=10.9.9.4 "quoted words=razor.ip=10.9.9.5"';
  await assert.rejects(find(line), { code: 'RAZOR_MK_NO_SERVER' });
});

test('a doubled key takes the last value and says so', async () => {
  const found = await find('razor.ip=10.0.0.1 quiet razor.ip=10.0.0.2');
  assert.equal(found.candidates[0]?.url, 'http://10.0.0.2:8026');
  assert.ok(
    found.steps.some(({ note }) => /given 2 times \(10\.0\.0\.1, 10\.0\.0\.2\): the last one counts/.test(note)),
  );
});

test('HOST:PORT, IPv6 and URLs are taken wherever an address is', async () => {
  const cases: [string, string][] = [
    ['10.0.0.1', 'http://10.0.0.1:8026'],
    ['10.0.0.1:9', 'http://10.0.0.1:9'],
    ['fd00::1', 'http://[fd00::1]:8026'],
    ['[fd00::1]', 'http://[fd00::1]:8026'],
    ['[fd00::1]:80', 'http://[fd00::1]:80'],
    ['http://10.0.0.1', 'http://10.0.0.1:8026'],
    ['http://10.0.0.1:80/', 'http://10.0.0.1:80'],
    ['http://[fd00::1]:8027/base/', 'http://[fd00::1]:8027/base'],
    ['https://10.0.0.1:8443', 'https://10.0.0.1:8443'],
  ];
  for (const [written, url] of cases) {
    assert.deepEqual(await urls(`razor.ip=${written}`), [url], written);
    assert.deepEqual(await urls('', { environment: [written] }), [url], written);
    if (written.startsWith('http')) continue;
    writeFileSync(nextServerFile, `${written}\n`);
    assert.deepEqual(await urls(''), [url], written);
    rmSync(nextServerFile);
  }
  assert.deepEqual(await urls('razor.ip=10.0.0.1,10.0.0.2:9'), ['http://10.0.0.1:8026', 'http://10.0.0.2:9']);
});

test('an invalid address is passed over and named', async () => {
  const bad = [
    'false',
    '',
    '10.0.0.300',
    '10.0.0',
    'http://',
    'ftp://10.0.0.1',
    '10.0.0.1:0',
    '10.0.0.1:99999',
    'a b',
    '-x',
    'x..y',
    '[::1',
    'http://u:p@h',
    'nil',
  ];
  for (const text of bad) assert.equal(parseAddress(text), undefined, text);
  const found = await find('razor.ip=false,10.0.0.300,10.0.0.5');
  assert.deepEqual(
    found.candidates.map(({ url }) => url),
    ['http://10.0.0.5:8026'],
  );
  assert.ok(found.steps.some(({ note }) => note === 'invalid address "false"'));
  // without its interface, which no URL can name, nobody can be reached there
  const local = await find('razor.ip=fe80::1%eth0,10.0.0.5');
  assert.deepEqual(
    local.candidates.map(({ url }) => url),
    ['http://10.0.0.5:8026'],
  );
  assert.ok(local.steps.some(({ note }) => /fe80::1%eth0 is an address of one link/.test(note)));
});

test('what did not answer gives way to what comes after it, and is the first again when nothing else is left', async () => {
  writeFileSync(nextServerFile, '10.0.0.4\n');
  dns.script = named('razor', '10.0.0.3');
  const line = 'razor.ip=10.0.0.1,10.0.0.2 razor.server=10.0.0.5';
  const failed = new Set<string>();
  const order: string[] = [];
  for (let round = 0; round < 6; round++) {
    const [first] = await urls(line, { unanswered: failed });
    assert.ok(first);
    order.push(first.replace(/^http:..10.0.0.|:8026$/g, ''));
    failed.add(first);
  }
  assert.deepEqual(order, ['1', '2', '5', '3', '4', '1']);
  const { steps } = await find(line, { unanswered: failed });
  assert.ok(steps.some(({ source, note }) => source === 'kernel line razor.ip' && /did not answer/.test(note)));
});

test('a server that was written down for this machine, or is https, is not left for another that is found', async () => {
  writeFileSync(nextServerFile, '10.0.0.4\n');
  const dead = 'http://10.0.0.1:8026';
  const unanswered = new Set([dead, 'https://10.0.0.1:8026']);
  for (const place of ['option', 'environment', 'configFile'])
    assert.deepEqual(await urls('', { [place]: ['10.0.0.1'], unanswered }), [dead], place);
  assert.deepEqual(await urls('razor.ip=https://10.0.0.1', { unanswered }), ['https://10.0.0.1:8026']);
  assert.deepEqual(await urls('razor.ip=10.0.0.1', { unanswered }), ['http://10.0.0.4:8026']);
});

test('a name on the kernel line is resolved; for https it stays in the URL, with the address beside it', async () => {
  dns.script = named('server.lab', '10.0.0.2');
  const found = await find('razor.server=https://server.lab:8443');
  assert.deepEqual(found.candidates, [
    { url: 'https://server.lab:8443', address: '10.0.0.2', source: 'kernel line razor.server', given: true, ttl: 60 },
  ]);
});

test('an empty, binary or 1 MiB kernel line does no harm', async () => {
  for (const bytes of [
    '',
    '\0\0\0',
    '\n',
    'x'.repeat(1024 * 1024),
    ' '.repeat(1024 * 1024),
    '='.repeat(9),
    '"unclosed',
  ]) {
    await assert.rejects(find(bytes), { code: 'RAZOR_MK_NO_SERVER' });
  }
  const noise = Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256));
  const line = parseCommandLine(Buffer.concat([Buffer.from('razor.ip=10.0.0.1 '), noise]));
  assert.equal(line.value('razor.ip'), '10.0.0.1');
  assert.match(line.notes.join(), /not printable text/);
  assert.match(parseCommandLine(Buffer.alloc(1024 * 1024, 'a')).notes.join(), /only the first 65536 bytes/);
});

test('a next-server file may hold an address, a name or a newline too many; garbage is named as such', async () => {
  const read = (text: string | Buffer): unknown => {
    const result = parseNextServer(Buffer.from(text));
    return 'wrong' in result ? result.wrong : baseUrl(result, 8026);
  };
  assert.equal(read('10.0.0.1\r\n\n'), 'http://10.0.0.1:8026');
  assert.equal(read('  fd00::5\n'), 'http://[fd00::5]:8026');
  assert.match(String(read('')), /is empty/);
  assert.match(String(read('\n \n')), /is empty/);
  assert.match(String(read('0.0.0.0')), /sent no next-server/);
  assert.match(String(read('10.0.0.1\n10.0.0.2')), /holds an invalid address/);
  assert.match(String(read(Buffer.from([0, 255, 1, 254]))), /holds an invalid address/);
  assert.match(String(read('x'.repeat(5000))), /longer than 4,096/);
  dns.script = named('boot.lab', '10.0.0.6');
  writeFileSync(nextServerFile, 'boot.lab\n');
  assert.deepEqual(await urls(''), ['http://10.0.0.6:8026']);
  rmSync(nextServerFile);
  await assert.rejects(find('', { nextServerFile: dir }), { code: 'RAZOR_MK_NO_SERVER' }, 'a directory in its place');
});

test('what to do is said in the words of the server that is looked for, and of what was given', async () => {
  const remedyOf = async (descriptor: DiscoveryOptions['descriptor'], line: string): Promise<string> => {
    const error = await find(line, { descriptor }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof RazorMkError && error.code === 'RAZOR_MK_NO_SERVER');
    return error.remedy;
  };
  assert.match(
    await remedyOf(RAZOR, ''),
    /^Give razor\.ip=HOST\[:PORT\] on the kernel line, a DNS name `razor`, next-server/,
  );
  assert.match(await remedyOf(RAZOR, 'razor.server=nobody.lab'), /^Correct razor\.server= on the kernel line/);
  const foreman = await remedyOf(FOREMAN, '');
  assert.match(
    foreman,
    /^Give proxy\.url=https:\/\/HOST\[:PORT\] on the kernel line or a DNS service _x-foreman\._tcp/,
  );
  assert.doesNotMatch(foreman + (await remedyOf(FOREMAN, 'proxy.url=https://nobody.lab')), /razor\.ip|next-server/);
});

test('an IPv6 address without brackets is refused with how to write it', async () => {
  await assert.rejects(find('razor.ip=http://2001:db8::139:8026/'), /stands in brackets, \[ADDRESS\]:PORT/);
  assert.deepEqual(await urls('razor.ip=http://[2001:db8::139]:8026'), ['http://[2001:db8::139]:8026']);
  assert.deepEqual(await urls('razor.ip=2001:db8::139'), ['http://[2001:db8::139]:8026'], 'bare, it needs none');
});

test('the trace names what was asked once: a name that somebody gave, or the usual one', async () => {
  const error = await find('razor.server=server.lab').catch((thrown: unknown) => thrown);
  assert.ok(error instanceof RazorMkError);
  assert.match(
    error.message,
    /^ *kernel line razor\.server: name server\.lab: A server\.lab: NXDOMAIN; AAAA server\.lab: NXDOMAIN$/m,
  );
  assert.match(error.message, /^ *DNS name razor: A razor: NXDOMAIN; AAAA razor: NXDOMAIN$/m);
});
