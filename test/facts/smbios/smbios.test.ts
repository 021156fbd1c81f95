import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import {
  decodeSmbios,
  decodeSmbiosTable,
  smbiosVersion,
  specified,
  structuresOf,
} from '../../../facts/smbios/smbios.ts';
import { run } from '../../../platform/process/run.ts';
import { compareViews, parseDmidecode, viewOf } from '../../helpers/dmidecode-view.ts';
import { buildDump, buildEntryPoint, buildStructure, buildTable, SERVER } from '../../helpers/smbios-table.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const table = buildTable(SERVER);

test('every decoded type of a server gives the fields that dmidecode prints', async (t) => {
  const folder = temporaryDirectory(t);
  const dump = join(folder, 'server.dump');
  writeFileSync(dump, buildDump(table));
  const result = await run(['dmidecode', '--from-dump', dump]);
  if (result.failure === 'not-found') return t.skip('dmidecode is not installed');
  const theirs = parseDmidecode(result.stdout.toString());
  let compared = 0;
  for (const structure of decodeSmbios(table, 0x0303)) {
    if (structure.kind === 'other') continue;
    const { total, differences } = compareViews(viewOf(structure), theirs.get(structure.handle) ?? {});
    assert.deepEqual(differences, [], `type ${structure.type}`);
    compared += total;
  }
  assert.ok(compared > 90, `${compared} fields compared`);
});

test('sizes, counts and addresses come out in bytes, numbers and the kernel form', () => {
  const structures = decodeSmbios(table, 0x0303);
  const [bios] = structuresOf(structures, 'bios');
  assert.equal(bios?.romSize, 2 * 1024 ** 3);
  const [processor] = structuresOf(structures, 'processor');
  assert.deepEqual(
    [processor?.coreCount, processor?.coresEnabled, processor?.threadCount, processor?.cacheHandles],
    [300, 288, 600, [7, 8, undefined]],
  );
  assert.deepEqual(
    structuresOf(structures, 'cache').map((cache) => [cache.level, cache.installedSize, cache.maximumSize]),
    [
      [1, 256 * 1024, 512 * 1024],
      [3, 2 * 1024 ** 3, 4 * 1024 ** 3],
    ],
  );
  assert.deepEqual(
    structuresOf(structures, 'memoryDevice').map((device) => device.size),
    [64 * 1024 ** 3, 0],
  );
  assert.equal(structuresOf(structures, 'memoryArray')[0]?.maximumCapacity, 6 * 1024 ** 4);
  assert.equal(structuresOf(structures, 'slot')[0]?.busAddress, '0000:41:01.2');
  assert.equal(structuresOf(structures, 'onboard')[0]?.busAddress, '0000:1a:00.1');
  const [ipmi] = structuresOf(structures, 'ipmi');
  assert.deepEqual([ipmi?.baseAddress, ipmi?.addressSpace, ipmi?.i2cAddress], [0xca2, 'I/O', 0x10]);
});

test('the UUID has its first three groups swapped from SMBIOS 2.6 on only', () => {
  const uuid = (version: number) => structuresOf(decodeSmbios(table, version), 'system')[0]?.uuid;
  assert.equal(uuid(0x0303), '33221100-5544-7766-8899-aabbccddeeff');
  assert.equal(uuid(0x0205), '00112233-4455-6677-8899-aabbccddeeff');
});

test('UUIDs of all zeros and all ones are named as dmidecode names them', () => {
  const system = (byte: number) => {
    const bytes = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [8 + index, byte]));
    return structuresOf(decodeSmbios(buildTable([{ type: 1, handle: 1, length: 25, bytes }])), 'system')[0]?.uuid;
  };
  assert.equal(system(0), 'Not Settable');
  assert.equal(system(0xff), 'Not Present');
});

test('the version is read from each kind of entry point', () => {
  assert.equal(smbiosVersion(buildEntryPoint(100, 0x0302)), 0x0302);
  const legacy = Buffer.alloc(0x1f);
  legacy.write('_SM_');
  legacy.set([2, 0x33], 6);
  assert.equal(smbiosVersion(legacy), 0x0206);
  legacy.set([2, 5], 6);
  assert.equal(smbiosVersion(legacy), 0x0205);
  const dmi = Buffer.alloc(15);
  dmi.write('_DMI_');
  dmi[14] = 0x24;
  assert.equal(smbiosVersion(dmi), 0x0204);
  assert.equal(smbiosVersion(Buffer.from('_SM3_')), undefined);
  assert.equal(smbiosVersion(Buffer.alloc(0)), undefined);
});

test('a field beyond the length of its structure is absent, not read from the strings behind it', () => {
  const [board] = structuresOf(
    decodeSmbios(buildTable([{ type: 2, handle: 2, length: 8, texts: { 4: 'Maker', 5: 'Board' } }])),
    'board',
  );
  assert.deepEqual(
    [board?.manufacturer, board?.version, board?.serialNumber, board?.assetTag, board?.boardType],
    ['Maker', 'Not Specified', 'Not Specified', undefined, undefined],
  );
});

test('a string number that the structure does not have is a bad index and says nothing', () => {
  const [board] = structuresOf(decodeSmbios(buildTable([{ type: 2, handle: 2, length: 8, bytes: { 4: 9 } }])), 'board');
  assert.equal(board?.manufacturer, '<BAD INDEX>');
  assert.equal(specified(board?.manufacturer), undefined);
  assert.equal(specified(board?.version), undefined);
  assert.equal(specified(' x '), 'x');
});

test('a truncated table gives the structures before the cut and says where it stopped', () => {
  const system = structuresOf(decodeSmbios(table), 'system')[0];
  for (let length = 0; length < table.length; length += 1) {
    const cut = decodeSmbiosTable(table.subarray(0, length), 0x0300);
    assert.ok(cut.structures.length <= SERVER.length);
    const found = structuresOf(cut.structures, 'system')[0];
    if (found !== undefined) assert.deepEqual(found, system);
  }
  const broken = decodeSmbiosTable(table.subarray(0, 40));
  assert.match(broken.problem ?? '', /beyond the end/);
});

test('a structure that claims a length under four ends the reading', () => {
  const good = buildStructure({ type: 2, handle: 2, length: 8, texts: { 4: 'Maker' } });
  const result = decodeSmbiosTable(Buffer.concat([good, Buffer.from([17, 0, 1, 0, 0, 0]), good]));
  assert.equal(result.structures.length, 1);
  assert.match(result.problem ?? '', /length of 0 bytes/);
});

test('any bytes whatever are decoded without an exception and in bounded time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), fc.nat(0xffff), (bytes, version) => {
      const { structures } = decodeSmbiosTable(bytes, version);
      assert.ok(structures.length * 6 <= bytes.length);
      smbiosVersion(bytes);
    }),
  );
});

test('a server table with any bytes changed is decoded without an exception', () => {
  const change = fc.tuple(fc.nat(table.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.nat(table.length), (changes, length) => {
      const damaged = Buffer.from(table.subarray(0, length));
      for (const [offset, value] of changes) if (offset < length) damaged[offset] = value;
      for (const structure of decodeSmbios(damaged)) viewOf(structure);
    }),
  );
});

test('a megabyte of the smallest structures comes to an end', () => {
  const many = Buffer.alloc(1024 * 1024);
  for (let offset = 0; offset + 6 <= many.length; offset += 6) many.set([17, 4, 0, 0, 0, 0], offset);
  assert.ok(decodeSmbios(many).length > 100_000);
});
