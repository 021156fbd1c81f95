/** The script that udhcpc calls, with a recorded `ip` in place of the real one and everything below a directory. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { DEFAULT_PATH, run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

interface Machine {
  lease(card: string, event: string, values?: Record<string, string>): Promise<void>;
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  /** What was asked of `ip` since the last call. */
  calls(): string[];
}

function machine(t: TestContext, options: { cmdline?: string; cards?: Record<string, string> } = {}): Machine {
  const root = temporaryDirectory(t);
  for (const directory of ['tmp', 'etc', 'proc', 'bin', 'usr/share'])
    mkdirSync(join(root, directory), { recursive: true });
  cpSync(join(PROJECT, 'tinycore/overlay/all/usr/share/udhcpc'), join(root, 'usr/share/udhcpc'), { recursive: true });
  writeFileSync(join(root, 'proc/cmdline'), `${options.cmdline ?? 'quiet'}\n`);
  for (const [card, mac] of Object.entries(options.cards ?? {})) {
    mkdirSync(join(root, 'sys/class/net', card), { recursive: true });
    writeFileSync(join(root, 'sys/class/net', card, 'address'), `${mac}\n`);
  }
  const log = join(root, 'ip.log');
  writeFileSync(join(root, 'bin/ip'), `#!/bin/sh\necho "$*" >>'${log}'\n`);
  writeFileSync(join(root, 'bin/logger'), '#!/bin/sh\n');
  for (const name of ['ip', 'logger']) chmodSync(join(root, 'bin', name), 0o755);
  const read = (path: string): string | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
  return {
    async lease(card, event, values = {}) {
      const env = { PATH: `${join(root, 'bin')}:${DEFAULT_PATH}`, RAZOR_MK_ROOT: root, interface: card, ...values };
      const result = await run(['sh', join(root, 'usr/share/udhcpc/dhcp_mk_config.script'), event], {
        env,
        timeoutMs: 20_000,
      });
      assert.equal(result.stderr.toString('utf8'), '');
      assert.equal(result.status, 0);
    },
    read,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    calls() {
      const lines = (read('ip.log') ?? '').split('\n').filter((line) => line !== '');
      rmSync(log, { force: true });
      return lines;
    },
  };
}

const lease = (net: number, more: Record<string, string> = {}): Record<string, string> => ({
  ip: `10.77.${net}.100`,
  mask: '24',
  subnet: '255.255.255.0',
  router: `10.77.${net}.1`,
  siaddr: `10.77.${net}.1`,
  dns: `10.77.${net}.1`,
  ...more,
});
const SERVER = 'tmp/nextServerIP.addr';

test('a lease becomes an address, a route, name servers and the next-server file', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1, { domain: 'razor.test', search: 'a.test b.test' }));
  assert.equal(m.read(SERVER), '10.77.1.1\n');
  assert.equal(m.read('etc/resolv.conf'), 'search a.test b.test razor.test\nnameserver 10.77.1.1\n');
  const calls = m.calls();
  assert.ok(calls.includes('addr add 10.77.1.100/24 broadcast + dev eth0'), calls.join('\n'));
  assert.ok(calls.includes('route replace default via 10.77.1.1 dev eth0 metric 100'), calls.join('\n'));
});

// the original's script wrote the file at every lease: with a second DHCP network the node asked the wrong server for ever
test('of several cards the first lease that named a server wins, not the last writer', async (t) => {
  const m = machine(t);
  await m.lease('eth1', 'bound', lease(9, { siaddr: '' }));
  assert.equal(m.read(SERVER), undefined);
  await m.lease('enp3s0', 'bound', lease(2));
  await m.lease('eth0', 'bound', lease(1));
  assert.equal(m.read(SERVER), '10.77.2.1\n');
  await m.lease('eth0', 'renew', lease(1));
  await m.lease('eth1', 'renew', lease(9));
  assert.equal(m.read(SERVER), '10.77.2.1\n', 'a card that named none at first does not take it over either');
});

test('the card that the firmware booted from wins whenever its lease comes', async (t) => {
  const m = machine(t, {
    cmdline: 'quiet BOOTIF=01-52-54-00-AB-CD-01 console=ttyS0',
    cards: { eth0: '52:54:00:ab:cd:01', eth1: '52:54:00:ab:cd:02' },
  });
  await m.lease('eth1', 'bound', lease(2));
  assert.equal(m.read(SERVER), '10.77.2.1\n');
  m.calls();
  await m.lease('eth0', 'bound', lease(1));
  assert.equal(m.read(SERVER), '10.77.1.1\n');
  assert.ok(m.calls().includes('route replace default via 10.77.1.1 dev eth0 metric 10'));
  assert.match(m.read('etc/resolv.conf') ?? '', /^nameserver 10.77.1.1\nnameserver 10.77.2.1\n$/);
});

test('a lost lease takes its server and name servers with it, and the next card takes its place', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1));
  await m.lease('eth1', 'bound', lease(2));
  await m.lease('eth0', 'deconfig');
  assert.equal(m.read(SERVER), '10.77.2.1\n');
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.77.2.1\n');
  await m.lease('eth0', 'bound', lease(1));
  assert.equal(m.read(SERVER), '10.77.2.1\n', 'it does not come back in front');
  await m.lease('eth1', 'deconfig');
  await m.lease('eth0', 'deconfig');
  assert.equal(m.read(SERVER), undefined);
});

test('a renewal that says nothing new leaves the address alone, so that connections are not broken', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1));
  m.calls();
  await m.lease('eth0', 'renew', lease(1));
  assert.deepEqual(m.calls(), []);
  await m.lease('eth0', 'renew', lease(1, { ip: '10.77.1.101' }));
  assert.ok(m.calls().includes('addr add 10.77.1.101/24 broadcast + dev eth0'));
});

test('several routers get rising metrics, and classless routes replace them', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1, { router: '10.77.1.1 10.77.1.2', mtu: '1400' }));
  const calls = m.calls();
  assert.ok(calls.includes('route replace default via 10.77.1.2 dev eth0 metric 101'));
  assert.ok(calls.includes('link set eth0 mtu 1400'));
  await m.lease('eth1', 'bound', lease(2, { staticroutes: '10.8.0.0/16 10.77.2.9 0.0.0.0/0 10.77.2.8' }));
  const second = m.calls().filter((call) => call.startsWith('route'));
  assert.deepEqual(second, [
    'route replace 10.8.0.0/16 via 10.77.2.9 dev eth1 metric 200',
    'route replace 0.0.0.0/0 via 10.77.2.8 dev eth1 metric 201',
  ]);
});

test('the options of a Hanlon server are taken as numbers 224 to 226 or under their names', async (t) => {
  const m = machine(t);
  await m.lease(
    'eth0',
    'bound',
    lease(1, { opt224: '0a4d0109', opt225: '1f5a', opt226: '2f68616e6c6f6e2f6170692f7631' }),
  );
  const files = ['IP', 'Port', 'BaseUri'].map((part) => m.read(`tmp/hanlonServer${part}.addr`));
  assert.deepEqual(files, ['10.77.1.9\n', '8026\n', '/hanlon/api/v1\n']);
  assert.equal(m.read(SERVER), '10.77.1.1\n');
  const n = machine(t);
  await n.lease('eth0', 'bound', lease(1, { hanlon_server: '10.1.1.1', hanlon_port: '8027' }));
  assert.equal(n.read('tmp/hanlonServerIP.addr'), '10.1.1.1\n');
  assert.equal(n.read('tmp/hanlonServerPort.addr'), '8027\n');
  assert.equal(n.read('tmp/hanlonServerBaseUri.addr'), undefined);
});

test('a lease is a stranger’s text: what does not fit is left out and nothing of it is run', async (t) => {
  const m = machine(t);
  const evil = '$(touch /tmp/x) `id` ; * ../../etc/passwd -n 300.1.1.1 1.2.3 1.2.3.4.5 0.0.0.0';
  await m.lease(
    'eth0',
    'bound',
    lease(1, { dns: `${evil} 10.77.1.53`, domain: '* ok.test', siaddr: '1.2.3.4;reboot', ntpsrv: evil }),
  );
  assert.equal(m.read(SERVER), undefined);
  assert.equal(m.read('etc/resolv.conf'), 'search ok.test\nnameserver 10.77.1.53\n');
  assert.equal(m.read('tmp/razor-mk-net/eth0/ntp'), undefined);
});

test('the name that a lease gives the machine is kept for the agent, if it can be one', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1, { hostname: 'rack7-u12', domain: 'example.test' }));
  const read = (name: string): string | undefined => m.read(`tmp/razor-mk-net/eth0/${name}`);
  assert.deepEqual([read('host-name'), read('domain')], ['rack7-u12\n', 'example.test\n']);
  await m.lease('eth0', 'renew', lease(1, { hostname: '$(reboot)', domain: '-x' }));
  assert.deepEqual([read('host-name'), read('domain')], [undefined, undefined]);
});

test('the masks of old busybox versions, which say no prefix, are counted', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', { ...lease(1), mask: '', subnet: '255.255.240.0' });
  assert.ok(m.calls().includes('addr add 10.77.1.100/20 broadcast + dev eth0'));
});

test('an IPv6 lease joins its name servers and leaves the IPv4 lease of the card alone', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1));
  await m.lease('eth0', 'bound', { RAZOR_MK_FAMILY: '6', ipv6: 'fd77::100', dns: 'fd77::1 fe80::1%eth0' });
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.77.1.1\nnameserver fd77::1\n');
  await m.lease('eth0', 'deconfig', { RAZOR_MK_FAMILY: '6' });
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.77.1.1\n');
  assert.equal(m.read(SERVER), '10.77.1.1\n');
});

test('two clients that get their leases at the same moment do not lose one of them', async (t) => {
  const m = machine(t);
  await Promise.all([1, 2, 3, 4].map((net) => m.lease(`eth${net}`, 'bound', lease(net))));
  const numbers = [1, 2, 3, 4].map((net) => Number(m.read(`tmp/razor-mk-net/eth${net}/order`)));
  assert.deepEqual(numbers.sort(), [1, 2, 3, 4]);
  const first = [1, 2, 3, 4].find((net) => m.read(`tmp/razor-mk-net/eth${net}/order`) === '1\n');
  assert.equal(m.read(SERVER), `10.77.${first}.1\n`);
});

test('name servers of the kernel line come first and outlive every lease, of any card', async (t) => {
  const m = machine(t);
  m.write('tmp/razor-mk-net/kernel-line/dns', '10.0.0.53 2001:db8::53\n');
  m.write('tmp/razor-mk-net/kernel-line/order', '-1\n');
  await m.lease('', 'merge');
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.0.0.53\nnameserver 2001:db8::53\n');
  await m.lease('eth1', 'bound', lease(2));
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.0.0.53\nnameserver 2001:db8::53\nnameserver 10.77.2.1\n');
  await m.lease('eth1', 'deconfig');
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.0.0.53\nnameserver 2001:db8::53\n');
  assert.equal(m.read(SERVER), undefined);
});

// busybox writes `bad` in place of a name that it does not believe
test('a domain that udhcpc replaced by the word bad is not searched; commas part domains', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1, { domain: 'bad' }));
  assert.equal(m.read('etc/resolv.conf'), 'nameserver 10.77.1.1\n');
  await m.lease('eth0', 'renew', lease(1, { domain: 'a.example,b.example', search: 'bad $(id) c.example' }));
  assert.equal(m.read('etc/resolv.conf'), 'search c.example a.example b.example\nnameserver 10.77.1.1\n');
});

test('option 66 alone names the server; siaddr goes before it', async (t) => {
  const m = machine(t);
  await m.lease('eth0', 'bound', lease(1, { siaddr: '0.0.0.0', tftp: '10.77.1.66' }));
  assert.equal(m.read(SERVER), '10.77.1.66\n');
  await m.lease('eth0', 'renew', lease(1, { siaddr: '', tftp: 'pxe.example' }));
  assert.equal(m.read(SERVER), 'pxe.example\n');
  await m.lease('eth0', 'renew', lease(1, { siaddr: '', tftp: '../x;y' }));
  assert.equal(m.read(SERVER), undefined);
  await m.lease('eth0', 'renew', lease(1, { tftp: '10.77.1.66' }));
  assert.equal(m.read(SERVER), '10.77.1.1\n');
});
