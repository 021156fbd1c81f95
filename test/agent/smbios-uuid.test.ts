import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JUNK_UUIDS, swapUuid, usableUuid } from '../../agent/dialects/smbios-uuid.ts';

test('every placeholder of the field is refused, in both byte orders and any case', () => {
  for (const uuid of JUNK_UUIDS) {
    assert.equal(usableUuid(uuid), undefined, uuid);
    assert.equal(usableUuid(swapUuid(uuid)), undefined, swapUuid(uuid));
    assert.equal(usableUuid(` ${uuid.toUpperCase()}\n`), undefined, uuid);
  }
});

test('words, zeros, Fs and counting digits are no identity', () => {
  const junk = [
    'Not Settable',
    'Not Present',
    'To Be Filled By O.E.M.',
    '',
    undefined,
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '00ff00ff-00ff-00ff-00ff-00ff00ff00ff',
    '01234567-89ab-cdef-0123-456789abcdef',
    'fedcba98-7654-3210-fedc-ba9876543210',
    '52540012-3456-4abc-9def-00163e5a10',
  ];
  for (const text of junk) assert.equal(usableUuid(text), undefined, String(text));
});

test('an unusual UUID that is a machine’s own is kept: one with only a MAC in it, and a Dell with a service tag', () => {
  assert.equal(usableUuid('00000000-0000-0000-0000-AC1F6B0A1B2C'), '00000000-0000-0000-0000-ac1f6b0a1b2c');
  assert.equal(usableUuid('4c4c4544-0034-5a10-8048-b7c04f4d3632'), '4c4c4544-0034-5a10-8048-b7c04f4d3632');
  assert.equal(usableUuid('0a8e7c6e-6f3f-4d62-9a5b-1f5d7f0c9a11\n'), '0a8e7c6e-6f3f-4d62-9a5b-1f5d7f0c9a11');
});
