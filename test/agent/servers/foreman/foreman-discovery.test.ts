/** Where Foreman or its smart proxy is: the kernel line, then the service in DNS; a name stays a name. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';
import { discover, type DiscoveryOptions } from '../../../../agent/discovery/discover.ts';
import type { Candidate } from '../../../../agent/discovery/candidate.ts';
import { FOREMAN } from '../../../../agent/servers/foreman/foreman-descriptor.ts';
import { dnsServer, type DnsServer } from '../../../helpers/dns-server.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const resolvConf = join(dir, 'resolv.conf');
const nextServerFile = join(dir, 'nextServerIP.addr');
let dns: DnsServer;
before(async () => {
  dns = await dnsServer(({ name, type }) => {
    if (type === 'A' && /^(foreman|capsule|razor)\.lab$/.test(name)) {
      return { answers: [{ type: 'A', name, ttl: 60, data: name === 'capsule.lab' ? '10.0.0.2' : '10.0.0.1' }] };
    }
    if (type === 'SRV' && name === '_x-foreman._tcp.lab') {
      const target = (host: string, port: number, priority: number) => ({
        type: 'SRV' as const,
        name,
        ttl: 60,
        data: { target: host, port, priority, weight: 0 },
      });
      return { answers: [target('capsule.lab', 8000, 20), target('foreman.lab', 8443, 10)] };
    }
    return { rcode: 3 };
  });
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\nsearch lab\noptions timeout:1 attempts:1\n');
  writeFileSync(nextServerFile, '10.0.0.9\n');
});
after(() => dns.close());

async function find(cmdline: string, more: Partial<DiscoveryOptions> = {}): Promise<readonly Candidate[]> {
  const found = await discover({
    descriptor: FOREMAN,
    kernel: parseCommandLine(cmdline),
    resolvConf,
    nextServerFile,
    dnsPort: dns.port,
    ...more,
  });
  return found.candidates;
}

test('proxy.url goes before foreman.url, the path of the URL is kept, and the scheme’s own port is none', async () => {
  const [first] = await find('foreman.url=https://192.0.2.1 proxy.url=https://192.0.2.2:9090/below/');
  assert.deepEqual([first?.url, first?.source], ['https://192.0.2.2:9090/below', 'kernel line proxy.url']);
  assert.equal((await find('foreman.url=http://192.0.2.1/foreman'))[0]?.url, 'http://192.0.2.1/foreman');
  assert.equal((await find('foreman.url=https://192.0.2.1'))[0]?.url, 'https://192.0.2.1');
});

test('a name stays in the URL, for the certificate and for virtual hosts, and its address is known besides', async () => {
  for (const scheme of ['http', 'https']) {
    const [found] = await find(`proxy.url=${scheme}://foreman.lab`);
    assert.deepEqual([found?.url, found?.address], [`${scheme}://foreman.lab`, '10.0.0.1']);
  }
});

test('a bare name means https', async () => {
  assert.equal((await find('proxy.url=foreman.lab:443'))[0]?.url, 'https://foreman.lab:443');
});

test('without an address on the kernel line the service in DNS is asked: best first, https by its port', async () => {
  const found = await find('quiet');
  assert.deepEqual(
    found.map(({ url, source }) => [url, source]),
    [
      ['https://foreman.lab:8443', 'SRV _x-foreman._tcp'],
      ['http://capsule.lab:8000', 'SRV _x-foreman._tcp'],
    ],
  );
});

test('next-server and the name razor are not Foreman', async () => {
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  await assert.rejects(find('quiet'), /no provisioning server was found/);
});
