import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { armImplementer, armProcessor } from '../../../../facts/groups/compute/arm-processors.ts';
import { lscpuText } from '../../../../facts/hardware/native/native-lscpu.ts';
import { readInventory } from '../../../../facts/inventory/inventory.ts';
import { openSources } from '../../../../facts/sources/open.ts';
import { makeTree } from '../../../helpers/tree.ts';

const cpuinfo = (implementer: string, part: string, name = ''): string =>
  `processor\t: 0\n${name}BogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: ${implementer}\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: ${part}\nCPU revision\t: 1\n\n`;

/** One of each maker, of several parts, and an old kernel's own words for a processor. */
const KNOWN: readonly (readonly [implementer: string, part: string, name: string, line?: string])[] = [
  ['0x41', '0xd08', 'Cortex-A72'],
  ['0x41', '0xd0c', 'Neoverse-N1'],
  ['0x41', '0xd4f', 'Neoverse-V2'],
  ['0x41', '0xc07', 'Cortex-A7', 'model name\t: ARMv7 Processor rev 5 (v7l)\n'],
  ['0x42', '0x516', 'ThunderX2'],
  ['0x43', '0x0a1', 'ThunderX-88XX'],
  ['0x46', '0x001', 'A64FX'],
  ['0x48', '0xd01', 'Kunpeng-920'],
  ['0x4e', '0x004', 'Carmel'],
  ['0x51', '0xc00', 'Falkor'],
  ['0x70', '0x663', 'FTC663'],
];

test('an ARM processor is named by its maker’s and its own number, whatever the kernel calls it', (t) => {
  for (const [implementer, part, name, line] of KNOWN) {
    assert.equal(armProcessor(implementer, part), name);
    const sources = openSources({ root: makeTree(t, { 'proc/cpuinfo': cpuinfo(implementer, part, line) }) });
    assert.match(lscpuText(sources), new RegExp(`^Model name: ${name}$`, 'm'));
    assert.equal(readInventory(sources).cpu.model, name);
  }
  assert.equal(armProcessor('0X41', '0XD0C'), 'Neoverse-N1');
  assert.equal(armProcessor('0x43', '0xA1'), 'ThunderX-88XX');
});

test('a processor that no table has keeps the kernel’s words, and its maker the number', () => {
  for (const [implementer, part] of [
    ['0x41', '0xfff'],
    ['0x99', '0x001'],
    ['0xc0', '0xac3'],
    ['0x41', undefined],
    [undefined, '0xd0c'],
    ['0x41', 'constructor'],
    ['constructor', '0xd0c'],
  ])
    assert.equal(armProcessor(implementer, part), undefined);
  assert.equal(armImplementer('0xC0'), 'Ampere');
  assert.equal(armImplementer('0x99'), '0x99');
  assert.equal(armImplementer(undefined), undefined);
});

const noLscpu = spawnSync('lscpu', ['--version']).status === 0 ? false : 'lscpu is not installed';

test('the names are lscpu’s', { skip: noLscpu }, (t) => {
  for (const [implementer, part, name, line] of KNOWN) {
    const root = makeTree(t, {
      'proc/cpuinfo': cpuinfo(implementer, part, line),
      'sys/devices/system/cpu/possible': '0\n',
      'sys/devices/system/cpu/online': '0\n',
      'sys/devices/system/cpu/cpu0/topology/core_id': '0\n',
    });
    const said = spawnSync('lscpu', ['--sysroot', root], { encoding: 'utf8', env: { LC_ALL: 'C' } }).stdout;
    assert.equal(/^Model name: +(.*)$/m.exec(said)?.[1], name);
    assert.equal(/^Vendor ID: +(.*)$/m.exec(said)?.[1], armImplementer(implementer));
  }
});
