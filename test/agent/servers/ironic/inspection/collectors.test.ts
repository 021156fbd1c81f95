import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLLECTORS } from '../../../../../agent/servers/ironic/inspection/collectors.ts';
import type { Inventory } from '../../../../../facts/facts.ts';

const collect = (name: string, inventory: object): unknown => COLLECTORS[name]?.(inventory as Inventory);

test('PCI and USB devices', () => {
  const device = { vendor: '8086', device: '10d3', class: '020000', address: '0000:00:02.0' };
  const common = { vendor_id: '8086', product_id: '10d3', class: '020000', bus: '0000:00:02.0' };
  assert.deepEqual(collect('pci-devices', { pci: [{ ...device, revision: '01', numaNode: 0 }, device] }), {
    pci_devices: [
      { ...common, revision: '01', numa_node_id: 0 },
      { ...common, revision: '', numa_node_id: null },
    ],
  });
  const stick = { vendor: '1d6b', device: '0002', path: '1-1' };
  assert.deepEqual(collect('usb-devices', { usb: [stick, { ...stick, product: 'Stick', manufacturer: 'Maker' }] }), {
    usb_devices: [
      { product: '0002', vendor: '1d6b', handle: '1-1' },
      { product: 'Stick', vendor: 'Maker', handle: '1-1' },
    ],
  });
});

test('NUMA nodes; CPUs are listed where each is a core of its own', () => {
  const inventory = (cores: number): object => ({
    numa: [
      { id: 0, memory: 5000, cpus: [0, 1] },
      { id: 1, memory: undefined, cpus: [] },
    ],
    cpu: { cores, count: 2 },
    interfaces: [
      { name: 'eth0', numaNode: 0 },
      { name: 'eth1', numaNode: undefined },
    ],
  });
  const rest = {
    ram: [
      { numa_node: 0, size_kb: 4 },
      { numa_node: 1, size_kb: 0 },
    ],
    nics: [{ name: 'eth0', numa_node: 0 }],
  };
  const cpus = [0, 1].map((cpu) => ({ cpu, numa_node: 0, thread_siblings: [cpu] }));
  assert.deepEqual(collect('numa-topology', inventory(2)), { numa_topology: { ...rest, cpus } });
  assert.deepEqual(collect('numa-topology', inventory(1)), { numa_topology: { ...rest, cpus: [] } });
});

test('what dmidecode would say', () => {
  const slots = [
    { locator: 'A1', size: 2 ** 34, type: 'DDR4', speed: 3200, manufacturer: 'M', part: 'P', serial: 'S' },
    { size: 0 },
    {},
  ];
  const found = collect('dmi-decode', {
    firmware: { vendor: 'V' },
    cpu: { sockets: 2, model: 'X' },
    memory: { slots },
  }) as {
    dmi: { bios: object; cpu: object[]; memory: { devices: Record<string, string>[] } };
  };
  assert.deepEqual(found.dmi.bios, { Vendor: 'V', Version: '', 'Release Date': '' });
  assert.deepEqual(found.dmi.cpu, [{ Version: 'X' }, { Version: 'X' }]);
  assert.deepEqual(
    found.dmi.memory.devices.map((each) => Object.values(each).join(',')),
    ['A1,16384 MB,DDR4,3200 MT/s,M,P,S', ',No Module Installed,,Unknown,,,', ',Unknown,,Unknown,,,'],
  );
});

test('LLDP by card', () => {
  const tlvs = [[1, '0452']];
  const interfaces = [
    {
      name: 'eth0',
      neighbours: [
        { protocol: 'cdp', tlvs: [[9, 'x']] },
        { protocol: 'lldp', tlvs: [] },
        { protocol: 'lldp', tlvs },
      ],
    },
    { name: 'eth1', neighbours: [] },
  ];
  assert.deepEqual(collect('lldp', { interfaces }), { lldp_raw: { eth0: tlvs, eth1: [] } });
});
