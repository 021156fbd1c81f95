/** The raw SMBIOS table: what identifies in its known structures, and a copy without what nobody here can judge. Pure. */
import { decodeSmbios, smbiosVersion } from '../../smbios/smbios.ts';
import { fieldsOf, type Fields } from '../../smbios/fields.ts';
import { type RawStructure, readTable } from '../../smbios/structure.ts';
import { scrambled } from './scramble.ts';
import type { SecretSet } from './secrets.ts';

/** HPE: 8 bytes a card from offset 4, its PCI address first (dmidecode, dmi_decode_hp). */
const HP_CARD_LISTS = new Set([209, 221]);
/** HPE: one card, its address at offset 8. */
const HP_CARD = 233;
const FIRST_VENDOR_TYPE = 128;
const VENDOR_TYPES_READ = new Set([...HP_CARD_LISTS, HP_CARD]);

/** Adds the UUID (in the byte order of the table's version), serial numbers, asset tags and MAC addresses of a table. */
export function addSmbiosSecrets(table: Uint8Array, entryPoint: Uint8Array | undefined, secrets: SecretSet): void {
  for (const one of decodeSmbios(table, smbiosVersion(entryPoint ?? Buffer.alloc(0)))) {
    if ('serialNumber' in one && one.serialNumber !== undefined) secrets.addSerial(one.serialNumber);
    if ('assetTag' in one && one.assetTag !== undefined) secrets.addSerial(one.assetTag);
    if (one.kind === 'system' && one.uuid !== undefined) secrets.addUuid(one.uuid);
    if (one.kind === 'hostInterface' && one.mac !== undefined) secrets.addMac(one.mac);
  }
  for (const raw of readTable(table).structures) addRaw(raw, fieldsOf(raw), secrets);
}

function addRaw(raw: RawStructure, fields: Fields, secrets: SecretSet): void {
  const text = (offset: number): void => secrets.addSerial(fields.text(offset) ?? '');
  const mac = (offset: number): void => secrets.addMac(Buffer.from(fields.bytes(offset, 6) ?? []).toString('hex'));
  if (raw.type === 22) text(0x07);
  if (raw.type === 39) for (const offset of [0x08, 0x09]) text(offset);
  if (raw.type === 42 && fields.byte(0x06) === 4) text(0x0c);
  if (HP_CARD_LISTS.has(raw.type)) for (let at = 4; at + 8 <= raw.bytes.length; at += 8) mac(at + 2);
  if (raw.type === HP_CARD) mac(0x08);
}

/**
 * A copy of the table in which vendors' own structures are blank (zeros, and an x for each character of their strings), free
 * texts (types 11 and 12) have nothing of a serial number's form, and so has what lies behind a broken structure. No fact
 * is made of these.
 */
export function blankVendorData(table: Uint8Array): Buffer {
  const copy = Buffer.from(table);
  const { structures, problem } = readTable(copy);
  let end = 0;
  for (const [index, raw] of structures.entries()) {
    const start = raw.bytes.byteOffset - copy.byteOffset;
    const strings = start + raw.bytes.length;
    const next = structures[index + 1];
    end = next === undefined ? stringsEnd(copy, strings) : next.bytes.byteOffset - copy.byteOffset;
    if (raw.type >= FIRST_VENDOR_TYPE && !VENDOR_TYPES_READ.has(raw.type)) {
      copy.fill(0, start + 4, strings);
      for (let at = strings; at < end; at += 1) if (copy[at] !== 0) copy[at] = 0x78;
    } else if (raw.type === 11 || raw.type === 12) {
      const text = copy.toString('latin1', strings, end);
      copy.write(
        text.replaceAll(/[A-Za-z0-9-]{6,}/g, (word) => (/\d.*\d/.test(word) ? scrambled(word) : word)),
        strings,
        'latin1',
      );
    } else if (raw.type === 42 && raw.bytes[6] === 2) copy.fill(0, Math.min(start + 0x0b, strings), strings); // its USB serial number
  }
  if (problem !== undefined || structures.at(-1)?.type === 127) copy.fill(0, Math.min(end + 4, copy.length));
  return copy;
}

/** The offset behind the two zeros that end a string set, or the end of the table. */
function stringsEnd(table: Buffer, start: number): number {
  const zeros = table.indexOf('\0\0', start, 'latin1');
  return zeros < 0 ? table.length : zeros + 2;
}
