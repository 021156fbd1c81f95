import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addDiskSecrets,
  blankDiskStart,
  blankLoadOption,
  DISK_START,
  LOAD_OPTION,
} from '../../../../facts/capture/redact/blank-files.ts';
import type { SecretSet } from '../../../../facts/capture/redact/secrets.ts';

const filled = (bytes: number): Buffer => Buffer.alloc(bytes, 0xaa);

function collector(): { readonly secrets: SecretSet; readonly found: string[] } {
  const found: string[] = [];
  const secrets = {
    addUuid: (text: string) => void found.push(`uuid ${text}`),
    addSerial: (text: string) => void found.push(`serial ${text}`),
  };
  return { secrets: secrets as unknown as SecretSet, found };
}

/** A disk's start with a GPT header behind a sector of so many bytes. */
function disk(sector: number, length = sector + 512): Buffer {
  const start = filled(length);
  start.writeUInt32LE(0x0badcafe, 440);
  start.write('EFI PART', sector, 'latin1');
  Buffer.from('00112233445566778899aabbccddeeff', 'hex').copy(start, sector + 56);
  return start;
}

test('a disk’s start is a device of /dev alone, not the kernel’s log, a link to a disk or a file of another name', () => {
  for (const path of ['/dev/sda', '/dev/nvme0n1']) assert.equal(DISK_START.test(path), true, path);
  for (const path of ['/dev/kmsg', '/dev/disk/by-id/x', '/dev/mapper/x', '/x/dev/sda', '/dev/'])
    assert.equal(DISK_START.test(path), false, path);
});

test('a load option is a variable of UEFI that is called Boot and four digits', () => {
  const guid = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
  assert.ok(LOAD_OPTION.test(`/sys/firmware/efi/efivars/Boot000A-${guid}`));
  for (const name of [`BootOrder-${guid}`, `Boot000g-${guid}`, 'Boot0001', `XBoot0001-${guid}`])
    assert.equal(LOAD_OPTION.test(`/sys/firmware/efi/efivars/${name}`), false, name);
});

test('the GUID of a GPT and the signature of an MBR are secrets, with sectors of both sizes', () => {
  for (const sector of [512, 4096]) {
    const { secrets, found } = collector();
    addDiskSecrets(disk(sector), secrets);
    assert.deepEqual(found, ['uuid 33221100-5544-7766-8899-aabbccddeeff', 'serial 0badcafe'], String(sector));
  }
});

test('a disk without a GPT has its signature alone, with its zeros; less than a sector has nothing', () => {
  const { secrets, found } = collector();
  const start = Buffer.alloc(512);
  start.writeUInt32LE(0x1f, 440);
  addDiskSecrets(start, secrets);
  addDiskSecrets(start.subarray(0, 511), secrets);
  assert.deepEqual(found, ['serial 0000001f']);
});

test('a GPT header that is cut short is none', () => {
  for (const [length, has] of [
    [512 + 91, false],
    [512 + 92, true],
  ] as const) {
    const { secrets, found } = collector();
    addDiskSecrets(disk(512, length), secrets);
    assert.equal(found.length, has ? 2 : 1, String(length));
  }
});

test('of a disk’s start stay signature, partitions and mark of the MBR and the header of the GPT', () => {
  for (const sector of [512, 4096]) {
    const kept = blankDiskStart(disk(sector, 8192));
    const expected = Buffer.alloc(8192);
    const original = disk(sector, 8192);
    original.copy(expected, 440, 440, 444);
    original.copy(expected, 446, 446, 512);
    original.copy(expected, sector, sector, sector + 92);
    assert.deepEqual(kept, expected);
  }
  assert.equal(blankDiskStart(filled(8192)).subarray(512).some(Boolean), false);
});

/** A load option: attributes, length of the path, description, nodes of the path, what lies behind. */
function option(nodes: readonly Buffer[], behind: Buffer = Buffer.alloc(0)): Buffer {
  const path = Buffer.concat(nodes);
  const head = Buffer.alloc(10);
  head.writeUInt32LE(7, 0);
  head.writeUInt32LE(1, 4);
  head.writeUInt16LE(path.length, 8);
  return Buffer.concat([head, Buffer.from('Disk\0', 'utf16le'), path, behind]);
}

function node(type: number, subtype: number, data: Buffer = filled(6)): Buffer {
  const head = Buffer.from([type, subtype, 0, 0]);
  head.writeUInt16LE(4 + data.length, 2);
  return Buffer.concat([head, data]);
}

const END = node(0x7f, 0xff, Buffer.alloc(0));

test('nodes that name no one machine keep their data: hardware, ACPI, ports, MAC, addresses, files', () => {
  for (const [type, subtype] of [
    [1, 1],
    [2, 1],
    [3, 5],
    [3, 11],
    [3, 12],
    [3, 13],
    [3, 18],
    [4, 4],
  ] as const) {
    const variable = option([node(type, subtype), END]);
    assert.deepEqual(blankLoadOption(variable), variable, `${type}.${subtype}`);
  }
});

test('the data of all other nodes, and all behind the path, are zero', () => {
  for (const [type, subtype] of [
    [3, 10],
    [3, 23],
    [4, 1],
    [4, 3],
    [5, 1],
    [0, 4],
  ] as const) {
    const blanked = blankLoadOption(option([node(1, 1), node(type, subtype), node(2, 1), END], filled(20)));
    assert.deepEqual(
      blanked,
      option([node(1, 1), node(type, subtype, Buffer.alloc(6)), node(2, 1), END], Buffer.alloc(20)),
    );
  }
});

test('a load option that is cut short, or whose node has an impossible length, keeps nothing from there on', () => {
  const whole = option([node(3, 10), END]);
  assert.deepEqual(blankLoadOption(whole.subarray(0, 9)), whole.subarray(0, 9));
  const cut = blankLoadOption(whole.subarray(0, 26));
  assert.equal(cut.length, 26);
  assert.equal(cut.subarray(24).some(Boolean), false);
  const wrong = node(4, 1);
  wrong.writeUInt16LE(3, 2);
  assert.equal(
    blankLoadOption(option([wrong, node(1, 1)]))
      .subarray(24)
      .some(Boolean),
    false,
  );
  const endless = Buffer.concat([Buffer.alloc(10), filled(7)]);
  assert.equal(blankLoadOption(endless).length, 17);
});
