import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyJunkMac } from '../../../facts/identity/junk-macs.ts';
import { whyJunkText } from '../../../facts/identity/junk-texts.ts';
import { JUNK_UUIDS, swapUuid, usableUuid, whyJunkUuid } from '../../../facts/identity/junk-uuids.ts';

/** The serial numbers of GLPI's default blacklist. */
const GLPI =
  `N/A|(null string)|INVALID|SYS-1234567890|SYS-9876543210|SN-12345|SN-1234567890|1111111111|1111111|1|0123456789|12345|123456|
1234567|12345678|123456789|1234567890|123456789000|12345678901234567|0000000000|000000000|00000000|0000000|NNNNNNN|xxxxxxxxxxx|EVAL|IATPASS|none|
To Be Filled By O.E.M.|Tulip Computers|Serial Number xxxxxx|SN-123456fvgv3i0b8o5n6n7k|Unknow|System Serial Number|MB-1234567890|0|empty|
Not Specified|OEM_Serial|SystemSerialNumb`
    .replaceAll('\n', '')
    .split('|');

/** UUIDs of GLPI's and FreeBSD's lists, and others of the field. */
const LISTED_UUIDS =
  `00000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff 03000200-0400-0500-0006-000700080009
6AB5B300-538D-1014-9FB5-B0684D007B53 01010101-0101-0101-0101-010101010101 2 00020003-0004-0005-0006-000700080009
07090201-0103-0301-0807-060504030201 11111111-1111-1111-1111-111111111111 11111111-2222-3333-4444-555555555555
4c4c4544-0000-2010-8020-80c04f202020 58585858-5858-5858-5858-585858585858 890e2d14-cacd-45d1-ae66-bc80e8bfeb0f
8e275844-178f-44a8-aceb-a7d7e5178c63 dc698397-fa54-4cf2-82c8-b1b5307a6a7f fefefefe-fefe-fefe-fefe-fefefefefefe
52309712-ffff-ffff-ffff-ffffffffffff EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE 00010203-0405-0607-0809-0A0B0C0D0E0F
12345678-1234-5678-90AB-CDDEEFAABBCC deadbeef-dead-beef-dead-beefdeadbeef 03020100-0504-0706-0809-0a0b0c0d0e0f
80000000-8000-8000-8000-800000000000 03D40274-0435-05DC-8506-010700080009`.split(/\s+/);

test('every serial number that GLPI refuses is struck, whatever its case and the blanks around it', () => {
  assert.equal(GLPI.length, 40);
  for (const text of GLPI) {
    assert.ok(whyJunkText(text) !== undefined, text);
    assert.ok(whyJunkText(`  ${text.toUpperCase()}\n`) !== undefined, text);
  }
});

test('the fillers that firmware leaves most often are struck', () => {
  const fillers =
    `Default string|To be filled by O.E.M.|To Be Filled By OEM|Not Settable|Not Set|XX|.....|???|-|87654321|01234567|#A123456789|(none)|(null)|
<BAD INDEX>|$(DEFAULT_STRING)|System Version|Chassis Version|SKU Number|Type2 - Board Serial Number|Type2 - Board Asset Tag|Type2 - Board Version|Base Board Asset Tag|Base Board Version|
Base Board Chassis Location|Type2 - Board Chassis Location|Chassis Manufacture|Chassis Asset Tag|Chassis Serial Number|Asset Tag|No Asset Tag|Asset-1234567890|ATN12345678901234567|BSN12345678901234567|SSN12345678901234567|
0123456789ABCDEF|A1_AssetTagNum0|DIMM_A1_AssetTag|SerNum01|NotSupport|ToBeFilledByO.E.M.|OEM Chassis|0x00000000|SN#12345|BSS-0123456789|Reserved|Type 2|TBD|Default|NO DIMM|OEM Define 3`
      .replaceAll('\n', '')
      .split('|');
  for (const text of fillers) assert.ok(whyJunkText(text) !== undefined, text);
});

test('what merely begins like a filler is a machine’s own', () => {
  const own =
    `XB4K7Q2|X0012345|OEM4711A|OEM123456|.ABC1234.CN7016300A01B2.|..CN7016300A01B2.|Unknown-Rack-7|123456789A|NASHVILLE-0042|NAS-0012|Nabc1234|NULLARBOR7|EMPTY-SHELF-3|
INVALIDEN-12|ASSET-00123|Asset12345|ASSET-99887|None-7|SN-12346|SN12345X|12346|54322|11|77|1112|Default-3|Type1234|System 7|BSN-0042|FFA1|AAB`.split(
      '|',
    );
  for (const text of own) assert.equal(whyJunkText(text.replaceAll('\n', '')), undefined, text);
});

test('no tag of letters and digits is struck but those that count or repeat', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (const a of alphabet) {
    for (const b of alphabet) for (const c of alphabet) assert.equal(whyJunkText(`${a}${b}${c}4K7Q`), undefined);
  }
});

test('every listed UUID is struck in both byte orders and any case, and so are texts that are not UUIDs', () => {
  for (const uuid of [...LISTED_UUIDS, ...JUNK_UUIDS]) {
    assert.ok(whyJunkUuid(uuid) !== undefined, uuid);
    assert.equal(usableUuid(` ${uuid.toUpperCase()}\n`), undefined, uuid);
    if (uuid.length === 36) assert.equal(usableUuid(swapUuid(uuid.toLowerCase())), undefined, swapUuid(uuid));
  }
  const junk = ['Not Settable', 'Not Present', 'To Be Filled By O.E.M.', '', '00ff00ff-00ff-00ff-00ff-00ff00ff00ff'];
  junk.push('d1c3d8b0-0000-0000-0000-000000000000', '00112233-4455-6677-8899-aabbccddeeff');
  const counting = ['01234567-89ab-cdef-0123-456789abcdef', 'fedcba98-7654-3210-fedc-ba9876543210'];
  for (const text of [...junk, ...counting, '52540012-3456-4abc-9def-00163e5a10']) {
    assert.equal(usableUuid(text), undefined, text);
  }
  assert.equal(usableUuid(undefined), undefined);
});

test('an unusual UUID that is a machine’s own is kept: one with only a MAC in it, and a Dell with a service tag', () => {
  assert.equal(usableUuid('00000000-0000-0000-0000-AC1F6B0A1B2C'), '00000000-0000-0000-0000-ac1f6b0a1b2c');
  assert.equal(usableUuid('4c4c4544-0034-5a10-8048-b7c04f4d3632'), '4c4c4544-0034-5a10-8048-b7c04f4d3632');
  assert.equal(usableUuid('0a8e7c6e-6f3f-4d62-9a5b-1f5d7f0c9a11\n'), '0a8e7c6e-6f3f-4d62-9a5b-1f5d7f0c9a11');
  assert.equal(usableUuid('032e02b4-0499-0529-7706-400700080009'), '032e02b4-0499-0529-7706-400700080009');
});

test('addresses that stand on many machines are struck; the next one to them is not', () => {
  for (const mac of [
    'BE:3A:F2:B6:05:9F',
    '00:a0:c9:00:00:00',
    '02:80:37:ec:02:00',
    '00:50:56:c0:00:08',
    '44:44:44:44:44:44',
  ]) {
    assert.ok(whyJunkMac(mac) !== undefined, mac);
  }
  for (const mac of ['ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00', '01:00:5e:00:00:01']) {
    assert.ok(whyJunkMac(mac) !== undefined, mac);
  }
  for (const mac of ['be:3a:f2:b6:05:9e', '00:a0:c9:00:00:01', '00:50:56:01:00:08', '52:54:00:00:00:00']) {
    assert.equal(whyJunkMac(mac), undefined, mac);
  }
});
