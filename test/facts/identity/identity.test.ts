import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSources, readIdentity } from '../../../facts/facts.ts';
import { makeTree, type TreeFiles } from '../../helpers/tree.ts';

function nic(name: string, index: number, mac: string, more: TreeFiles = { device: '' }): TreeFiles {
  const base = `sys/class/net/${name}`;
  const files: Record<string, string | Uint8Array> = {
    [`${base}/address`]: `${mac}\n`,
    [`${base}/ifindex`]: `${index}\n`,
    [`${base}/type`]: '1\n',
  };
  for (const [path, content] of Object.entries(more)) {
    if (path === 'device') files[`${base}/device/`] = '';
    else files[`${base}/${path}`] = content;
  }
  return files;
}

test('hw_id takes every Ethernet card in kernel order, whatever its name, and nothing that is built on one', (t) => {
  const root = makeTree(t, {
    ...nic('enp3s0f1', 3, '52:54:00:00:00:02'),
    ...nic('eth9', 2, '52:54:00:00:00:01'),
    ...nic('em1', 12, '52:54:00:00:00:03'),
    ...nic('br0', 4, '52:54:00:00:00:01', { 'bridge/bridge_id': 'x' }),
    ...nic('bond0', 5, '52:54:00:00:00:01', { 'bonding/mode': 'x' }),
    ...nic('eth9.100', 6, '52:54:00:00:00:01', { uevent: 'DEVTYPE=vlan\n' }),
    ...nic('veth1', 7, '52:54:00:00:00:09', {}),
    ...nic('wlan0', 8, '52:54:00:00:00:0a', { device: '', 'phy80211/name': 'phy0' }),
    ...nic('ens1v0', 9, '52:54:00:00:00:0b', { 'device/physfn/vendor': '0x8086' }),
    ...nic('lo', 1, '00:00:00:00:00:00', { type: '772\n' }),
  });
  const identity = readIdentity(openSources({ root }));
  assert.deepEqual(identity.interfaces, [
    { name: 'eth9', mac: '52:54:00:00:00:01' },
    { name: 'enp3s0f1', mac: '52:54:00:00:00:02' },
    { name: 'em1', mac: '52:54:00:00:00:03' },
  ]);
  assert.equal(identity.note, undefined);
});

test('members of a bond count with the address of their own, from sysfs or from /proc/net/bonding', (t) => {
  const root = makeTree(t, {
    ...nic('eth0', 2, '52:54:00:00:00:01', {
      device: '',
      'bonding_slave/perm_hwaddr': '52:54:00:00:00:0C\n',
      master: '-> ../bond0',
    }),
    ...nic('eth1', 3, '52:54:00:00:00:01', { device: '', master: '-> ../bond0' }),
    ...nic('bond0', 4, '52:54:00:00:00:01', { 'bonding/mode': 'x' }),
    'proc/net/bonding/bond0':
      'Bonding Mode: x\n\nSlave Interface: eth0\nPermanent HW addr: 52:54:00:00:00:0c\n\nSlave Interface: eth1\nPermanent HW addr: 52:54:00:00:00:0d\n',
  });
  assert.deepEqual(
    readIdentity(openSources({ root })).interfaces.map((i) => i.mac),
    ['52:54:00:00:00:0c', '52:54:00:00:00:0d'],
  );
});

test('a container without hardware uses every Ethernet-type interface but lo, and says so', (t) => {
  const root = makeTree(t, {
    ...nic('eth0', 2, '02:42:ac:11:00:02', {}),
    ...nic('lo', 1, '00:00:00:00:00:00', { type: '772\n' }),
  });
  const identity = readIdentity(openSources({ root }));
  assert.deepEqual(identity.interfaces, [{ name: 'eth0', mac: '02:42:ac:11:00:02' }]);
  assert.match(identity.note ?? '', /container/);
});
