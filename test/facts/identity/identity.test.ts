import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openSources, readIdentity } from '../../../facts/facts.ts';
import { identityCandidates } from '../../../facts/identity/identity.ts';
import type { IdentityChoice } from '../../../facts/identity/identity-types.ts';
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

/** One card on a bus: `place` is its path below /sys/devices. */
function card(name: string, index: number, mac: string, place: string, more: TreeFiles = {}): TreeFiles {
  const device = `sys/devices/${place}`;
  const base = `${device}/net/${name}`;
  const files: Record<string, string | Uint8Array> = {
    [`sys/class/net/${name}`]: `-> ../../devices/${place}/net/${name}`,
    [`${base}/address`]: `${mac}\n`,
    [`${base}/ifindex`]: `${index}\n`,
    [`${base}/type`]: '1\n',
    [`${base}/device`]: '-> ../..',
  };
  for (const [path, content] of Object.entries(more)) {
    const full = path.startsWith('device/') ? `${device}/${path.slice(7)}` : `${base}/${path}`;
    files[full] = content;
  }
  return files;
}

const PCI = 'pci0000:00/0000:00:1c.0/0000:02:00.0';
const USB = 'pci0000:00/0000:00:14.0/usb1/1-5/1-5:1.0';
const driver = (name: string): TreeFiles => ({ 'device/driver': `-> ../drivers/${name}` });

/** Why a card beside a plain one is not part of the id; undefined when it is. */
function whyOut(t: TestContext, files: TreeFiles, choice?: IdentityChoice): string | undefined {
  const root = makeTree(t, { ...card('plain0', 1, '3c:ec:ef:00:01:01', PCI), ...files });
  const sources = openSources({ root });
  const candidate = identityCandidates(sources, choice).find(({ kind, from }) => kind === 'mac' && from !== 'plain0');
  const known = readIdentity(sources, choice).interfaces.some(({ name }) => name === candidate?.from);
  assert.equal(known, candidate?.junk === undefined, 'what is said of a card and what is sent agree');
  return candidate?.junk;
}

test('an address of a BMC, modem, phone, cable or part of another card is not this machine’s', (t) => {
  const own = '3c:ec:ef:00:02:02';
  const local = 'be:3a:f2:b6:05:9e';
  const cases: readonly (readonly [RegExp, TreeFiles])[] = [
    [/host interface, a phone or a gadget/, card('usb0', 2, own, USB, driver('rndis_host'))],
    [/locally administered/, card('usb0', 2, local, USB, driver('cdc_ether'))],
    [/locally administered/, card('usb0', 2, local, USB, driver('cdc_ncm'))],
    [/on USB, with a locally administered/, card('eth1', 2, local, USB)],
    [/on USB, with a locally administered/, nic('usb0', 2, local)],
    [/USB 046b:ffb0/, nic('usb0', 2, own, { device: '', 'device/uevent': 'PRODUCT=46b/ffb0/100\n' })],
    [/the same on all of them/, card('eth1', 2, 'be:3a:f2:b6:05:9f', USB, driver('other'))],
    [/USB 046b:ffb0/, card('eth1', 2, own, USB, { ...driver('cdc_ether'), 'device/uevent': 'PRODUCT=46b/ffb0/100\n' })],
    [/modem/, card('wwan0', 2, own, USB, { ...driver('cdc_ether'), uevent: 'DEVTYPE=wwan\n' })],
    [/modem/, card('wmx0', 2, own, USB, { uevent: 'DEVTYPE=wimax\n' })],
    [/modem/, card('eth1', 2, own, USB, driver('qmi_wwan'))],
    [/modem’s constant/, card('eth1', 2, '02:80:37:ec:02:00', PCI, driver('other'))],
    [/phone/, card('eth1', 2, own, USB, driver('ipheth'))],
    [/Thunderbolt/, card('thunderbolt0', 2, own, `${PCI}/domain0/0-0/0-1/0-1.0`, driver('thunderbolt-net'))],
    [/sub-function/, card('enp2s0f0s88', 2, own, `${PCI}/mlx5_core.sf.2`, driver('mlx5_core.sf'))],
    [/representor/, card('eth0_v0', 2, own, PCI, { phys_port_name: 'pf0vf0\n' })],
    [/representor/, card('eth0_sf', 2, own, PCI, { phys_port_name: 'c1pf0sf88\n' })],
    [/never programmed/, card('eth1', 2, '00:a0:c9:00:00:00', PCI, driver('igc'))],
    [/in-band card/, card('eth1', 2, 'fa:12:34:56:78:9a', PCI, driver('e1000e'))],
    [/FireWire/, card('fw0', 2, '00:11:22:33:44:55:66:77', PCI, { type: '24\n' })],
    [
      /InfiniBand/,
      card('ib0', 2, `80:00:00:48:fe:80${':00'.repeat(6)}:00:02:c9:03:00:a1:b2:c3`, PCI, { type: '32\n' }),
    ],
  ];
  for (const [why, files] of cases) assert.match(whyOut(t, files) ?? 'part of the id', why);
});

test('real cards stay in the id: on USB, an uplink of a switch, a virtual machine’s with an odd address', (t) => {
  const cases: readonly TreeFiles[] = [
    card('eth1', 2, '00:80:a3:00:02:02', USB, driver('smsc95xx')),
    card('eth1', 2, '00:e0:4c:00:02:02', USB, driver('r8152')),
    card('eth1', 2, '00:0e:c6:00:02:02', USB, driver('ax88179_178a')),
    card('eth1', 2, '00:e0:4c:00:02:03', USB, driver('cdc_ncm')),
    card('eth1', 2, '00:e0:4c:00:02:04', USB),
    nic('usb0', 2, '00:e0:4c:00:02:05'),
    nic('eth1', 2, '52:54:00:00:02:06'),
    card('enp2s0f0np0', 2, '3c:ec:ef:00:02:02', PCI, { ...driver('mlx5_core'), phys_port_name: 'p0\n' }),
    card('eth1', 2, 'fa:16:3e:00:02:02', PCI, driver('virtio_net')),
    card('eth1', 2, 'fa:16:3e:00:02:02', PCI, driver('e1000')),
    card('eth1', 2, 'fa:00:00:00:02:02', PCI, driver('virtio_net')),
    card('eth1', 2, '52:54:00:00:00:00', PCI, driver('e1000e')),
  ];
  for (const files of cases) assert.equal(whyOut(t, files), undefined);
});

/** An SMBIOS table with one structure of type 42 and the end. */
function hostInterface(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([42, 6 + bytes.length, 0, 0, 0x40, bytes.length, ...bytes, 0, 0, 127, 4, 1, 0, 0, 0]);
}

test('SMBIOS type 42 names the BMC’s card: by USB ids, by address, by place', (t) => {
  const table = 'sys/firmware/dmi/tables/DMI';
  const own = '3c:ec:ef:00:02:02';
  const octets = [0x3c, 0xec, 0xef, 0, 2, 2];
  const uevent = { 'device/uevent': 'PRODUCT=abcd/12/0\n' };
  const v1 = hostInterface([2, 0xcd, 0xab, 0x12, 0x00]);
  const v2 = hostInterface([4, 13, 0xcd, 0xab, 0x13, 0x00, 0, ...octets]);
  const pci = hostInterface([5, 20, 0x86, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
  const usbCard = card('eth1', 2, own, USB, { ...driver('cdc_ether'), ...uevent });
  assert.match(whyOut(t, { ...usbCard, [table]: v1 }) ?? '', /USB abcd:0012/);
  assert.match(whyOut(t, { ...card('eth1', 2, own, USB, driver('other')), [table]: v2 }) ?? '', /type 42/);
  // the card on 0000:02:00.0 is named; the plain one hangs there too, so another stands beside it
  const both = readIdentity(
    openSources({
      root: makeTree(t, {
        ...card('eth0', 1, own, PCI),
        ...card('eth1', 2, '3c:ec:ef:00:02:03', 'pci0000:00/0000:03:00.0'),
        [table]: pci,
      }),
    }),
  );
  assert.deepEqual(
    both.interfaces.map(({ name }) => name),
    ['eth1'],
  );
  assert.equal(whyOut(t, usbCard), undefined, 'without the table nothing is known of these ids');
});

test('two machines whose BMCs lend cards of one address have no address in common', (t) => {
  const idOf = (last: string): string[] => {
    const root = makeTree(t, {
      ...card('eth0', 2, `3c:ec:ef:00:0${last}:01`, PCI),
      ...card('usb0', 4, 'be:3a:f2:b6:05:9f', USB, driver('rndis_host')),
    });
    return readIdentity(openSources({ root })).interfaces.map(({ mac }) => mac);
  };
  assert.deepEqual([idOf('1'), idOf('2')], [['3c:ec:ef:00:01:01'], ['3c:ec:ef:00:02:01']]);
});

test('a machine with nothing but a foreign address has no id, and says which cards it has', (t) => {
  const root = makeTree(t, card('usb0', 2, 'be:3a:f2:b6:05:9f', USB, driver('rndis_host')));
  const identity = readIdentity(openSources({ root }));
  assert.deepEqual(identity.interfaces, []);
  assert.match(identity.note ?? '', /address of this machine’s own \(usb0\)/);
});

test('a switch takes a card in or out, by name or by any spelling of its address', (t) => {
  const usb = card('usb0', 2, 'be:3a:f2:b6:05:9f', USB, driver('rndis_host'));
  const plain = card('eth1', 2, '3c:ec:ef:00:02:02', PCI);
  for (const word of ['usb0', 'BE-3A-F2-B6-05-9F', 'be3af2b6059f']) {
    assert.equal(whyOut(t, usb, { include: [word], exclude: [] }), undefined, word);
  }
  for (const word of ['eth1', '3C:EC:EF:00:02:02']) {
    assert.match(whyOut(t, plain, { include: [], exclude: [word] }) ?? '', /left out by the configuration/);
  }
  assert.match(whyOut(t, plain, { include: ['eth1'], exclude: ['eth1'] }) ?? '', /left out/);
});
