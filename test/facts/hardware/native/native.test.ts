import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { originOf } from '../../../../platform/rules/fact-origins.ts';
import { LSCPU, LSHW, lshwHardware, nativeHardware } from '../../../../facts/hardware/collect-hardware.ts';
import { registerPciIds } from '../../../../facts/hardware/hardware.ts';
import { collectFacts } from '../../../../facts/facts.ts';
import { buildEntryPoint, buildTable, SERVER, type StructureSpec } from '../../../helpers/smbios-table.ts';
import { type MadeUpMachine, madeUpSources } from '../../../helpers/memory-origin.ts';

registerPciIds(() => '8086  Intel Corporation\nC 02  Network controller\n\t00  Ethernet controller\n');

function facts(files: MadeUpMachine['files'], os?: MadeUpMachine['os']): Record<string, string> {
  return Object.fromEntries(nativeHardware(madeUpSources({ files, ...(os === undefined ? {} : { os }) })));
}

function withSmbios(structures: readonly StructureSpec[]): Record<string, Buffer> {
  const table = buildTable(structures);
  return {
    '/sys/firmware/dmi/tables/DMI': table,
    '/sys/firmware/dmi/tables/smbios_entry_point': buildEntryPoint(table.length),
  };
}

function nic(name: string, address: string, more: Record<string, string> = {}): Record<string, string> {
  const device = `/sys/devices/pci0000:00/${address}`;
  const net = `${device}/net/${name}`;
  return {
    [`/sys/class/net/${name}`]: `-> ${net}`,
    [`/sys/bus/pci/devices/${address}`]: `-> ${device}`,
    [`${device}/class`]: '0x020000\n',
    [`${device}/vendor`]: '0x8086\n',
    [`${device}/device`]: '0x100e\n',
    [`${device}/revision`]: '0x03\n',
    [`${device}/driver`]: '-> ../../../bus/pci/drivers/e1000',
    [`${net}/device`]: '-> ../..',
    [`${net}/type`]: '1\n',
    [`${net}/flags`]: '0x1003\n',
    [`${net}/address`]: '52:54:00:00:00:01\n',
    [`${net}/carrier`]: '1\n',
    [`${net}/speed`]: '1000\n',
    [`${net}/duplex`]: 'full\n',
    ...more,
  };
}

test('an empty machine has the facts that rules ask for, and no more than it knows', () => {
  const found = facts({});
  assert.equal(found['mk_hw_cpu_count'], '1');
  assert.equal(found['mk_hw_nic_count'], '0');
  assert.equal(found['mk_hw_bus_vendor'], undefined);
  assert.equal(found['mk_hw_mem_size'], undefined);
  assert.match(originOf('mk_hw_mem_size')?.absent ?? '', /^neither the memory slots .* nor \/proc\/meminfo say it$/);
});

test('the memory size is the slots’ sum, without slots what Linux has', () => {
  const meminfo = { '/proc/meminfo': 'MemTotal:       3926784 kB\n' };
  assert.equal(facts(meminfo)['mk_hw_mem_size'], '3834MiB');
  assert.equal(facts({ ...meminfo, ...withSmbios(SERVER) })['mk_hw_mem_size'], '64GiB');
});

test('the board, its firmware and processors come from SMBIOS', () => {
  const found = facts(withSmbios(SERVER));
  assert.equal(found['mk_hw_bus_vendor'], 'Example Boards');
  assert.equal(found['mk_hw_bus_serial'], 'B-7');
  assert.equal(found['mk_hw_fw_version'], 'F12');
  assert.equal(found['mk_hw_fw_capacity'], '2GiB');
  assert.match(
    found['mk_hw_mem_memory_json_str'] ?? '',
    /"description":"DIMM DDR4 Synchronous Registered \(Buffered\) 2933 MHz \(0.3 ns\)"/,
  );
  assert.match(found['mk_hw_mem_memory_json_str'] ?? '', /"description":"DIMM \[empty\]"/);
  assert.match(found['mk_hw_proc_cpu_json_str'] ?? '', /"cores=300 enabledcores=288 threads=600"/);
});

test('a second board that names what it holds does not take the place of the first', () => {
  const first: StructureSpec = {
    type: 2,
    handle: 2,
    length: 15,
    texts: { 4: 'Maker', 5: 'Main' },
    bytes: { 0x0d: 10 },
  };
  const second: StructureSpec = {
    type: 2,
    handle: 0x20,
    length: 17,
    texts: { 4: 'Maker', 5: 'Riser' },
    bytes: { 0x0d: 8, 0x0e: 1 },
    words: { 0x0f: 0x40 },
  };
  const cpu: StructureSpec = { type: 4, handle: 0x40, length: 42, bytes: { 0x18: 0x41 } };
  const found = facts(withSmbios([first, second, cpu]));
  assert.equal(found['mk_hw_bus_product'], 'Main');
  assert.match(found['mk_hw_bus_board_json_str'] ?? '', /"product":"Riser"/);
  assert.equal(found['mk_hw_cpu_count'], '1');
});

test('an empty socket is not counted, a processor switched off by the firmware neither', () => {
  const cpu = (handle: number, status: number): StructureSpec => ({
    type: 4,
    handle,
    length: 42,
    bytes: { 0x18: status },
  });
  const found = facts(withSmbios([cpu(4, 0x41), cpu(5, 0x00), cpu(6, 0x43), cpu(7, 0x41)]));
  assert.equal(found['mk_hw_cpu_count'], '2');
});

test('a network card is described by its bus, its driver and its link', () => {
  const files = { ...nic('eth0', '0000:00:03.0'), '/proc/net/dev': 'head\nhead\n  eth0: 1 2\n    lo: 1 2\n' };
  const found = facts(files, {
    release: '6.1.0',
    addresses: { eth0: [{ family: 'IPv4', address: '10.0.0.7', netmask: '', internal: false }] },
  });
  assert.equal(found['mk_hw_nic_count'], '1');
  assert.equal(found['mk_hw_nic0_bus_info'], 'pci@0000:00:03.0');
  assert.equal(found['mk_hw_nic0_logical_name'], 'eth0');
  assert.equal(found['mk_hw_nic0_size'], '1Gbit/s');
  assert.equal(
    found['mk_hw_nic0_configuration'],
    'autonegotiation=on broadcast=yes driver=e1000 driverversion=6.1.0 duplex=full ip=10.0.0.7 latency=0 link=yes multicast=yes port=twisted pair speed=1Gbit/s',
  );
});

test('a card that is down is not counted, as lshw marks it disabled; a virtual interface is no card', () => {
  const down = nic('eth0', '0000:00:03.0', { '/sys/devices/pci0000:00/0000:00:03.0/net/eth0/flags': '0x1002\n' });
  const bridge = {
    '/sys/class/net/br0': '-> /sys/devices/virtual/net/br0',
    '/sys/devices/virtual/net/br0/type': '1\n',
  };
  assert.equal(facts({ ...down, ...bridge })['mk_hw_nic_count'], '0');
});

test('the id of a partition table is part of a disk’s configuration', () => {
  const disk = '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0';
  const start = Buffer.alloc(8192);
  start.writeUInt32LE(0x1234abcd, 440);
  start.writeUInt16LE(0xaa55, 510);
  const files = (content: Buffer) => ({
    '/sys/class/scsi_generic/sg0/device': `-> ${disk}`,
    '/sys/class/block/sda': `-> ${disk}/block/sda`,
    [`${disk}/type`]: '0\n',
    [`${disk}/vendor`]: 'ATA     \n',
    [`${disk}/scsi_level`]: '6\n',
    [`${disk}/block/sda/size`]: '2097152\n',
    [`${disk}/block/sda/sda1/size`]: '1\n',
    [`${disk}/block/sda/queue/logical_block_size`]: '512\n',
    [`${disk}/vpd_pg80`]: Buffer.from([0, 0x80, 0, 4, 0x41, 0x42, 0x43, 0x44]),
    '/dev/sda': content,
  });
  const dos = facts(files(start));
  assert.equal(dos['mk_hw_disk0_description'], 'ATA Disk');
  assert.equal(dos['mk_hw_disk0_serial'], 'ABCD');
  assert.equal(dos['mk_hw_disk0_size'], '1GiB (1073MB)');
  assert.equal(dos['mk_hw_disk0_configuration'], 'ansiversion=5 logicalsectorsize=512 signature=1234abcd');
  start.write('EFI PART', 512, 'latin1');
  start.writeUInt32LE(0x00010000, 520);
  start.set(Buffer.from('00112233445566778899aabbccddeeff', 'hex'), 568);
  const gpt = facts(files(start));
  assert.match(gpt['mk_hw_disk0_configuration'] ?? '', /guid=33221100-5544-7766-8899-aabbccddeeff/);
  assert.equal(facts(files(Buffer.alloc(100)))['mk_hw_disk0_configuration'], 'ansiversion=5 logicalsectorsize=512');
});

test('4,096 CPUs, 512 disks and 200 cards are all there', () => {
  const files: Record<string, string> = {
    '/sys/devices/system/cpu/online': '0-4095\n',
    '/sys/devices/system/cpu/present': '0-4095\n',
  };
  let cpuinfo = '';
  for (let cpu = 0; cpu < 4096; cpu += 1) {
    cpuinfo += `processor\t: ${cpu}\nsiblings\t: 512\nmodel name\t: Big\nflags\t\t: fpu lm vme\n\n`;
  }
  files['/proc/cpuinfo'] = cpuinfo;
  for (let disk = 0; disk < 512; disk += 1) {
    const path = `/sys/devices/pci0000:00/0000:00:1f.2/host${disk}/target${disk}:0:0/${disk}:0:0:0`;
    files[`/sys/class/scsi_generic/sg${disk}/device`] = `-> ${path}`;
    files[`${path}/type`] = '0\n';
  }
  for (let card = 0; card < 200; card += 1) {
    const address = `0000:${(card + 1).toString(16).padStart(2, '0')}:00.0`;
    Object.assign(files, nic(`eth${card}`, address, {}));
    files[`/sys/devices/pci0000:00/${address}/net/eth${card}/address`] =
      `52:54:00:00:00:${(card + 1).toString(16).padStart(2, '0')}\n`;
  }
  const found = facts(files);
  assert.equal(found['mk_hw_cpu_count'], '8');
  assert.equal(found['mk_hw_cpu7_product'], 'Big');
  assert.equal(found['mk_hw_disk_count'], '512');
  assert.equal(found['mk_hw_nic_count'], '200');
});

test('files that fail or hold nonsense cost only what they would have said', () => {
  const machine: MadeUpMachine = {
    files: {
      ...nic('eth0', '0000:00:03.0'),
      '/proc/meminfo': 'MemTotal: lots\n',
      '/sys/firmware/dmi/tables/DMI': Buffer.from([1, 2]),
    },
    failing: { '/proc/cpuinfo': 'EIO', '/sys/devices/pci0000:00/0000:00:03.0/config': 'EIO' },
  };
  const found = nativeHardware(madeUpSources(machine));
  assert.equal(found.get('mk_hw_nic_count'), '1');
  assert.equal(found.get('mk_hw_nic0_version'), '03');
  assert.equal(found.get('mk_hw_cpu_count'), '1');
});

test('any content of the files that are read gives strings, without an exception', () => {
  const paths = Object.keys({
    ...nic('eth0', '0000:00:03.0'),
    ...withSmbios([]),
    '/proc/cpuinfo': '',
    '/proc/meminfo': '',
    '/proc/net/dev': '',
  }).filter((path) => !/driver$|class\/net|bus\/pci|device$/.test(path));
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...paths), fc.oneof(fc.string(), fc.uint8Array({ maxLength: 300 }))),
      (changed) => {
        const files = { ...nic('eth0', '0000:00:03.0'), ...changed };
        for (const [name, value] of nativeHardware(madeUpSources({ files }))) {
          assert.ok(name.startsWith('mk_hw_') && typeof value === 'string' && value.length < 65_536);
        }
      },
    ),
  );
});

test('lshw is run once, and lscpu once', async () => {
  const argvs: string[] = [];
  const sources = madeUpSources({ files: {} });
  const xml =
    '<node id="x" class="system"><node id="network" class="network" claimed="true"><serial>a</serial></node></node>';
  const run = async (argv: readonly string[]) => {
    argvs.push(argv.join(' '));
    const stdout = Buffer.from(argv[0] === 'lshw' ? xml : 'Architecture: x86_64\n');
    return { argv, status: 0, signal: undefined, failure: undefined, stdout, stderr: Buffer.alloc(0), durationMs: 0 };
  };
  const found = await lshwHardware({ ...sources, run });
  assert.deepEqual(argvs, [LSHW.join(' '), LSCPU.join(' ')]);
  assert.equal(found.get('mk_hw_nic0_serial'), 'a');
  assert.equal(found.get('mk_hw_lscpu_Architecture'), 'x86_64');
});

test('where lshw was asked for and is missing, the facts come from files and the gathering says so', async () => {
  const sources = madeUpSources({ files: { '/proc/meminfo': 'MemTotal: 2097152 kB\n' } });
  const set = await collectFacts({ sources, hardware: 'lshw' });
  assert.equal(set.facts.get('mk_hw_mem_size')?.value, '2GiB');
  assert.match(set.errors.find(({ group }) => group === 'hardware')?.message ?? '', /lshw gave no devices: not-found/);
});
