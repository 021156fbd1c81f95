/** What a kernel module says about itself: the texts NAME=VALUE of its section .modinfo (include/linux/moduleparam.h). */

/**
 * The texts of `.modinfo` of an ELF file, in their order; none for what is no ELF file of the PC's byte order or has no such section.
 * (System V ABI, "Object Files": section header table, and the section that holds the names of the others.)
 */
export function moduleInfo(module: Buffer): string[] {
  const wide = module[4] === 2;
  if (module.length < 64 || module.toString('latin1', 0, 4) !== '\x7fELF' || module[5] !== 1) return [];
  const table = wide ? Number(module.readBigUInt64LE(0x28)) : module.readUInt32LE(0x20);
  const [entry, count, names] = [0, 2, 4].map((offset) => module.readUInt16LE((wide ? 0x3a : 0x2e) + offset));
  const section = (index: number): { name: number; at: number; size: number } | undefined => {
    const from = table + index * (entry ?? 0);
    if ((entry ?? 0) < (wide ? 64 : 40) || from + (entry ?? 0) > module.length) return undefined;
    const number = (offset: number): number =>
      wide ? Number(module.readBigUInt64LE(from + offset)) : module.readUInt32LE(from + offset);
    return {
      name: module.readUInt32LE(from),
      at: number(wide ? 0x18 : 0x10),
      size: number(wide ? 0x20 : 0x14),
    };
  };
  const strings = section(names ?? 0);
  if (strings === undefined) return [];
  for (let index = 0; index < (count ?? 0); index++) {
    const one = section(index);
    if (one === undefined) return [];
    const name = module.toString('latin1', strings.at + one.name, strings.at + one.name + 9);
    if (name !== '.modinfo\0') continue;
    return textsOf(module.subarray(one.at, one.at + one.size));
  }
  return [];
}

/** The texts of a region in which each ends with a zero byte. */
export function textsOf(region: Buffer): string[] {
  return region.toString('latin1').split('\0').filter(Boolean);
}
