/**
 * Serial numbers and asset tags that firmware leaves when nobody programmed it. Only whole values count: what merely begins
 * like a filler (`XB4K7Q2`, `OEM4711A`, `ASSET-00123`, Dell's `.TAG.CN….`) is a machine's own.
 */

/**
 * Whole values, in lower case. GLPI: the default blacklist of GLPI (src/Blacklist.php). OCS: blacklist_serials of
 * OCS Inventory (ocsbase.sql). DMI: the most frequent ones among 12,000 dumps of github.com/linuxhw/DMI and 150 of other
 * projects. dmidecode: what it prints itself.
 */
const VALUES = new Set([
  // GLPI and OCS
  'n/a',
  '(null string)',
  'invalid',
  '123456789000',
  'eval',
  'iatpass',
  'none',
  'tulip computers',
  'serial number xxxxxx',
  'sn-123456fvgv3i0b8o5n6n7k',
  'unknow',
  'empty',
  'oem_serial',
  'systemserialnumb',
  // dmidecode
  '<bad index>',
  '<out of spec>',
  // DMI
  '$(default_string)',
  '(none)',
  '(null)',
  'aptio crb',
  'default',
  'default sku',
  'default string',
  'filled by oem',
  'na',
  'no asset information',
  'no asset tag',
  'noassettag',
  'no dimm',
  'no enclosure',
  'not asset tag',
  'null',
  'o.e.m.',
  'o.e.m',
  'oem',
  'part component',
  'product name',
  'sku',
  'sku number',
  'sku1',
  'standard',
  'system name',
  'system product name',
  'system skunumber',
  'tbd',
  'to be filled',
  'undefined',
  'unknown',
  'unspecified',
  // xcat2/xcat-core#5428: boards without a serial number of their own
  'notsupport',
  'not support',
  'not supported',
  'ssn1',
  'type1',
  // field: reports of machines that share them
  '0x00000000',
  'oem chassis',
  'reserved',
  'sn#12345',
  'type 2',
]);

/** `Not Specified` (dmidecode, GLPI), `Not Settable` and `Not Present` (dmidecode, of UUIDs), `Not Set` … */
const NOT_GIVEN = /^not (settable|present|specified|applicable|available|provided|defined|set|used|known)$/;

/** The most frequent filler of AMI's firmware, in its spellings (DMI; GLPI). */
const TO_BE_FILLED = /^(to ?be ?)?filled ?by ?(the )?o\.? ?e\.? ?m\.?$/;

/** The field's own name as its value: `System Serial Number`, `Type2 - Board Asset Tag`, `Chassis Version` (DMI). */
const FIELD_NAME =
  /^(type ?\d ?- ?)?((system|base ?board|board|mother ?board|chassis|product|enclosure|server) ?)?(serial|serial ?(number|num|no\.?|#)|asset|asset ?tag|asset ?number|sku ?number|version|manufacturer?|chassis (location|version|serial number))$/;

/** AMI's samples for memory modules: `SerNum00`, `A1_AssetTagNum0`, `DIMM_A1_AssetTag` (DMI). */
const MODULE_SAMPLE = /^([a-z]+\d*_)*(sernum|assettagnum|assettag|partnum)\d*$/;

/** Of boards whose maker defined nothing (DMI). */
const OEM_DEFINE = /^oem[ _]?define ?\d+$/;

/** A label before a counting number: `SYS-1234567890`, `MB-1234567890` (GLPI), `BSN12345678901234567` (ASUS, DMI). */
const LABEL = /^(#a|sys|sn|mb|atn|bss|[abcmps]sn|asset-?(?=[0-9]{10}))?-?(?=[0-9])/;

/**
 * Why a serial number or asset tag identifies nothing, in words; undefined for one that can. Whole values only, whatever
 * their case and the blanks around them.
 */
export function whyJunkText(text: string): string | undefined {
  const value = text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  if (value === '') return 'empty';
  if (NOT_GIVEN.test(value)) return 'the firmware has none';
  if (/^[^\p{L}\p{N}]*$/u.test(value)) return 'no letter and no digit';
  if (/^[0\s-]+$/.test(value)) return 'only zeros';
  // GLPI has 0, 1, 1111111, NNNNNNN, xxxxxxxxxxx and others of the kind; two equal digits may be somebody's own tag
  if (/^(.)\1*$/u.test(value) && (value.length !== 2 || value === 'xx')) return 'one character repeated';
  if (isCounting(value.replace(LABEL, ''))) return 'a counting number';
  const patterns = [TO_BE_FILLED, FIELD_NAME, MODULE_SAMPLE, OEM_DEFINE];
  if (VALUES.has(value) || patterns.some((pattern) => pattern.test(value))) {
    return 'a filler that many machines share';
  }
  return undefined;
}

const HEX_RUNS = new Set(['0123456789abcdef', '123456789abcdef', '1234567890abcdef']);

/** `12345` (GLPI) to `12345678901234567`, `01234567`, `87654321`, and all sixteen hexadecimal digits. */
function isCounting(value: string): boolean {
  if (value.length < 5) return false;
  const up = ['1234567890'.repeat(4), '0123456789'.repeat(4)].some((run) => run.startsWith(value));
  return up || HEX_RUNS.has(value) || '9876543210'.endsWith(value) || '987654321'.endsWith(value);
}
