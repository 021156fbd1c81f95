import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import {
  compactPciIds,
  openPciIds,
  parsePciIds,
  PCI_IDS_PATHS,
  registerPciIds,
} from '../../../facts/hardware/pci-ids.ts';

const LIST = readFileSync(join(import.meta.dirname, '../../fixtures/machines/pci.ids'), 'utf8');

test('vendors, devices and classes are found by their numbers', () => {
  const ids = parsePciIds(LIST);
  assert.equal(ids.vendor(0x8086), 'Intel Corporation');
  assert.equal(ids.device(0x8086, 0x100e), '82540EM Gigabit Ethernet Controller');
  assert.equal(ids.className(0x0200), 'Ethernet controller');
  assert.equal(ids.className(0x0c03), 'USB controller');
  assert.equal(ids.className(0x0c03, 0x30), 'XHCI');
});

test('what is not listed has the name of what it belongs to, as lshw prints it', () => {
  const ids = parsePciIds(LIST);
  assert.equal(ids.device(0x8086, 0xffff), 'Intel Corporation');
  assert.equal(ids.className(0x0c03, 0x77), 'USB controller');
  assert.equal(ids.className(0x0277), 'Network controller');
  assert.equal(ids.vendor(0x1234), undefined);
  assert.equal(ids.device(0x1234, 0x100e), undefined);
  assert.equal(ids.className(0xff00), undefined);
});

test('a subsystem is no device, and a device of another vendor is not this one', () => {
  const ids = parsePciIds(LIST);
  assert.equal(ids.device(0x8086, 0x1af4), 'Intel Corporation');
  assert.equal(ids.device(0x1af4, 0x100e), 'Red Hat, Inc.');
});

test('the compact list answers like the whole one', (t) => {
  const path = PCI_IDS_PATHS.find((candidate) => existsSync(candidate));
  if (path === undefined) t.diagnostic('no pci.ids list is installed: only the small list is compared');
  const text = path === undefined ? LIST : readFileSync(path, 'utf8');
  const compact = compactPciIds(text);
  if (path !== undefined) assert.ok(compact.length < 0.75 * text.length, `${compact.length} of ${text.length} bytes`);
  const [whole, small] = [parsePciIds(text), parsePciIds(compact)];
  let devices = 0;
  for (const [, vendor, body] of text.matchAll(/^([0-9a-f]{4}) {2}.*\n((?:[\t#].*\n)*)/gm)) {
    if (vendor === undefined || devices > 3000) break;
    for (const [, device] of (body ?? '').matchAll(/^\t([0-9a-f]{4}) /gm)) {
      devices += 1;
      const v = Number.parseInt(vendor, 16);
      const d = Number.parseInt(device ?? '', 16);
      assert.equal(small.device(v, d), whole.device(v, d));
    }
  }
  assert.ok(devices >= 3);
  for (let code = 0; code < 0x1300; code += 1) {
    assert.equal(small.className(code), whole.className(code));
    assert.equal(small.className(code, 2), whole.className(code, 2));
  }
});

test('the list of the program goes before the machine’s, and one that cannot be read is none', () => {
  registerPciIds(() => LIST);
  assert.equal(openPciIds([])?.vendor(0x1af4), 'Red Hat, Inc.');
  registerPciIds(() => {
    throw new Error('no asset');
  });
  assert.equal(openPciIds([]), undefined);
});
