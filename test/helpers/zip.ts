/** A zip writer for tests: stored entries, with any name and any mode, so that archives no honest tool makes can be made. */
import { crc32 } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly data?: string | Buffer;
  /** The Unix mode with its file type; 0o100644 by default. */
  readonly mode?: number;
  /** Lies about the length in the headers. */
  readonly claimedSize?: number;
  /** Lies about the sum in the headers. */
  readonly claimedCrc32?: number;
}

export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const data = Buffer.from(entry.data ?? '');
    const size = entry.claimedSize ?? data.length;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0); // version needed
    fields.writeUInt16LE(0x0800, 2); // names are UTF-8
    fields.writeUInt32LE(0x5a21, 6); // a date
    fields.writeUInt32LE(entry.claimedCrc32 ?? crc32(data), 10);
    fields.writeUInt32LE(size, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(name.length, 22);
    local.push(Buffer.from('PK\x03\x04'), fields, name, data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), fields, tail, name);
    offset += 4 + fields.length + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
}
