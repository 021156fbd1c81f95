import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoutes4, parseRoutes6, routeTo, type Route } from '../../../agent/network/routes.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

test('routes of /proc/net/route that are up and lead somewhere', () => {
  const text =
    HEAD +
    'eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n' +
    'eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n' +
    'eth1\t0003000A\t00000000\t0002\t0\t0\t0\t00FFFFFF\t0\t0\t0\n' + // not up
    'eth1\t0004000A\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0\n' + // rejected
    'eth1\t0005000A\t00000000\t0001\n\n';
  assert.deepEqual(parseRoutes4(text), [
    { nic: 'eth0', family: 4, network: '0.0.0.0', gateway: '10.0.2.1', prefix: 0 },
    { nic: 'eth0', family: 4, network: '10.0.2.0', gateway: undefined, prefix: 24 },
  ]);
  // eight words are enough, and the first line is never a route
  assert.equal(parseRoutes4(`${HEAD}eth0 0002000A 00000000 0001 0 0 0 00FFFFFF`).length, 1);
  assert.deepEqual(parseRoutes4('eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n'), []);
  assert.deepEqual(parseRoutes4(''), []);
});

test('routes of /proc/net/ipv6_route, without those of the loopback', () => {
  const none = '0'.repeat(32);
  const row = (network: string, prefix: string, gateway: string, flags: string, nic: string): string =>
    `${network} ${prefix} ${none} 00 ${gateway} 00000400 00000001 00000000 ${flags} ${nic}\n`;
  const text =
    row('20010db8000000000000000000000000', '40', none, '00000001', 'eth0') +
    row(none, '00', 'fe80000000000000505400fffe000001', '00000003', 'eth0') +
    row(none, '00', none, '00200200', 'lo') +
    row(none, '00', none, '00000001', 'lo') +
    row(none, '00', none, '00000201', 'eth1') +
    row(none, '00', none, '00000002', 'eth1') +
    'cut off\n';
  assert.deepEqual(parseRoutes6(text), [
    { nic: 'eth0', family: 6, network: '2001:db8::', gateway: undefined, prefix: 64 },
    { nic: 'eth0', family: 6, network: '::', gateway: 'fe80::5054:ff:fe00:1', prefix: 0 },
  ]);
});

test('an address takes the route with the longest prefix of its family', () => {
  const route = (nic: string, network: string, prefix: number): Route => ({
    nic,
    network,
    prefix,
    gateway: undefined,
    family: network.includes(':') ? 6 : 4,
  });
  const routes = [
    route('default4', '0.0.0.0', 0),
    route('wide', '10.0.0.0', 8),
    route('narrow', '10.1.0.0', 17),
    route('default6', '::', 0),
    route('lan6', '2001:db8:0:1::', 64),
    route('host6', '2001:db8:0:1::5', 128),
    route('link6', 'fe80::', 10),
    route('full6', '1:2:3:4:5:6:7:0', 112),
  ];
  const to = (address: string, among = routes): string | undefined => routeTo(address, among)?.nic;
  assert.deepEqual(
    ['10.1.127.255', '10.1.128.0', '11.0.0.1'].map((a) => to(a)),
    ['narrow', 'wide', 'default4'],
  );
  assert.deepEqual(
    ['2001:db8:0:1::5', '2001:db8:0:1::6', '2001:db8:0:2::5', 'fe80::1%eth0', '::1', '1:2:3:4:5:6:7:8'].map((a) =>
      to(a),
    ),
    ['host6', 'lan6', 'default6', 'link6', 'default6', 'full6'],
  );
  assert.equal(to('10.0.0.1', [routes[3] as Route]), undefined);
  assert.equal(to('192.0.2.1', [routes[1] as Route]), undefined);
});
