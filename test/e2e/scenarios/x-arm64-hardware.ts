/** An arm64 machine whose hardware is named on QEMU's command line: each fact must be what QEMU was told. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureSources, changedFacts, collectFacts, factValues } from '../../../facts/facts.ts';
import { captureOf } from '../console.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';
import { IMAGE, lacks, NEEDS, PATIENCE } from './x-arm64.ts';

const CAPTURES = new URL('../../fixtures/captures', import.meta.url).pathname;
const UUID = '0b7a4c1e-53d2-4f7a-9c1d-2a6f8e0d4b12';

/** Facts that QEMU was told, or that its board has. */
const TOLD: Readonly<Record<string, string | RegExp>> = {
  architecture: 'aarch64',
  hardwareisa: 'unknown',
  hardwaremodel: 'aarch64',
  is_virtual: 'true',
  mk_firmware_mode: 'uefi',
  mk_secure_boot: 'false',
  processorcount: '2',
  physicalprocessorcount: '2',
  mk_hw_cpu_count: '2',
  manufacturer: 'Razor Works',
  productname: 'Arm Node',
  serialnumber: 'ARM-7001',
  uuid: new RegExp(UUID, 'i'),
  macaddress_eth0: '52:54:00:00:18:41',
  blockdevice_vda_size: String(64 * 1024 * 1024),
  blockdevice_nvme0n1_size: String(96 * 1024 * 1024),
  mk_disk_count: '2',
  mk_disk_nvme0n1_serial: 'NVME-7006',
  mk_asset_tag: 'AST-7004',
  boardserialnumber: 'BRD-7002',
  mk_hw_nic_count: '1',
  mk_numa_node0_cpus: '0-1',
  // what the firmware says: QEMU's own product name is another one here
  virtual: 'kvm',
};

export const scenario: Scenario = {
  id: 'x5',
  title: 'an arm64 machine as configured in QEMU: processors, SMBIOS, disks; facts against what QEMU was told',
  gate: false,
  minutes: 20,
  needs: NEEDS,
  lacks,
  async run(world) {
    const { site, lab } = await readySite(world, { image: IMAGE, discoverOnly: true });
    await site.lan.addTap('tap0');
    const disk = (name: string, mib: number): string => {
      const file = join(site.dir, `${name}.raw`);
      writeFileSync(file, '');
      truncateSync(file, mib * 1024 * 1024);
      return `file=${file},format=raw,if=none,id=${name}`;
    };
    const machine = await bootDirectly(world, site, IMAGE, {
      name: 'node1',
      firmware: 'uefi',
      memoryMiB: 768,
      nics: [{ mac: '52:54:00:00:18:41', tap: 'tap0' }],
      args: [
        ...['-smp', '2,sockets=2,cores=1', '-uuid', UUID],
        ...['-smbios', 'type=1,manufacturer=Razor Works,product=Arm Node,serial=ARM-7001,version=3'],
        ...['-smbios', 'type=2,manufacturer=Razor Works,product=Arm Board,serial=BRD-7002'],
        ...['-smbios', 'type=3,manufacturer=Razor Works,serial=CHS-7003,asset=AST-7004'],
        ...['-drive', disk('virtio', 64), '-device', 'virtio-blk-pci,drive=virtio,serial=VBLK-7005'],
        ...['-drive', disk('nvme', 96), '-device', 'nvme,drive=nvme,serial=NVME-7006'],
      ],
    });
    world.step('it registers');
    const { node = '' } = await lab.waitFor('registered', isEvent('registered'), PATIENCE);
    const { facts = {} } = (await site.lab('node', 'get', node)) as { facts?: Record<string, string> };
    writeFileSync(join(site.dir, 'facts.json'), `${JSON.stringify(facts, null, 1)}\n`);
    world.step('the machine is captured, and the capture gives the same facts here');
    const capture = await captureOf(machine, join(site.dir, 'virtio.raw'), PATIENCE);
    writeFileSync(join(site.dir, 'capture.tar.gz'), capture);
    const set = await collectFacts({ sources: await captureSources(capture, 'node1') });
    assert.deepEqual(
      changedFacts(facts, set).filter((name) => name in facts),
      [],
    );
    if (process.env['RAZOR_MK_RECORD'] !== undefined) {
      writeFileSync(join(CAPTURES, 'qemu-arm64.tar.gz'), capture);
      writeFileSync(join(CAPTURES, 'qemu-arm64.facts.json'), `${JSON.stringify(factValues(set), null, 1)}\n`);
      world.step('kept as test/fixtures/captures/qemu-arm64');
    }
    const wrong = Object.entries(TOLD)
      .filter(([name, want]) => (want instanceof RegExp ? !want.test(facts[name] ?? '') : facts[name] !== want))
      .map(([name, want]) => `${name}: told ${String(want)}, the fact is ${String(facts[name])}`);
    assert.deepEqual(wrong, []);
  },
};
