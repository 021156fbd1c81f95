import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeArchive, readArchive } from '../../../../facts/capture/archive.ts';
import { checkRedacted } from '../../../../facts/capture/redact/check-archive.ts';
import { captureMachine, captureSources, collectFacts, factValues } from '../../../../facts/facts.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';
import { CDP_FRAME, heardOn, LLDP_FRAME } from '../../../helpers/neighbour-frames.ts';

const MAC = '52:54:00:aa:bb:01';
const octets = [0x52, 0x54, 0x00, 0xaa, 0xbb, 0x01];
const UUID = '4c4c4544-0042-3510-8056-c4c04f4e5831';

/** One SMBIOS structure: type, the bytes behind the header, strings. */
function structure(type: number, bytes: readonly number[], ...strings: string[]): Buffer {
  const text = strings.length === 0 ? '\0\0' : `${strings.join('\0')}\0\0`;
  return Buffer.concat([Buffer.from([type, 4 + bytes.length, type, 0, ...bytes]), Buffer.from(text, 'latin1')]);
}

/** A table whose UUID lies in the byte order of SMBIOS 2.6 and later, or before. */
function table(modern: boolean): Buffer {
  const raw = [...Buffer.from(UUID.replaceAll('-', ''), 'hex')];
  const order = modern ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] : [...raw.keys()];
  const uuid = order.map((i) => raw[i] as number);
  const at = (length: number, values: Readonly<Record<number, number>>): number[] =>
    Array.from({ length: length - 4 }, (_, i) => values[i + 4] ?? 0);
  return Buffer.concat([
    structure(1, [1, 2, 0, 3, ...uuid, 6, 0, 0], 'ACME', 'Server 1', 'CZ3126K8X1'),
    structure(3, at(13, { 4: 1, 5: 23, 7: 2, 8: 3 }), 'ACME', 'CHAS-77K21', 'NASHVILLE-0042'),
    structure(11, [2], 'Dell System', 'Order 66XK12345'),
    structure(39, at(16, { 8: 1, 9: 2 }), 'PSU-8841X', 'PSUTAG-12A'),
    structure(42, [0x40, 13, 4, 13, 0x6b, 0x04, 0xb0, 0xff, 0, 0x3c, 0xec, 0xef, 0x00, 0x77, 0x01]),
    structure(209, [0, 2, ...octets]),
    structure(200, [0xde, 0xad, 0xbe, 0xef], 'SECRETSTRING1'),
    structure(127, []),
    Buffer.from('behind the end: CZ3126K8X1\0'),
  ]);
}

const entryPoint = (major: number, minor: number): Buffer =>
  Buffer.concat([Buffer.from('_SM_\0'), Buffer.from([0x1f, major, minor]), Buffer.alloc(0x18)]);

function page80(serial: string): Buffer {
  return Buffer.concat([Buffer.from([0, 0x80, 0, serial.length]), Buffer.from(serial)]);
}

const files = (modern: boolean): Record<string, string | Uint8Array> => ({
  '/proc/meminfo': 'MemTotal: 1048576 kB\n',
  '/proc/cmdline':
    'quiet BOOTIF=01-52-54-00-aa-bb-01 ip=10.0.0.7::10.0.0.1:255.255.255.0:rack7node:eth0 razor.server=razor.acme-site.org root=PARTUUID=1a2b3c4d-01',
  '/proc/sys/kernel/hostname': 'mk0417.acme-site.org\n',
  '/sys/firmware/dmi/tables/DMI': table(modern),
  '/sys/firmware/dmi/tables/smbios_entry_point': modern ? entryPoint(3, 0) : entryPoint(2, 4),
  '/sys/class/net/eth0/address': `${MAC}\n`,
  '/sys/class/net/eth0/type': '1\n',
  '/sys/class/net/eth0/ifindex': '2\n',
  '/sys/class/net/eth0/device/': '',
  '/sys/class/net/ib0/address': '80:00:00:48:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:a1:b2:c3\n',
  '/sys/class/net/ib0/type': '32\n',
  '/sys/class/infiniband/mlx4_0/node_guid': 'e41d:2d03:00a1:b2c0\n',
  '/sys/block/sda/device/vpd_pg80': page80('S3Z8NB0K123456'),
  '/sys/block/sda/device/wwid': 'naa.5000c500a1b2c3d4\n',
  '/sys/block/sdb/device/wwid': 't10.ATA     MADEUP SSD 860                          S3Z2NB0K7654321\n',
  '/sys/block/nvme0n1/device/serial': 'S649NX0R\0\0\0\n',
  '/sys/block/nvme0n1/wwid': `nvme.144d-${Buffer.from('S649NX0R').toString('hex')}-4d41-00000001\n`,
  '/dev/disk/by-path/pci-0000:00:1f.2-sas-0x5000c500a1b2c3d4-lun-0': '-> ../../sda',
  '/sys/bus/usb/devices/1-1/idVendor': '1234\n',
  '/sys/bus/usb/devices/1-1/idProduct': '5678\n',
  '/dev/ipmi0': '',
  '/sys/bus/usb/devices/1-1/serial': '7Z9\n',
  ...heardOn('eth0', LLDP_FRAME, CDP_FRAME),
});

/** What the management processor says, where it is asked. */
const programs = {
  'ipmitool mc info': 'Firmware Revision : 1.0\n',
  'ipmitool fru print': ' Board Serial          : BMCFRU-7K77\n Product Asset Tag     : BMCTAG-7K78\n',
  'ipmitool lan print': 'SNMP Community String   : kommunity\n',
};

const addresses = {
  eth0: [
    { family: 'IPv6' as const, address: 'fe80::5054:ff:feaa:bb01', netmask: 'ffff:ffff:ffff:ffff::', internal: false },
    {
      family: 'IPv6' as const,
      address: '2001:db8::5054:ff:feaa:bb09',
      netmask: 'ffff:ffff:ffff:ffff::',
      internal: false,
    },
  ],
};

/** All of an archive as one text in lower case: names, contents, the parsed manifest. */
async function contentOf(bytes: Buffer): Promise<string> {
  const archive = await readArchive(bytes, 'x');
  const parts = [...archive.files].map(([name, content]) => `${name}\n${content.toString('latin1')}`);
  return [...parts, JSON.stringify(archive.manifest)].join('\n').toLowerCase();
}

for (const modern of [true, false]) {
  const version = modern ? '3.0' : '2.4';
  test(`a redacted capture holds nothing that identifies, in text or bytes (SMBIOS ${version})`, async () => {
    const os = { hostname: 'mk0417.acme-site.org', addresses };
    const plain = await captureMachine({ sources: madeUpSources({ files: files(modern), os, programs }), all: true });
    const { bytes, changed } = await captureMachine({
      sources: madeUpSources({ files: files(modern), os, programs }),
      all: true,
      redact: true,
    });
    const [before, after] = [await contentOf(plain.bytes), await contentOf(bytes)];
    const hex = (text: string): string => Buffer.from(text, 'hex').toString('latin1').toLowerCase();
    const raw = UUID.replaceAll('-', '');
    const identifying = [
      ...[
        'aa:bb:01',
        'aa-bb-01',
        'feaa:bb01',
        'feaa:bb09',
        'a1:b2:c3',
        '00a1:b2c0',
        hex('525400aabb01'),
        hex('3cecef007701'),
      ],
      ...[modern ? hex('4445 4c4c 4200 1035'.replaceAll(' ', '')) : hex(raw.slice(0, 16)), hex(raw.slice(16))],
      ...[
        'cz3126k8x1',
        'chas-77k21',
        'nashville-0042',
        '66xk12345',
        'psu-8841x',
        'psutag-12a',
        'secretstring1',
        hex('deadbeef'),
      ],
      ...['s3z8nb0k123456', '5000c500a1b2c3d4', 's3z2nb0k7654321', 's649nx0r', Buffer.from('S649NX0R').toString('hex')],
      ...['7z9', 'mk0417', 'acme-site', 'rack7node', '1a2b3c4d', 'bmcfru-7k77', 'bmctag-7k78', 'kommunity'],
      // a neighbour: its MAC, its name, what it runs
      ...[hex('02005e100001'), 'switch-7', 'test switch 1.0', '6.18.44-fc-v595'],
    ];
    for (const value of identifying) {
      assert.ok(before.includes(value), `the plain capture has ${value}`);
      assert.ok(!after.includes(value), `the redacted one has not ${value}`);
    }
    for (const name of [
      'serialnumber',
      'uuid',
      'macaddress_eth0',
      'mk_disk_sda_serial',
      'mk_disk_sda_wwn',
      'hostname',
    ]) {
      assert.ok(changed.includes(name), name);
    }
    assert.ok(!changed.includes('manufacturer') && !changed.includes('memorysize') && !changed.includes('productname'));
  });
}

test('of a neighbour its place in the network is left: port, VLAN, a MAC and a name that are nobody’s', async () => {
  const { bytes } = await captureMachine({ sources: madeUpSources({ files: files(true) }), redact: true });
  const [nic] =
    (await collectFacts({ sources: await captureSources(bytes, 'redacted') })).inventory?.().interfaces ?? [];

  const [lldp, cdp] = nic?.neighbours ?? [];
  assert.equal(nic?.neighbours.length, 2);
  assert.match(lldp?.chassis?.text ?? '', /^02:00:5e:(?!10:00:01)/);
  assert.equal(lldp?.chassis?.text, cdp?.source);
  assert.equal(lldp?.system, cdp?.system);
  assert.deepEqual([lldp?.port?.text, lldp?.vlan, lldp?.systemDescription], ['GigabitEthernet1/0/12', 120, undefined]);
});

test('a redacted capture still fits together', async () => {
  const sources = madeUpSources({ files: files(true), os: { hostname: 'mk0417.acme-site.org', addresses } });
  const { bytes } = await captureMachine({ sources, redact: true });
  const replay = await captureSources(bytes, 'redacted');
  const facts = factValues(await collectFacts({ sources: replay }));
  assert.match(facts['macaddress_eth0'] ?? '', /^52:54:00:/);
  assert.equal(facts['mk_boot_mac'], facts['macaddress_eth0']);
  const [, b, c] = (facts['macaddress_eth0'] ?? '')
    .toLowerCase()
    .split(':')
    .slice(3)
    .map((part) => parseInt(part, 16));
  const last = (((b as number) << 8) | (c as number)).toString(16);
  assert.ok(facts['ipaddress6_eth0']?.startsWith('2001:db8::5054:ff:fe'), facts['ipaddress6_eth0']);
  assert.ok(replay.os().addresses['eth0']?.[0]?.address.endsWith(`:${last}`), 'the address that IPv6 makes of the MAC');
  assert.match(facts['mk_disk_sda_wwn'] ?? '', /^0x5000c5[0-9a-f]{10}$/);
  assert.ok(facts['mk_disk_sda_path']?.includes(facts['mk_disk_sda_wwn'] ?? 'none'), 'the path names the same disk');
  assert.match(facts['hostname'] ?? '', /^[a-z]{2}\d{4}$/);
});

test('one value left in the finished archive fails the capture, in whatever spelling, and the value is not named', async () => {
  const lines = [
    '52-54-00-AA-BB-01',
    '525400aabb01',
    '5254.00aa.bb01',
    'fe80::5054:ff:feaa:bb01',
    Buffer.from(octets).toString('latin1'),
  ];
  const secrets = [
    { kind: 'mac' as const, value: '525400aabb01' },
    { kind: 'serial' as const, value: 'CZ3126K8X1' },
    { kind: 'uuid' as const, value: UUID.replaceAll('-', '') },
  ];
  const wide = Buffer.from('CZ3126K8X1', 'utf16le').toString('latin1');
  const { bytes: empty } = await captureMachine({ sources: madeUpSources({ files: {} }) });
  const { manifest } = await readArchive(empty, 'x');
  const archive = (text: string): Promise<Buffer> =>
    writeArchive(manifest, new Map([['files/x', Buffer.from(`a ${text} b`, 'latin1')]]));
  for (const text of [...lines, 'cz3126k8x1', wide, UUID.toUpperCase(), '44454c4c-4200-1035-8056-c4c04f4e5831']) {
    await assert.rejects(
      checkRedacted(await archive(text), secrets),
      (error: unknown) =>
        error instanceof RazorMkError && error.code === 'RAZOR_MK_CAPTURE' && !error.message.includes(text),
      text,
    );
  }
  await checkRedacted(await archive('52:54:00:aa:bb:02 CZ3126K8X12'), secrets);
});
