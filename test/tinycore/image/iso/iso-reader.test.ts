/** ISO 9660 images that are made here byte by byte (ECMA-119), so that no program is needed and every oddity can be made. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openIso } from '../../../../tinycore/image/iso/iso-reader.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const SECTOR = 2048;

interface Made {
  readonly name: string;
  readonly text: string;
  readonly rockRidge?: string;
}

function record(
  name: Buffer,
  extent: number,
  size: number,
  directory: boolean,
  systemUse: Buffer = Buffer.alloc(0),
): Buffer {
  const padding = (name.length + 1) & 1;
  const bytes = Buffer.alloc(33 + name.length + padding + systemUse.length);
  bytes[0] = bytes.length;
  bytes.writeUInt32LE(extent, 2);
  bytes.writeUInt32LE(size, 10);
  bytes[25] = directory ? 2 : 0;
  bytes[32] = name.length;
  name.copy(bytes, 33);
  systemUse.copy(bytes, 33 + name.length + padding);
  return bytes;
}

/** Records one after another; none crosses a sector, so the rest of a sector may be zeros. */
function packed(records: readonly Buffer[]): Buffer {
  const sectors: Buffer[] = [];
  let used = SECTOR;
  for (const one of records) {
    if (used + one.length > SECTOR) {
      sectors.push(Buffer.alloc(SECTOR));
      used = 0;
    }
    one.copy(sectors.at(-1) as Buffer, used);
    used += one.length;
  }
  return Buffer.concat(sectors);
}

function alternateName(name: string): Buffer {
  return Buffer.concat([Buffer.from('NM'), Buffer.from([5 + name.length, 1, 0]), Buffer.from(name)]);
}

/** An image with these files in its root directory; `change` may spoil it. */
function isoFile(t: TestContext, files: readonly Made[], change: (image: Buffer) => Buffer = (image) => image): string {
  const dot = [record(Buffer.from([0]), 18, SECTOR, true), record(Buffer.from([1]), 18, SECTOR, true)];
  const rows = (first: number): Buffer =>
    packed([
      ...dot,
      ...files.map(({ name, text, rockRidge }, index) =>
        record(
          Buffer.from(name),
          first + index,
          text.length,
          false,
          rockRidge === undefined ? undefined : alternateName(rockRidge),
        ),
      ),
    ]);
  const size = rows(0).length;
  const first = 18 + size / SECTOR;
  const primary = Buffer.alloc(SECTOR, 0x20);
  primary[0] = 1;
  primary.write('CD001\u0001', 1, 'latin1');
  primary.write('A_VOLUME', 40, 'latin1');
  primary.writeUInt32LE(first + files.length, 80);
  record(Buffer.from([0]), 18, size, true).copy(primary, 156);
  const end = Buffer.alloc(SECTOR);
  end[0] = 255;
  end.write('CD001', 1, 'latin1');
  const contents = files.map(({ text }) => Buffer.concat([Buffer.from(text), Buffer.alloc(SECTOR - text.length)]));
  const image = Buffer.concat([Buffer.alloc(16 * SECTOR), primary, end, rows(first), ...contents]);
  const path = join(temporaryDirectory(t), 'made.iso');
  writeFileSync(path, change(image));
  return path;
}

test('a directory longer than a sector is read whole: records do not cross sectors, and zeros fill the rest of each', (t) => {
  const files = Array.from({ length: 150 }, (_, index) => ({
    name: `FILE_${String(index).padStart(3, '0')}.TXT;1`,
    text: `content ${index}`,
  }));
  const iso = openIso(isoFile(t, files));
  t.after(() => iso.close());
  assert.equal(iso.files.size, 150);
  assert.equal(iso.names, 'plain');
  assert.equal(iso.read('file_000.txt').toString(), 'content 0');
  assert.equal(iso.read('file_149.txt').toString(), 'content 149');
});

test('names are Rock Ridge’s where there are any, and plain ones in lower case without version and trailing dot', (t) => {
  const plain = openIso(isoFile(t, [{ name: 'README.;1', text: 'x' }]));
  t.after(() => plain.close());
  assert.deepEqual([...plain.files.keys()], ['readme']);
  const rock = openIso(isoFile(t, [{ name: 'ISO_META.YAM;1', text: 'x', rockRidge: 'iso-metadata.yaml' }]));
  t.after(() => rock.close());
  assert.deepEqual([rock.names, ...rock.files.keys()], ['rock-ridge', 'iso-metadata.yaml']);
  assert.equal(rock.id, 'A_VOLUME');
});

test('what is not an ISO image, what is cut off and a file that is not in it are refused', (t) => {
  const made = [{ name: 'A;1', text: 'a' }];
  const code = 'RAZOR_MK_ISO';
  assert.throws(() => openIso(isoFile(t, made, (image) => image.subarray(0, 16 * SECTOR + 100))), {
    code,
    message: /is not an ISO image/,
  });
  assert.throws(() => openIso(isoFile(t, made, (image) => image.fill(0, 16 * SECTOR + 1, 16 * SECTOR + 6))), {
    code,
    message: /is not an ISO image/,
  });
  assert.throws(() => openIso(isoFile(t, made, (image) => image.subarray(0, -1))), {
    code,
    message: /is cut off: it should have 40960 bytes and has 40959/,
  });
  const iso = openIso(isoFile(t, made));
  t.after(() => iso.close());
  assert.throws(() => iso.read('b'), { code, message: /has no b$/ });
  assert.throws(() => openIso('/nonexistent.iso'), { code: 'RAZOR_MK_FILE_UNREADABLE' });
});

test('directories that lie in each other are left, and are no loop', (t) => {
  const path = isoFile(t, [{ name: 'A;1', text: 'a' }], (image) => {
    const at = 18 * SECTOR + 68; // the record of A becomes a directory that is its own parent
    image.writeUInt32LE(18, at + 2);
    image.writeUInt32LE(SECTOR, at + 10);
    image[at + 25] = 2;
    return image;
  });
  const iso = openIso(path);
  t.after(() => iso.close());
  assert.equal(iso.files.size, 0);
});

test('the boot catalogue is read with its sections, and a wrong one is none', (t) => {
  const withCatalogue = (change: (catalogue: Buffer) => void): string =>
    isoFile(t, [{ name: 'A;1', text: 'a' }], (image) => {
      const catalogue = Buffer.alloc(SECTOR);
      catalogue[0] = 1;
      catalogue.set([0x55, 0xaa], 30);
      catalogue[32] = 0x88;
      catalogue.writeUInt16LE(4, 38);
      catalogue.writeUInt32LE(19, 40);
      catalogue.set([0x91, 0xef, 1, 0], 64);
      catalogue[96] = 0x88;
      catalogue.writeUInt16LE(2880, 102);
      catalogue.writeUInt32LE(7, 104);
      change(catalogue);
      const boot = Buffer.alloc(SECTOR);
      boot.write('\u0000CD001\u0001EL TORITO SPECIFICATION', 0, 'latin1');
      const end = image.subarray(17 * SECTOR, 18 * SECTOR);
      const sectors = image.length / SECTOR + 2;
      boot.writeUInt32LE(sectors - 1, 71);
      // the descriptor of the catalogue comes before the end, which moves into the directory's place, which moves behind
      const moved = Buffer.concat([image, Buffer.alloc(SECTOR), catalogue]);
      image.copy(moved, image.length, 18 * SECTOR, 19 * SECTOR);
      boot.copy(moved, 17 * SECTOR);
      end.copy(moved, 18 * SECTOR);
      moved.writeUInt32LE(image.length / SECTOR, 16 * SECTOR + 158);
      return moved;
    });
  const iso = openIso(withCatalogue(() => undefined));
  t.after(() => iso.close());
  assert.deepEqual(iso.boot, [
    { platform: 'bios', bootable: true, offset: 19 * SECTOR, sectors: 4 },
    { platform: 'efi', bootable: true, offset: 7 * SECTOR, sectors: 2880 },
  ]);
  const unsigned = openIso(withCatalogue((catalogue) => void catalogue.writeUInt8(0, 30)));
  t.after(() => unsigned.close());
  assert.deepEqual(unsigned.boot, []);
});
