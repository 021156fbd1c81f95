/** npm run test:overlay: the overlay's DHCP scripts under busybox, with its real udhcpc and real dnsmasq servers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannot } from './node-root.ts';
import { openScene } from './scene.ts';

const skip = await cannot();
const SERVER = 'cat /tmp/nextServerIP.addr 2>/dev/null';

test('two cards of different names, two servers: both get leases, and the first server stays', { skip }, async (t) => {
  const scene = await openScene(t);
  await scene.serve(2, '--dhcp-option=option:dns-server,10.77.2.1', '--dhcp-option=15,c.test');
  const begun = performance.now();
  await scene.sh('/etc/init.d/dhcp.sh');
  assert.ok(performance.now() - begun < 5000, 'the boot does not wait for DHCP');
  await scene.until(SERVER, /^10\.77\.2\.1\n$/);
  // the second server comes up late: a client that had no answer goes on asking
  await scene.serve(
    1,
    '--dhcp-option=option:router,10.77.1.1,10.77.1.2',
    '--dhcp-option=option:dns-server,10.77.1.1,10.77.2.1',
    '--dhcp-option=119,a.test,b.test',
    '--dhcp-option=224,10.77.1.9',
    '--dhcp-option=225,1f:5a',
    '--dhcp-option=226,/hanlon/api/v1',
    '--dhcp-option=option:mtu,1400',
  );
  await scene.until('ip -4 addr show eth0', /inet 10\.77\.1\.1\d\d\/24/);
  await scene.until('cat /tmp/razor-mk-net/eth0/next-server', /10\.77\.1\.1/);
  assert.equal(await scene.sh(SERVER), '10.77.2.1\n');
  const routes = await scene.sh('ip route');
  assert.match(routes, /default via 10\.77\.2\.1 dev enp3s0 +metric 100/);
  assert.match(routes, /default via 10\.77\.1\.1 dev eth0 +metric 200/);
  assert.match(routes, /default via 10\.77\.1\.2 dev eth0 +metric 201/);
  const resolv = await scene.until('cat /etc/resolv.conf', /10\.77\.1\.1/);
  assert.equal(resolv, 'search c.test a.test b.test\nnameserver 10.77.2.1\nnameserver 10.77.1.1\n');
  const hanlon = await scene.sh(
    'cat /tmp/hanlonServerIP.addr /tmp/hanlonServerPort.addr /tmp/hanlonServerBaseUri.addr',
  );
  assert.equal(hanlon, '10.77.1.9\n8026\n/hanlon/api/v1\n');
  assert.match(await scene.sh('ip link show eth0'), /mtu 1400/);
});

test('a renewal breaks nothing, and a lease that is given back hands the server over', { skip }, async (t) => {
  const scene = await openScene(t);
  await scene.serve(1);
  await scene.sh('/etc/init.d/dhcp.sh eth0');
  await scene.until(SERVER, /^10\.77\.1\.1\n$/);
  await scene.serve(2);
  await scene.sh('/etc/init.d/dhcp.sh');
  await scene.until('cat /tmp/razor-mk-net/enp3s0/next-server', /10\.77\.2\.1/);
  const before = await scene.sh('ip -4 addr show eth0; ip route');
  await scene.sh('kill -USR1 $(cat /var/run/udhcpc.eth0.pid)');
  await scene.sh('sleep 2');
  assert.equal(await scene.sh('ip -4 addr show eth0; ip route'), before);
  assert.equal(await scene.sh(SERVER), '10.77.1.1\n');
  await scene.sh('kill -USR2 $(cat /var/run/udhcpc.eth0.pid)');
  await scene.until(SERVER, /^10\.77\.2\.1\n$/);
  assert.doesNotMatch(await scene.sh('ip -4 addr show eth0; ip route'), /10\.77\.1\./);
  // dhcp.sh again makes the card without a lease ask; it does not take the server back
  await scene.sh('/etc/init.d/dhcp.sh');
  await scene.until('ip -4 addr show eth0', /inet 10\.77\.1\./);
  assert.equal(await scene.sh(SERVER), '10.77.2.1\n');
});

test(
  'the kernel line gives DHCP its client identifier and MTU, and keeps the name servers of leases out',
  { skip },
  async (t) => {
    const line = 'ip=dhcp,1,node7 ip=enp3s0:dhcp:1280 nameserver=10.0.0.53 rd.peerdns=0';
    const scene = await openScene(t, line);
    await scene.serve(
      2,
      '--dhcp-host=id:01:6e:6f:64:65:37,10.77.2.140',
      '--dhcp-option=option:dns-server,10.77.2.1',
      '--dhcp-option=option:mtu,1400',
    );
    await scene.sh('mkdir -p /tmp/razor-mk-net/kernel-line; echo 10.0.0.53 >/tmp/razor-mk-net/kernel-line/dns');
    await scene.sh('echo -1 >/tmp/razor-mk-net/kernel-line/order; /etc/init.d/dhcp.sh');
    await scene.until('ip -4 addr show enp3s0', /inet 10\.77\.2\.140\//);
    await scene.until('cat /tmp/razor-mk-net/enp3s0/dns', /10\.77\.2\.1/);
    assert.match(await scene.sh('ip link show enp3s0'), /mtu 1280/);
    assert.equal(await scene.until('cat /etc/resolv.conf', /./), 'nameserver 10.0.0.53\n');
  },
);

test('the card that the kernel line names as booted from wins, though its lease comes last', { skip }, async (t) => {
  const scene = await openScene(t, 'quiet BOOTIF=01-52-54-00-00-00-01');
  await scene.serve(2);
  await scene.sh('/etc/init.d/dhcp.sh');
  await scene.until(SERVER, /^10\.77\.2\.1\n$/);
  await scene.serve(1);
  await scene.until(SERVER, /^10\.77\.1\.1\n$/);
  assert.match(await scene.sh('ip route'), /default via 10\.77\.1\.1 dev eth0 +metric 10 *\n/);
});

test(
  'dhcp.sh starts one client a card, leaves running ones alone, and restarts them when told',
  { skip },
  async (t) => {
    const scene = await openScene(t);
    await scene.serve(1);
    await scene.serve(2, '--dhcp-option=121,10.8.0.0/16,10.77.2.9');
    const pids = 'cat /var/run/udhcpc.eth0.pid /var/run/udhcpc.enp3s0.pid';
    await scene.sh('/etc/init.d/dhcp.sh');
    await scene.until('ls /tmp/razor-mk-net/*/address', /enp3s0[\s\S]*eth0/);
    const first = await scene.sh(pids);
    await scene.sh('/etc/init.d/dhcp.sh');
    await scene.sh('sleep 1');
    assert.equal(await scene.sh(pids), first);
    assert.match(await scene.sh('ip route'), /10\.8\.0\.0\/16 via 10\.77\.2\.9 dev enp3s0/);
    await scene.sh('/etc/init.d/dhcp.sh restart eth0');
    await scene.until(pids, /^\d+\n\d+\n$/);
    await scene.until('cat /tmp/razor-mk-net/eth0/address', /10\.77\.1\./);
    const second = (await scene.sh(pids)).split('\n');
    assert.notEqual(second[0], first.split('\n')[0]);
    assert.equal(second[1], first.split('\n')[1]);
  },
);

test(
  'a card that the kernel line gives an address is not asked for another one, unless it is named',
  { skip },
  async (t) => {
    const static4 = '10.77.1.7::10.77.1.1:255.255.255.0:rack7';
    const cases: readonly [line: string, cards: string][] = [
      [`ip=${static4}:eth0:off:10.77.1.1`, 'enp3s0'],
      [`ip=${static4}`, ''],
      [`ip=${static4} ip=enp3s0:dhcp`, 'enp3s0'],
      ['ip=[2001:db8::7]::[2001:db8::1]:64::enp3s0:none', 'eth0'],
      ['ip=off', ''],
      ['ip=', ''],
      ['ip=::::::off', ''],
      ['razor.vlan=100', ''],
      ['razor.vlan=eth0.100 ip=eth0:dhcp', 'eth0'],
      ['ip=none ip=:::::enp3s0:dhcp', 'enp3s0'],
      ['ip=dhcp', 'enp3s0 eth0'],
      ['ip=::::rack7::dhcp', 'enp3s0 eth0'],
      ['ip=eth0:dhcp', 'enp3s0 eth0'],
      ['quiet xip=off razor.vlan=', 'enp3s0 eth0'],
    ];
    const scene = await openScene(t);
    const pids = 'cd /var/run && for file in udhcpc.*.pid; do [ -s "$file" ] && echo "$file"; done; true';
    for (const [line, cards] of cases) {
      await scene.sh(`echo 'quiet ${line}' >/proc/cmdline`);
      await scene.sh('/etc/init.d/dhcp.sh; sleep 0.5');
      const expected = cards
        .split(' ')
        .filter(Boolean)
        .map((card) => `udhcpc.${card}.pid`);
      if (expected.length > 0) await scene.until(pids, new RegExp(`^${expected.join('\n')}\n$`));
      assert.deepEqual((await scene.sh(pids)).trim().split('\n').filter(Boolean), expected, line);
      await scene.sh(`killall udhcpc 2>/dev/null; sleep 0.2; rm -f /var/run/udhcpc.*.pid`);
    }
    // whoever names a card is obeyed: that is the agent, on a VLAN
    await scene.sh(`echo 'ip=off' >/proc/cmdline; /etc/init.d/dhcp.sh restart eth0`);
    await scene.until(pids, /^udhcpc\.eth0\.pid\n$/);
  },
);
