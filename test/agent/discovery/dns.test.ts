/** Names to addresses: search lists, several resolvers, truncation, chains, and answers that are wrong on purpose. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { encode } from 'dns-packet';
import { lookupAddresses, lookupService } from '../../../agent/discovery/dns.ts';
import { parseResolvConf } from '../../../platform/resolv-conf.ts';
import { dnsServer, type DnsReply, type DnsServer } from '../../helpers/dns-server.ts';

let dns: DnsServer;
before(async () => {
  dns = await dnsServer(() => ({ rcode: 3 }));
});
after(() => dns.close());
beforeEach(() => void dns.asked.splice(0));

const conf = parseResolvConf('nameserver 127.0.0.1\noptions attempts:1');
/** For resolvers that keep silent; those that answer get their time, on a loaded machine too. */
const fast = { ...conf, timeoutMs: 150 };
const a = (name: string, data: string, ttl = 60): DnsReply => ({ answers: [{ type: 'A', name, ttl, data }] });
const options = (more = {}) => ({ conf: { ...conf, ...more }, port: dns.port });

test('addresses come with the smallest TTL of the chain that led to them', async () => {
  dns.script = ({ type }) =>
    type === 'A'
      ? {
          answers: [
            { type: 'CNAME', name: 'razor', ttl: 30, data: 'Alias.lab' },
            { type: 'CNAME', name: 'alias.lab', ttl: 300, data: 'host.lab' },
            { type: 'A', name: 'HOST.lab', ttl: 200, data: '10.0.0.1' },
          ],
        }
      : {};
  const lookup = await lookupAddresses('razor', options());
  assert.deepEqual([lookup.found, lookup.ttl], [['10.0.0.1'], 30]);
});

test('a CNAME that ends outside the answer is asked on; a ring and a long chain end', async () => {
  dns.script = ({ name, type }) =>
    name === 'razor'
      ? { answers: [{ type: 'CNAME', name, ttl: 9, data: 'end.lab' }] }
      : type === 'A'
        ? a('end.lab', '10.0.0.2')
        : {};
  assert.deepEqual((await lookupAddresses('razor', options())).found, ['10.0.0.2']);
  dns.script = ({ name }) => ({
    answers: [{ type: 'CNAME', name, ttl: 9, data: name === 'razor' ? 'other' : 'razor' }],
  });
  const ring = await lookupAddresses('razor', options());
  assert.deepEqual(ring.found, []);
  assert.match(ring.trace.join(), /ring of CNAMEs/);
  dns.script = ({ name }) => ({ answers: [{ type: 'CNAME', name, ttl: 9, data: `${name}x` }] });
  const long = await lookupAddresses('razor', options());
  assert.match(long.trace.join(), /more than 8 CNAMEs/);
});

test('IPv6 addresses come after IPv4 ones', async () => {
  dns.script = ({ name, type }) =>
    type === 'AAAA' ? { answers: [{ type: 'AAAA', name, ttl: 5, data: 'fd00::1' }] } : a(name, '10.0.0.1');
  assert.deepEqual((await lookupAddresses('razor', options())).found, ['10.0.0.1', 'fd00::1']);
});

test('the search list is gone through', async () => {
  dns.script = ({ name, type }) =>
    name === 'razor.c' && type === 'A' ? a(name, '10.0.0.3') : { rcode: name === 'razor.c' ? 0 : 3 };
  const lookup = await lookupAddresses('razor', options({ search: ['a.b', 'c'] }));
  assert.deepEqual([lookup.name, lookup.found], ['razor.c', ['10.0.0.3']]);
});

// filtering resolvers answer 0.0.0.0, which is this machine; a record that was cut became 192.0.2.undefined
test('an answer that is not an address of a host is garbage, and the next resolver is asked', async () => {
  const cut = (name: string): Buffer => {
    const question = { type: 'A', name } as const;
    const answers = [{ type: 'A', name, ttl: 9, data: '192.0.2.7' }] as const;
    return encode({ type: 'response', id: 0, questions: [question], answers: [...answers] }).subarray(2, -1);
  };
  const bad: readonly ((name: string) => DnsReply)[] = [
    (name) => a(name, '0.0.0.0'),
    (name) => ({ raw: cut(name) }),
    (name) => ({ answers: [a(name, '0.0.0.0'), a(name, '10.0.0.1')].flatMap(({ answers = [] }) => answers) }),
  ];
  for (const [index, reply] of bad.entries()) {
    let count = 0;
    dns.script = ({ name, type }) => (type !== 'A' ? {} : count++ === 0 ? reply(name) : a(name, '10.0.0.9'));
    const lookup = await lookupAddresses('razor.lab', options({ nameservers: ['127.0.0.1', '127.0.0.1'] }));
    assert.deepEqual(lookup.found, ['10.0.0.9'], `answer ${index}`);
    assert.match(lookup.trace.join('; '), /not an address of a host/);
  }
  dns.script = ({ name, type }) => (type === 'A' ? a(name, '0.0.0.0') : {});
  assert.deepEqual((await lookupAddresses('razor.lab', options())).found, []);
});

test('a truncated answer is asked for again over TCP', async () => {
  dns.script = ({ name, type }, transport) =>
    transport === 'udp' ? { truncated: true } : type === 'A' ? a(name, '10.0.0.4') : {};
  assert.deepEqual((await lookupAddresses('razor', options())).found, ['10.0.0.4']);
  assert.ok(dns.asked.includes('tcp A razor'));
});

test('a refusal is a sign of life: the IPv6 address, the next name of the search list and later services are asked for', async () => {
  dns.script = ({ name, type }) => {
    if (name === 'six.b.test' && type === 'AAAA') {
      return { answers: [{ type: 'AAAA', name, ttl: 60, data: 'fd00::5' }] };
    }
    return { rcode: 5 };
  };
  const conf = { ...fast, search: ['a.test', 'b.test'] };
  assert.deepEqual((await lookupAddresses('six', options(conf))).found, ['fd00::5']);
  // but where nobody answers at all, other names cost no time
  dns.asked.splice(0);
  dns.script = () => undefined;
  await lookupAddresses('six', options(conf));
  assert.deepEqual([...new Set(dns.asked)], ['udp A six.a.test']);
});

test('a resolver that is silent, refuses or fails is followed by the next', async () => {
  const second = await dnsServer(({ name, type }) => (type === 'A' ? a(name, '10.0.0.5') : {}), '127.0.0.1');
  try {
    for (const reply of [undefined, { rcode: 2 }, { rcode: 5 }]) {
      // one port serves both addresses: 127.0.0.2 has no server at that port, and is refused
      dns.script = ({ name, type }) => (dns.asked.length % 2 === 1 ? reply : type === 'A' ? a(name, '10.0.0.5') : {});
      dns.asked.splice(0);
      const lookup = await lookupAddresses('razor', options({ ...fast, nameservers: ['127.0.0.1', '127.0.0.1'] }));
      assert.deepEqual(lookup.found, ['10.0.0.5'], JSON.stringify(reply));
    }
    const refused = await lookupAddresses('razor', {
      conf: { ...fast, nameservers: ['127.0.0.2', '127.0.0.1'] },
      port: second.port,
    });
    assert.deepEqual(refused.found, ['10.0.0.5']);
    assert.match(refused.trace.join(), /resolver 127\.0\.0\.2/);
  } finally {
    await second.close();
  }
});

test('forged answers with another id, and garbage, do not end the wait for the true one', async () => {
  dns.script = ({ name, type }) => ({ ...(type === 'A' ? a(name, '10.0.0.6') : {}), forged: true });
  assert.deepEqual((await lookupAddresses('razor', options())).found, ['10.0.0.6']);
});

test('compression loops, short packets and lies about lengths are failures in words', async () => {
  const header = Buffer.from('818000010001000000000000', 'hex').subarray(0, 10);
  const packets = [
    Buffer.concat([header, Buffer.from('c00c00010001', 'hex')]), // a name that points at itself
    Buffer.concat([header, Buffer.from('c00ec00c00010001', 'hex')]), // two that point at each other
    Buffer.concat([header, Buffer.from('3f61', 'hex')]), // a label longer than the packet
    Buffer.concat([header, Buffer.from('8061', 'hex')]), // a reserved label type
    Buffer.from('8180', 'hex'),
    Buffer.alloc(0),
    Buffer.from('8180ffffffffffffffff', 'hex'), // 65,535 questions in no bytes
  ];
  for (const raw of packets) {
    dns.script = () => ({ raw });
    const lookup = await lookupAddresses('razor', options(fast));
    assert.deepEqual(lookup.found, []);
    assert.match(lookup.trace.join(), /resolver 127\.0\.0\.1: /, raw.toString('hex'));
  }
});

test('services are ordered by priority, then weight; a target of . is none', async () => {
  const srv = (target: string, priority: number, weight: number) => ({
    type: 'SRV' as const,
    name: '_razor._tcp.lab',
    ttl: 9,
    data: { target, port: 80 + priority, priority, weight },
  });
  dns.script = ({ name }) =>
    name === '_razor._tcp.lab'
      ? { answers: [srv('c', 2, 9), srv('.', 0, 0), srv('a', 1, 1), srv('b', 1, 5)] }
      : { rcode: 3 };
  const lookup = await lookupService('_razor._tcp', options({ search: ['lab'] }));
  assert.deepEqual(lookup.found, [
    { host: 'b', port: 81 },
    { host: 'a', port: 81 },
    { host: 'c', port: 82 },
  ]);
});

test('NXDOMAIN is told as such, and a stopped agent does not wait for DNS', async () => {
  dns.script = () => ({ rcode: 3 });
  assert.match((await lookupAddresses('razor', options())).trace.join(), /A razor: NXDOMAIN/);
  dns.script = () => undefined;
  const slow = { conf: { ...conf, timeoutMs: 20_000 }, port: dns.port, signal: AbortSignal.timeout(50) };
  await assert.rejects(lookupAddresses('razor', slow));
});
