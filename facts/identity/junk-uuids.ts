/**
 * Which SMBIOS system UUIDs name a machine. Firmware writers ship placeholders, and a server that keys its nodes by UUID
 * folds every machine with the same placeholder into one node (Hanlon did, with "Not Settable").
 */
import { whyJunkText } from './junk-texts.ts';

/**
 * Placeholders, as the kernel prints them; each is refused in both byte orders. FreeBSD: libexec/rc/rc.d/hostid. GLPI:
 * src/Blacklist.php. Field: seen on boards of several owners.
 */
export const JUNK_UUIDS: readonly string[] = [
  '03000200-0400-0500-0006-000700080009', // FreeBSD, GLPI: AMI's sample value, on boards of many makers
  '07090201-0103-0301-0807-060504030201', // FreeBSD
  '11111111-2222-3333-4444-555555555555', // FreeBSD
  '4c4c4544-0000-2010-8020-80c04f202020', // FreeBSD: Dell's form of an empty service tag
  '890e2d14-cacd-45d1-ae66-bc80e8bfeb0f', // FreeBSD
  '8e275844-178f-44a8-aceb-a7d7e5178c63', // FreeBSD
  'dc698397-fa54-4cf2-82c8-b1b5307a6a7f', // FreeBSD
  '6ab5b300-538d-1014-9fb5-b0684d007b53', // GLPI
  '03020100-0504-0706-0809-0a0b0c0d0e0f', // field
  '00010203-0405-0607-0809-0a0b0c0d0e0f', // field
  '01234567-8910-1112-1314-151617181920', // field
  '12345678-1234-5678-90ab-cddeefaabbcc', // field
  '12345678-1234-5678-90ab-cdefaabbccdd', // field
  '12345678-1234-1234-1234-123456789abc', // field
  '12345678-1234-1234-1234-123456789012', // field
  '4c4c4544-0020-2010-8020-a0c04f202020', // field: another form of Dell's empty service tag
  '44454c4c-0000-2010-8020-80c04f202020', // field: the same, with one group in the other byte order
  '80000000-8000-8000-8000-800000000000', // field
  '00112233-4455-6677-8899-aabbccddeeff', // field: the example of the SMBIOS specification (7.2.1)
  '00000000-0000-1000-8000-000000000000', // field: the form of a UUID without anything in it
  'deadbeef-dead-beef-dead-beefdeadbeef', // field
  '03d40274-0435-05dc-8506-010700080009', // field: one Gigabyte board's, cloned into many virtual machines
];

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const COUNTING = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'];
const JUNK = new Set(JUNK_UUIDS.flatMap((uuid) => [uuid, swapUuid(uuid)]));

/** The first three fields with their bytes reversed: SMBIOS before 2.6, and some virtual machines, store them so. */
export function swapUuid(uuid: string): string {
  const reverse = (hex: string): string => (hex.match(/../g) ?? []).reverse().join('');
  const [low = '', middle = '', high = '', ...rest] = uuid.split('-');
  return [reverse(low), reverse(middle), reverse(high), ...rest].join('-');
}

/** Why a UUID identifies nothing, in words; undefined for one that can. Case and blanks around it do not matter. */
export function whyJunkUuid(text: string): string | undefined {
  const uuid = text.trim().toLowerCase();
  if (!SHAPE.test(uuid)) return whyJunkText(uuid) ?? 'not in the form of a UUID';
  const digits = uuid.replaceAll('-', '');
  if (/^0+$/.test(digits)) return 'only zeros';
  if (/^f+$/.test(digits)) return 'only ones';
  // fefefefe-…, 11111111-…, 58585858-…, 00ff00ff-…: FreeBSD lists several, firmware has more
  if (new Set(digits.match(/../g)).size <= 2) return 'one or two bytes repeated';
  if (COUNTING.includes(digits)) return 'a counting number';
  // FreeBSD: boards of Intel that filled in the first group only
  if (uuid.endsWith('-ffff-ffff-ffff-ffffffffffff')) return 'only ones after the first group';
  // field: the same with zeros
  if (uuid.endsWith('-0000-0000-0000-000000000000')) return 'only zeros after the first group';
  return JUNK.has(uuid) ? 'a UUID that many boards share' : undefined;
}

/** A UUID that can tell two machines apart, trimmed and in lower case; undefined for any other text. */
export function usableUuid(text: string | undefined): string | undefined {
  if (text === undefined || whyJunkUuid(text) !== undefined) return undefined;
  return text.trim().toLowerCase();
}
