import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { collectFacts, factValues } from '../../facts/facts.ts';
import { parseExternal, parseKeyValue } from '../../facts/external.ts';
import { macOfLoadOption } from '../../facts/groups/system/boot.ts';
import { macOfBootif } from '../../platform/kernel-line.ts';
import { parseCpuinfo } from '../../facts/groups/compute/cpu.ts';
import { pageText, worldWideName } from '../../facts/groups/devices/read-disks.ts';
import { byNumberedName, fixed2, parseCpuList, scaledSize } from '../../facts/groups/format.ts';
import { missingFirmware } from '../../facts/groups/devices/gaps.ts';
import { parseEthtool } from '../../facts/groups/network/link.ts';
import { parseLldpctl, parseLldptool } from '../../facts/groups/network/neighbours/lldpctl.ts';
import { parseIpmitool } from '../../facts/groups/system/management.ts';
import { parseMeminfo } from '../../facts/groups/compute/memory.ts';
import { networkOf } from '../../facts/groups/network/network.ts';
import { pciAddressIn } from '../../facts/groups/devices/pci.ts';
import { whyJunkText } from '../../facts/identity/junk-texts.ts';
import { parseDmidecode } from '../../facts/second-opinion/dmidecode.ts';
import { editDistance, suggestNames } from '../../platform/near-names.ts';
import { madeUpSources } from '../helpers/memory-origin.ts';

/** Text made of the pieces that parsers look for, so that their branches are reached, and of anything. */
const PIECES = [
  '\n',
  '\t',
  ': ',
  ' : ',
  '=',
  ',',
  '-',
  '0',
  '7',
  '4095',
  'kB',
  'MemTotal',
  'Node 0 ',
  'processor',
  'model name',
  'Handle 0x0000',
  'DMI type 0, 20 bytes',
  'lldp.eth0.',
  'chassis.name',
  'port.ifname',
  'Chassis ID TLV',
  'Port ID TLV',
  'Permanent address',
  'firmware-version',
  'IP Address',
  'Direct firmware load for ',
  ' failed with error -2',
  'naa.',
  '5000c500a1b2c3d4',
  'BOOTIF',
  '/0000:00:1f.2/',
  'ff:ff',
  '\u0000',
  '"',
  '{',
  '}',
] as const;
const anyText = fc.oneof(
  fc.string({ maxLength: 300, unit: 'binary' }),
  fc
    .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 })), { maxLength: 60 })
    .map((list) => list.join('')),
);

const PARSERS: readonly (readonly [string, (text: string) => unknown])[] = [
  ['meminfo', parseMeminfo],
  ['cpuinfo', parseCpuinfo],
  ['cpu lists', (text) => parseCpuList(text)],
  ['dmidecode', parseDmidecode],
  ['lldpctl', parseLldpctl],
  ['lldptool', (text) => parseLldptool('eth0', text)],
  ['ipmitool', parseIpmitool],
  ['ethtool', (text) => parseEthtool(text, text)],
  ['kernel log', missingFirmware],
  ['BOOTIF', macOfBootif],
  ['world-wide names', worldWideName],
  ['key=value', parseKeyValue],
  ['networks', (text) => networkOf(text, text)],
  ['PCI addresses', pciAddressIn],
  ['fillers', whyJunkText],
];

/** Every text inside a value, of maps and arrays too. */
function texts(value: unknown, found: string[] = []): string[] {
  if (typeof value === 'string') found.push(value);
  else if (value instanceof Map) for (const [k, v] of value) texts([k, v], found);
  else if (Array.isArray(value)) for (const one of value) texts(one, found);
  else if (typeof value === 'object' && value !== null) texts(Object.values(value), found);
  return found;
}

for (const [name, parse] of PARSERS) {
  test(`the parser of ${name} never throws, ends, and gives texts no longer than its input`, () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const piece of texts(parse(text))) assert.ok(piece.length <= text.length + 60);
      }),
      { numRuns: 120 },
    );
  });
}

test('load options of the firmware and vital product data are read from any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.match(macOfLoadOption(bytes) ?? '00:00:00:00:00:00', /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      assert.ok((pageText(bytes) ?? '').length <= bytes.length);
    }),
    { numRuns: 200 },
  );
});

test('external facts of any text are texts, or an error that is caught where it is read', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, fc.constantFrom('json', 'yaml', 'txt'), async (text, kind) => {
      const values = await parseExternal(text, kind).catch(() => ({}));
      for (const value of Object.values(values)) assert.equal(typeof value, 'string');
    }),
    { numRuns: 120 },
  );
});

test('a CPU list written out is the list again', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(8192), { maxLength: 200 }), (numbers) => {
      const sorted = [...numbers].sort((a, b) => a - b);
      assert.deepEqual(parseCpuList(sorted.join(',')), sorted);
    }),
  );
});

test('sizes are what C prints: rounded half to even, divided while above 1024', () => {
  assert.equal(fixed2(0.125), '0.12');
  assert.equal(fixed2(0.375), '0.38');
  assert.equal(fixed2(24105.55859375), '24105.56');
  assert.equal(scaledSize(1024), '1024.00 MB');
  assert.equal(scaledSize(1024.01), '1.00 GB');
  fc.assert(
    fc.property(fc.nat(2 ** 31), (kilobytes) => {
      assert.ok(Math.abs(Number(fixed2(kilobytes / 1024)) - kilobytes / 1024) <= 0.005 + 1e-9);
    }),
  );
});

test('names are ordered by their numbers, and consistently', () => {
  assert.deepEqual(['eth10', 'lo', 'eth2', 'bond0'].sort(byNumberedName), ['bond0', 'eth2', 'eth10', 'lo']);
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      assert.equal(Math.sign(byNumberedName(a, b)) + Math.sign(byNumberedName(b, a)), 0);
    }),
  );
});

test('a mistyped name finds its neighbours', () => {
  assert.deepEqual(suggestNames('memroysize', ['memorysize', 'memoryfree', 'uptime'], 1), ['memorysize']);
  assert.deepEqual(suggestNames('mac', ['macaddress', 'virtual']), ['macaddress']);
  assert.equal(editDistance('abc', 'acb'), 1);
});

/** Any content in the files that all groups read. */
const FILES = [
  '/proc/cpuinfo',
  '/proc/meminfo',
  '/proc/cmdline',
  '/proc/uptime',
  '/proc/filesystems',
  '/proc/self/status',
  '/proc/self/mounts',
  '/proc/1/cgroup',
  '/proc/1/environ',
  '/proc/net/vlan/config',
  '/proc/net/bonding/bond0',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/debian_version',
  '/etc/redhat-release',
  '/etc/SuSE-release',
  '/sys/firmware/dmi/tables/DMI',
  '/sys/class/dmi/id/product_name',
  '/sys/class/dmi/id/chassis_type',
  '/sys/class/net/eth0/address',
  '/sys/class/net/eth0/flags',
  '/sys/class/net/eth0/speed',
  '/sys/class/net/eth0/uevent',
  '/sys/class/net/eth0/device/uevent',
  '/sys/block/sda/size',
  '/sys/block/sda/device/wwid',
  '/sys/block/sda/device/vpd_pg80',
  '/sys/bus/pci/devices/0000:00:1f.2/uevent',
  '/sys/bus/usb/devices/1-1/idVendor',
  '/sys/bus/usb/devices/1-1:1.0/modalias',
  '/sys/devices/system/node/node0/meminfo',
  '/sys/devices/system/node/node0/distance',
  '/sys/devices/system/cpu/present',
  '/sys/firmware/efi/efivars/BootCurrent-8be4df61-93ca-11d2-aa0d-00e098032b8c',
  '/dev/kmsg',
] as const;

test('whatever stands in its files, a gathering ends with names and values that are bounded texts, and no group fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom(...FILES), fc.oneof(anyText, fc.uint8Array({ maxLength: 100 })), { maxKeys: 20 }),
      async (contents) => {
        const set = await collectFacts({ sources: madeUpSources({ files: { ...contents } }) });
        for (const [name, value] of Object.entries(factValues(set))) {
          assert.match(name, /^[^!@#$%^&*()=+[\]{}\s]{1,256}$/);
          assert.equal(typeof value, 'string');
          assert.ok(value.length > 0 && value.length <= 65_536);
        }
        const failed = set.errors.filter(({ message }) => !message.startsWith('the SMBIOS table is damaged'));
        assert.deepEqual(failed, []);
        set.inventory?.();
      },
    ),
    { numRuns: 50 },
  );
});
