import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeSmbios, structuresOf } from '../../../facts/smbios/smbios.ts';
import { buildTable, type StructureSpec } from '../../helpers/smbios-table.ts';

const MIB = 1024 * 1024;

function device(spec: Partial<StructureSpec>): ReturnType<typeof decode> {
  return decode({ type: 17, handle: 0x1100, length: 0x5c, ...spec });
}

function decode(spec: StructureSpec) {
  const [found] = structuresOf(decodeSmbios(buildTable([spec])), 'memoryDevice');
  assert.ok(found);
  return found;
}

test('the size of a memory device is in MiB, in KiB with bit 15, or in the 32-bit field (DSP0134, 7.18.5)', () => {
  assert.equal(device({ words: { 0x0c: 512 } }).size, 512 * MIB);
  assert.equal(device({ words: { 0x0c: 0x8000 + 512 } }).size, 512 * 1024);
  assert.equal(device({ words: { 0x0c: 0x7fff }, dwords: { 0x1c: 0x8000 } }).size, 0x8000 * MIB);
  assert.equal(
    device({ words: { 0x0c: 0x7fff }, dwords: { 0x1c: 0x80008000 } }).size,
    0x8000 * MIB,
    'bit 31 is reserved',
  );
  assert.equal(device({ words: { 0x0c: 0x7fff }, length: 0x1c }).size, 0x7fff * MIB, 'before SMBIOS 2.7');
  assert.equal(device({ words: { 0x0c: 0xffff } }).size, undefined, 'unknown');
  assert.equal(device({ words: { 0x0c: 0 } }).size, 0, 'an empty slot');
});

test('widths that are 0 or unknown are not there, and a rank of 0 is none', () => {
  const { totalWidth, dataWidth, rank } = device({ words: { 0x08: 72, 0x0a: 0xffff }, bytes: { 0x1b: 0xf0 } });
  assert.deepEqual([totalWidth, dataWidth, rank], [72, undefined, undefined]);
  assert.equal(device({ words: { 0x08: 0 }, bytes: { 0x1b: 0x12 } }).totalWidth, undefined);
  assert.equal(device({ bytes: { 0x1b: 0x12 } }).rank, 2);
});
