import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  lscpuFacts,
  LSHW_CLASSES,
  lshwClassFacts,
  lshwFacts,
  slotFacts,
} from '../../../../facts/hardware/lshw/lshw-facts.ts';
import { parseLshwText } from '../../../../facts/hardware/lshw/lshw-text.ts';

function facts(lshwClass: (typeof LSHW_CLASSES)[number], text: string): Record<string, string> {
  return Object.fromEntries(lshwClassFacts(lshwClass, text));
}

test('one processor without a number gives no count, numbered ones do, as the original counted', () => {
  assert.equal(facts('processor', '  *-cpu\n       product: One\n')['mk_hw_cpu_count'], undefined);
  const two = facts('processor', '  *-cpu:0\n       product: One\n  *-cpu:1\n       product: Two\n');
  assert.equal(two['mk_hw_cpu_count'], '2');
  assert.equal(two['mk_hw_cpu1_product'], 'Two');
});

test('disabled nodes of an array are dropped, and the others move up', () => {
  const found = facts(
    'network',
    '  *-network:0 DISABLED\n       serial: a\n  *-network:1\n       serial: b\n  *-network:2 UNCLAIMED\n       version: c\n',
  );
  assert.equal(found['mk_hw_nic_count'], '2');
  assert.equal(found['mk_hw_nic0_serial'], 'b');
  assert.equal(found['mk_hw_nw_network_array_json_str'], '[{"serial":"b"},{"UNCLAIMED":true,"version":"c"}]');
});

test('networks and disks are arrays even without numbers; namespaces, media and virtio disks are no disks', () => {
  assert.equal(facts('network', '  *-network\n       serial: a\n')['mk_hw_nic0_serial'], 'a');
  const found = facts(
    'disk',
    '  *-namespace:0\n       size: 1\n  *-virtio1\n       size: 2\n  *-disk\n       size: 3\n     *-medium\n          size: 4\n',
  );
  assert.equal(found['mk_hw_disk_count'], '1');
  assert.equal(found['mk_hw_disk0_size'], '3');
  assert.equal(found['mk_hw_disk_virtio_array_json_str'], '[{"size":"2"}]');
});

test('of a second run of nodes of one name only the first is kept', () => {
  const found = facts(
    'disk',
    '  *-disk:0\n       serial: a\n  *-disk:1\n       serial: b\n  *-cdrom\n       serial: x\n  *-disk:0\n       serial: c\n  *-disk:1\n       serial: d\n',
  );
  assert.equal(found['mk_hw_disk_count'], '3');
  assert.equal(found['mk_hw_disk2_serial'], 'c');
});

test('of several logical names the last one wins, and the text after the first colon is the value', () => {
  const found = facts(
    'disk',
    '  *-disk\n       logical name: /dev/cdrom\n       logical name: /dev/sr0\n       bus info: scsi@0:0.0.0\n',
  );
  assert.equal(found['mk_hw_disk0_logical_name'], '/dev/sr0');
  assert.equal(found['mk_hw_disk0_bus_info'], 'scsi@0:0.0.0');
});

test('memory with a number leaves no size, caches have no JSON text of their own', () => {
  const found = facts('memory', '  *-memory:0\n       size: 8GiB\n  *-cache:0\n       size: 1KiB\n');
  assert.deepEqual(Object.keys(found), ['mk_hw_mem_memory_array_json_str']);
});

test('filled memory slots are counted and listed, of every memory and where there is one only; empty ones are not', () => {
  const several =
    '  *-memory:0\n       size: 4GiB\n     *-bank:0\n          description: DIMM\n          slot: A1\n          size: 4GiB\n     *-bank:1\n          slot: A2\n  *-memory:1\n       size: 8GiB\n     *-bank\n          slot: B1\n          size: 8GiB\n';
  const found = Object.fromEntries(slotFacts(several));
  assert.deepEqual(
    [found['mk_hw_mem_slot_count'], found['mk_hw_mem_slot0_slot'], found['mk_hw_mem_slot1_size']],
    ['2', 'A1', '8GiB'],
  );
  const one = Object.fromEntries(slotFacts('  *-memory\n       size: 1GiB\n     *-bank\n          size: 1GiB\n'));
  assert.equal(one['mk_hw_mem_slot_count'], '1');
});

test('slots are below the memory that holds them', () => {
  const found = facts(
    'memory',
    '  *-firmware\n       version: 1\n  *-memory\n       size: 4GiB\n     *-bank:0\n          size: 2GiB\n     *-bank:1\n          size: 2GiB\n  *-cache:0\n       size: 1MiB\n',
  );
  assert.equal(found['mk_hw_mem_size'], '4GiB');
  assert.equal(found['mk_hw_fw_version'], '1');
  assert.equal(found['mk_hw_mem_memory_json_str'], '{"size":"4GiB","bank_array":[{"size":"2GiB"},{"size":"2GiB"}]}');
});

// The original died on these (TypeError, NoMethodError) and lost every later fact: one server in ten.
test('three levels of numbered nodes lose nothing', () => {
  const found = facts(
    'bus',
    '  *-core\n       vendor: Maker\n  *-usb:0\n       product: A\n     *-usbhost:0\n          product: B\n        *-usb:0\n             product: C\n     *-usbhost:1\n          product: D\n  *-usb:1\n       product: E\n',
  );
  assert.equal(found['mk_hw_bus_vendor'], 'Maker');
  assert.equal(
    found['mk_hw_bus_usb_array_json_str'],
    '[{"product":"A","usbhost_array":[{"product":"B","usb_array":[{"product":"C"}]},{"product":"D"}]},{"product":"E"}]',
  );
});

test('a node with both flags is a node, and counts as disabled', () => {
  const found = facts('network', '  *-network DISABLED UNCLAIMED\n       serial: a\n  *-network\n       serial: b\n');
  assert.equal(found['mk_hw_nic_count'], '1');
  assert.equal(found['mk_hw_nic0_serial'], 'b');
});

test('a last node without lines counts', () => {
  const found = facts('network', '  *-network:0\n       serial: a\n  *-network:1\n');
  assert.equal(found['mk_hw_nic_count'], '2');
  assert.equal(found['mk_hw_nic0_serial'], 'a');
});

test('a line without a colon is passed over', () => {
  const found = facts('disk', '  *-disk\n       serial: a\n       nothing here\n       size: 1GiB\n\n');
  assert.equal(found['mk_hw_disk0_serial'], 'a');
  assert.equal(found['mk_hw_disk0_size'], '1GiB');
});

test('lscpu in its old and its new format', () => {
  const old = lscpuFacts(
    'Architecture:          x86_64\nCPU op-mode(s):        32-bit, 64-bit\nCPU socket(s):         2\nCPU MHz:               2400.000\nL1d cache:             32K\n',
  );
  assert.equal(old.get('mk_hw_lscpu_CPU_op-modes'), '32-bit, 64-bit');
  assert.equal(old.get('mk_hw_lscpu_CPU_sockets'), '2');
  assert.equal(old.get('mk_hw_lscpu_CPU_MHz'), '2400.000');
  const recent = lscpuFacts(
    'Architecture:                    x86_64\nSocket(s):                       2\nL1d cache:                       96 KiB (2 instances)\n',
  );
  assert.equal(recent.get('mk_hw_lscpu_L1d_cache'), '96 KiB (2 instances)');
  assert.equal(recent.get('mk_hw_lscpu_CPU_sockets'), undefined);
});

const line = fc.oneof(
  fc
    .tuple(
      fc.nat(12),
      fc.constantFrom('cpu', 'usb', 'network', 'disk', 'memory', 'core', 'x.1'),
      fc.constantFrom('', ':0', ':1', ':12', '7'),
      fc.constantFrom('', ' DISABLED', ' UNCLAIMED', ' DISABLED UNCLAIMED'),
    )
    .map(([indent, name, number, flag]) => `${' '.repeat(indent)}*-${name}${number}${flag}`),
  fc
    .tuple(
      fc.nat(12),
      fc.constantFrom('product', 'size', 'logical name', '__proto__', '#x'),
      fc.string({ maxLength: 12 }),
    )
    .map(([indent, key, value]) => `${' '.repeat(indent)}${key}: ${value}`),
  fc.string({ maxLength: 30 }),
);

test('any text whatever gives facts that are strings, without an exception', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      const text = lines.join('\n');
      parseLshwText(text);
      const texts = Object.fromEntries(LSHW_CLASSES.map((name) => [name, text]));
      for (const [name, value] of [...lshwFacts(texts), ...lscpuFacts(text)]) {
        assert.ok(name.startsWith('mk_hw_') && typeof value === 'string');
        if (name.endsWith('_json_str')) JSON.parse(value);
      }
    }),
    { numRuns: 300 },
  );
});
