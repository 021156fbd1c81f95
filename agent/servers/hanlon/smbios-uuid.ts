/**
 * Which SMBIOS system UUIDs name a machine. Firmware writers ship placeholders, and a server that keys its nodes by UUID
 * folds every machine with the same placeholder into one node (Hanlon did, with "Not Settable").
 */

/** Placeholders seen on boards in the field, as the kernel prints them; each is refused in both byte orders. */
export const JUNK_UUIDS: readonly string[] = [
  '03000200-0400-0500-0006-000700080009', // AMI's sample value, on boards of many makers
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '00010203-0405-0607-0809-0a0b0c0d0e0f',
  '01234567-8910-1112-1314-151617181920',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '12345678-1234-5678-90ab-cdefaabbccdd',
  '12345678-1234-1234-1234-123456789abc',
  '12345678-1234-1234-1234-123456789012',
  '4c4c4544-0000-2010-8020-80c04f202020', // Dell's form of an empty service tag
  '4c4c4544-0020-2010-8020-a0c04f202020',
  '80000000-8000-8000-8000-800000000000',
  'deadbeef-dead-beef-dead-beefdeadbeef',
  'fefefefe-fefe-fefe-fefe-fefefefefefe',
];

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const COUNTING = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'];

/** The first three fields with their bytes reversed: SMBIOS before 2.6, and some virtual machines, store them so. */
export function swapUuid(uuid: string): string {
  const reverse = (hex: string): string => (hex.match(/../g) ?? []).reverse().join('');
  const [low = '', middle = '', high = '', ...rest] = uuid.split('-');
  return [reverse(low), reverse(middle), reverse(high), ...rest].join('-');
}

const JUNK = new Set(JUNK_UUIDS.flatMap((uuid) => [uuid, swapUuid(uuid)]));

/**
 * A UUID that can tell two machines apart, trimmed and in lower case, else undefined: it must have the shape of a UUID
 * ("Not Settable" and "To Be Filled By O.E.M." have not), must not be one or two bytes repeated (all zeros, all Fs), no
 * counting sequence, and none of the placeholders above.
 */
export function usableUuid(text: string | undefined): string | undefined {
  const uuid = text?.trim().toLowerCase() ?? '';
  if (!SHAPE.test(uuid) || JUNK.has(uuid)) return undefined;
  const digits = uuid.replaceAll('-', '');
  if (COUNTING.includes(digits) || new Set(digits.match(/../g)).size <= 2) return undefined;
  return uuid;
}
