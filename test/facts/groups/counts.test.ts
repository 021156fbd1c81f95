/** Numbers that were wrong on machines of the field, each on a made-up one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectFacts, factValues } from '../../../facts/facts.ts';
import { readInventory } from '../../../facts/inventory/inventory.ts';
import { decodeSmbios, structuresOf } from '../../../facts/smbios/smbios.ts';
import { type MadeUpMachine, madeUpSources } from '../../helpers/memory-origin.ts';
import { buildEntryPoint, buildTable, type StructureSpec } from '../../helpers/smbios-table.ts';

type Files = MadeUpMachine['files'];

async function factsOf(files: Files, os?: MadeUpMachine['os']): Promise<Record<string, string>> {
  return factValues(await collectFacts({ sources: madeUpSources({ files, os }) }));
}

function smbios(...structures: StructureSpec[]): Files {
  const table = buildTable(structures);
  return {
    '/sys/firmware/dmi/tables/DMI': table,
    '/sys/firmware/dmi/tables/smbios_entry_point': buildEntryPoint(table.length),
  };
}

/** A socket: status 0x41 is populated and enabled, 0x44 populated and idle, 0x42 disabled by the user, 0 empty. */
const socket = (handle: number, status: number): StructureSpec => ({
  type: 4,
  handle,
  length: 0x30,
  bytes: { 5: 3, 0x18: status },
  texts: { 4: `CPU${handle}`, 0x10: 'Xeon' },
});

test('a socket that firmware hands over idle is counted; one that is disabled or empty is not', async () => {
  const files = smbios(socket(1, 0x41), socket(2, 0x44), socket(3, 0x44), socket(4, 0x42), socket(5, 0));
  assert.equal((await factsOf(files))['mk_hw_cpu_count'], '3');
});

test('of processors that do not run the firmware tells the cores, never more of them than processors', () => {
  const present = (list: string): Files => ({
    '/sys/devices/system/cpu/present': `${list}\n`,
    '/proc/cpuinfo': 'processor\t: 0\nmodel name\t: Xeon\n\n',
  });
  const four: StructureSpec = { ...socket(1, 0x41), bytes: { 5: 3, 0x18: 0x41, 0x23: 4, 0x24: 4, 0x25: 8 } };
  const cores = (list: string): number | undefined =>
    readInventory(madeUpSources({ files: { ...present(list), ...cpu(0, 0, '0'), ...smbios(four) } })).cpu.cores;
  assert.deepEqual([cores('0-7'), cores('0-1'), cores('0')], [4, 2, 1]);
});

/** One CPU: its socket, core id, siblings, and the size of its first cache. */
function cpu(number: number, core: number, siblings: string, size?: string): Files {
  const base = `/sys/devices/system/cpu/cpu${number}`;
  return {
    [`${base}/topology/physical_package_id`]: '0\n',
    [`${base}/topology/core_id`]: `${core}\n`,
    [`${base}/topology/thread_siblings_list`]: `${siblings}\n`,
    [`${base}/topology/core_siblings_list`]: '0-3\n',
    ...(size === undefined
      ? {}
      : {
          [`${base}/cache/index0/level`]: '1\n',
          [`${base}/cache/index0/type`]: 'Data\n',
          [`${base}/cache/index0/size`]: `${size}\n`,
          [`${base}/cache/index0/shared_cpu_list`]: `${siblings}\n`,
        }),
  };
}

test('cores whose numbers begin anew in each die of a package are all counted', () => {
  const files = { ...cpu(0, 0, '0'), ...cpu(1, 1, '1'), ...cpu(2, 0, '2'), ...cpu(3, 1, '3') };
  assert.equal(readInventory(madeUpSources({ files })).cpu.cores, 4);
  const threads = { ...cpu(0, 0, '0,2'), ...cpu(1, 1, '1,3'), ...cpu(2, 0, '0,2'), ...cpu(3, 1, '1,3') };
  assert.equal(readInventory(madeUpSources({ files: threads })).cpu.cores, 2);
});

test('the caches of a hybrid processor are summed from each, also where the kernel does not name its kinds of cores', async () => {
  const common = {
    '/sys/devices/system/cpu/online': '0-3\n',
    '/sys/devices/system/cpu/present': '0-3\n',
    '/proc/cpuinfo': 'processor : 0\nmodel name : X\nflags : fpu lm\n',
  };
  const same = {
    ...common,
    ...cpu(0, 0, '0', '48K'),
    ...cpu(1, 1, '1', '48K'),
    ...cpu(2, 2, '2', '32K'),
    ...cpu(3, 3, '3', '32K'),
  };
  assert.equal((await factsOf(same))['mk_hw_lscpu_L1d_cache'], '160 KiB (4 instances)');
  const shared = {
    ...common,
    ...cpu(0, 0, '0,1', '48K'),
    ...cpu(1, 0, '0,1', '48K'),
    ...cpu(2, 2, '2', '32K'),
    ...cpu(3, 3, '3', '32K'),
  };
  assert.equal((await factsOf(shared))['mk_hw_lscpu_L1d_cache'], '112 KiB (3 instances)');
});

function pci(...devices: readonly (readonly [id: string, code: string])[]): Files {
  return Object.fromEntries(
    devices.map(([id, code], i) => [
      `/sys/bus/pci/devices/0000:0${i}:00.0/uevent`,
      `DRIVER=x\nPCI_CLASS=${code}\nPCI_ID=${id}\n`,
    ]),
  );
}

test('screens of management processors and of virtual machines are not GPUs; cards without a screen are accelerators too', async () => {
  const screens = [
    '1002:515E',
    '18CA:0020',
    '19E5:1711',
    '102B:0522',
    '1A03:2000',
    '1AF4:1050',
    '1234:1111',
    '1013:00B8',
    '15AD:0405',
  ];
  const none = await factsOf(pci(...screens.map((id) => [id, '30000'] as const)));
  assert.deepEqual([none['mk_gpu_count'], none['mk_accelerator_count']], ['0', '0']);
  // QEMU's ATI screen: a real id, and the subsystem of an emulated device
  const rage = (subsystem: string): Files => ({
    '/sys/bus/pci/devices/0000:00:02.0/uevent': `PCI_CLASS=30000\nPCI_ID=1002:5046\nPCI_SUBSYS_ID=${subsystem}\n`,
  });
  assert.equal((await factsOf(rage('1AF4:1100')))['mk_gpu_count'], '0');
  assert.equal((await factsOf(rage('1002:0008')))['mk_gpu_count'], '1');
  const some = await factsOf(
    pci(['1002:73BF', '30000'], ['10DE:1EB8', '30200'], ['8086:225C', 'b4000'], ['1D0F:7164', '120000']),
  );
  assert.deepEqual([some['mk_gpu_count'], some['mk_accelerator_count']], ['2', '3']);
});

test('the link of a Phi is not an InfiniBand card', async () => {
  const facts = await factsOf({
    '/sys/class/infiniband/scif0/node_guid': 'x\n',
    '/sys/class/infiniband/mlx4_0/fw_ver': '2\n',
  });
  assert.equal(facts['mk_infiniband_count'], '1');
});

test('only a PC without UEFI was started by a BIOS', async () => {
  const files = { '/proc/cmdline': 'quiet\n' };
  assert.equal((await factsOf(files, { machine: 'x86_64' }))['mk_firmware_mode'], 'bios');
  assert.equal((await factsOf(files, { machine: 'aarch64' }))['mk_firmware_mode'], undefined);
  assert.equal((await factsOf(files))['mk_firmware_mode'], undefined);
  assert.equal(
    (await factsOf({ ...files, '/proc/cpuinfo': 'processor : 0\nflags : fpu vme\n' }))['mk_firmware_mode'],
    'bios',
  );
});

test('a model’s name keeps the blank at its end, as Facter gave it', async () => {
  const facts = await factsOf({
    '/proc/cpuinfo': 'processor\t: 0\nmodel name\t: AMD Opteron(TM) Processor 6276 \nflags\t: fpu\n',
  });
  assert.equal(facts['processor0'], 'AMD Opteron(TM) Processor 6276 ');
});

const bios = (vendor: string, bits: number): StructureSpec => ({
  type: 0,
  handle: 0,
  length: 0x18,
  bytes: { 0x13: bits },
  texts: { 4: vendor },
});
const BARE = { '/proc/cpuinfo': 'processor : 0\nflags : fpu vmx\n', '/proc/2/comm': 'kthreadd\n' };

test('a physical machine is not virtual for the name of its BIOS; a firmware that says "virtual machine" is believed', async () => {
  const coreboot = await factsOf({ ...BARE, ...smbios(bios('SeaBIOS', 0)) });
  assert.deepEqual([coreboot['virtual'], coreboot['is_virtual']], ['physical', 'false']);
  const guest = await factsOf({ ...BARE, ...smbios(bios('Someone', 0x10)) });
  assert.equal(guest['is_virtual'], 'true');
  const flagged = await factsOf({
    ...BARE,
    ...smbios(bios('SeaBIOS', 0)),
    '/proc/cpuinfo': 'flags : fpu hypervisor\n',
  });
  assert.equal(flagged['is_virtual'], 'true');
});

test('node 10 comes after node 2', () => {
  const node = (id: number): Files => ({ [`/sys/devices/system/node/node${id}/cpulist`]: `${id}\n` });
  const inventory = readInventory(madeUpSources({ files: { ...node(0), ...node(2), ...node(10) } }));
  assert.deepEqual(
    inventory.numa.map(({ id }) => id),
    [0, 2, 10],
  );
});

test('a USB function of a class that needs no driver is not a gap; another one is', async () => {
  const usb = (path: string, code: string): Files => ({
    [`/sys/bus/usb/devices/${path}/modalias`]: `usb:v1234p5678d0100dc00dsc00dp00ic${code}isc00ip00in00\n`,
  });
  const ignored = await factsOf({ ...usb('1-1:1.0', 'FF'), ...usb('1-2:1.0', 'FE'), ...usb('1-3:1.0', 'DC') });
  assert.equal(ignored['mk_driver_gap_count'], '0');
  assert.equal((await factsOf(usb('1-4:1.0', '08')))['mk_driver_gap_count'], '1');
});

test('a memory module whose size is counted in KiB is as small as it says', () => {
  const table = buildTable([{ type: 17, handle: 1, length: 0x28, words: { 0x0c: 0x8000 | 512 } }]);
  const [module] = structuresOf(decodeSmbios(table), 'memoryDevice');
  assert.equal(module?.size, 512 * 1024);
});
