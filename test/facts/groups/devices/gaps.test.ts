import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingFirmware, readGaps } from '../../../../facts/groups/devices/gaps.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';

const USB = '/sys/bus/usb/devices';

test('USB interfaces without a driver are gaps, but not vendor-specific, debug and firmware-update ones', () => {
  const alias = (kind: string): string => `usb:v0B95p1790d0100dc00dsc00dp00ic${kind}iscFFip00in00\n`;
  const files: Record<string, string> = {};
  for (const [index, kind] of ['02', 'FE', 'FF', 'DC', '11', '08'].entries()) {
    files[`${USB}/1-${index + 1}:1.0/modalias`] = alias(kind);
    files[`${USB}/1-${index + 1}:1.0/bInterfaceClass`] = `${kind.toLowerCase()}\n`;
  }
  files[`${USB}/1-6:1.0/driver`] = '-> ../../drivers/usb-storage';
  const { devices } = readGaps(madeUpSources({ files }));
  assert.deepEqual(
    devices.map(({ address, bus, id, kind }) => [address, bus, id, kind]),
    [['1-1:1.0', 'usb', '0b95:1790', 'usb function']],
  );
});

test('PCI devices of the kinds that matter are gaps while no driver has them, a plain VGA screen is none', () => {
  const files: Record<string, string> = {};
  const classes = ['020000', '010802', '030000', '030200', '060400', '108000', '120000', 'ff0000'];
  for (const [index, code] of classes.entries()) {
    const base = `/sys/bus/pci/devices/0000:00:0${index}.0`;
    files[`${base}/class`] = `0x${code}\n`;
    files[`${base}/vendor`] = '0x8086\n';
    files[`${base}/device`] = `0x100${index}\n`;
  }
  files['/sys/bus/pci/devices/0000:00:01.0/driver'] = '-> ../../../bus/pci/drivers/nvme';
  const { devices } = readGaps(madeUpSources({ files }));
  assert.deepEqual(
    devices.map(({ id, kind }) => `${id} ${kind}`),
    [
      '8086:1000 network',
      '8086:1003 display',
      '8086:1005 encryption',
      '8086:1006 accelerator',
      '8086:1007 unclassified',
    ],
  );
});

test('missing firmware is found in every form that drivers log it in, each file once and in order', () => {
  const log = [
    'bnx2 0000:02:00.0: Direct firmware load for bnx2/z.fw failed with error -2',
    'iwlwifi 0000:03:00.0: Direct firmware load for iwlwifi-1.ucode failed with error -2',
    'bnx2 0000:02:00.0: Direct firmware load for bnx2/z.fw failed with error -2',
    'r8169 0000:04:00.0: failed to load firmware file rtl_nic/r.fw (-2)',
    'firmware file "a/b.bin" not found',
    'firmware: failed to load amd/x.bin (-2)',
  ].join('\n');
  assert.deepEqual(missingFirmware(log), ['a/b.bin', 'amd/x.bin', 'bnx2/z.fw', 'iwlwifi-1.ucode', 'rtl_nic/r.fw']);
  assert.deepEqual(missingFirmware('all is well'), []);
});
