/** An ELF file of 64 bits with the section .modinfo of a kernel module, and nothing that could be loaded. */

/** `texts` are those of the section: `firmware=bnx2/x.fw`. */
export function fakeModule(texts: readonly string[]): Buffer {
  const info = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const table = Buffer.alloc(3 * 64);
  const section = (index: number, name: number, at: number, size: number): void => {
    table.writeUInt32LE(name, index * 64);
    table.writeBigUInt64LE(BigInt(at), index * 64 + 0x18);
    table.writeBigUInt64LE(BigInt(size), index * 64 + 0x20);
  };
  section(1, 1, 64, info.length);
  section(2, 10, 64 + info.length, names.length);
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeBigUInt64LE(BigInt(64 + info.length + names.length), 0x28);
  head.writeUInt16LE(64, 0x3a);
  head.writeUInt16LE(3, 0x3c);
  head.writeUInt16LE(2, 0x3e);
  return Buffer.concat([head, info, names, table]);
}
