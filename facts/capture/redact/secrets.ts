/** Values that identify one machine, and every spelling in which they may stand in a recording, with its replacement. Pure. */
import { whyJunkMac } from '../../identity/junk-macs.ts';
import { whyJunkText } from '../../identity/junk-texts.ts';
import { whyJunkUuid } from '../../identity/junk-uuids.ts';
import { scrambled, scrambledHex, scrambledMac } from './scramble.ts';

type SecretKind = 'mac' | 'guid' | 'uuid' | 'serial' | 'name';

/** One value, in its plainest form: hexadecimal digits without separators for addresses and UUIDs, in lower case. */
export interface Secret {
  readonly kind: SecretKind;
  readonly value: string;
}

/** Pairs of what is replaced and by what, of the same length but for names. */
type Spellings = readonly (readonly [from: string, to: string])[];

/** The GUID of UEFI's own variables is the same on all machines. */
const SHARED_UUID = '8be4df6193ca11d2aa0d00e098032b8c';

/** The secrets of a recording: each value once, whatever its spelling. */
export interface SecretSet {
  readonly all: readonly Secret[];
  /** A MAC address in any spelling. Those that many machines have say nothing and are passed over. */
  readonly addMac: (text: string) => void;
  /** Eight bytes: an InfiniBand GUID, a world-wide name. */
  readonly addGuid: (text: string) => void;
  readonly addUuid: (text: string) => void;
  /** A serial number or tag. Fillers that many machines have, and texts of up to three characters, are passed over. */
  readonly addSerial: (text: string) => void;
  /** A host or domain name. */
  readonly addName: (text: string) => void;
}

/** Names that every machine or every site has. */
const COMMON_NAME =
  /^(localhost\d?|localdomain|local|lan|home|internal|example|invalid|test|box|node|host|tinycore|debian|none|\(none\)|ip6-.*)$/i;

/** Starts with nothing. */
export function createSecretSet(): SecretSet {
  const all: Secret[] = [];
  const known = new Set<string>();
  const add = (kind: SecretKind, value: string): void => {
    if (known.has(`${kind} ${value}`)) return;
    known.add(`${kind} ${value}`);
    all.push({ kind, value });
  };
  const plainHex = (text: string): string => text.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  return {
    all,
    addMac(text) {
      const hex = plainHex(text);
      if (hex.length !== 12 || whyJunkMac((hex.match(/../g) ?? []).join(':')) !== undefined) return;
      add('mac', hex);
    },
    addGuid(text) {
      const hex = plainHex(text);
      if (hex.length === 16 && !/^(..)\1*$/.test(hex)) add('guid', hex);
    },
    addUuid(text) {
      const hex = plainHex(text);
      if (hex.length !== 32 || hex === SHARED_UUID || whyJunkUuid(dashed(hex)) !== undefined) return;
      add('uuid', hex);
    },
    addSerial(text) {
      const value = text.trim();
      if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return this.addUuid(value);
      if (value.length > 3 && value.length <= 128 && whyJunkText(value) === undefined) add('serial', value);
    },
    addName(text) {
      const value = text.trim().replace(/\.$/, '');
      if (value.length < 3 || /^[\d.:]+$/.test(value) || COMMON_NAME.test(value)) return;
      add('name', value);
      // a short name stands alone too, and so does the domain behind it
      const [host, ...domain] = value.split('.');
      if (domain.length === 0) return;
      if (host !== undefined && host.length >= 3 && !COMMON_NAME.test(host)) add('name', host);
      if (domain.length > 1) add('name', domain.join('.'));
    },
  };
}

/** `8-4-4-4-12` digits of 32. */
export function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const pairs = (hex: string): string[] => hex.match(/../g) ?? [];
const binary = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
/** The address that IPv6 makes of a MAC (RFC 4291, appendix A), as sixteen digits. */
export function eui64Of(mac: string): string {
  return (parseInt(mac.slice(0, 2), 16) ^ 2).toString(16).padStart(2, '0') + `${mac.slice(2, 6)}fffe${mac.slice(6)}`;
}
const groups = (hex: string): string[] => hex.match(/..../g) ?? [];
const shortGroups = (hex: string): string =>
  groups(hex)
    .map((group) => group.replace(/^0{1,3}/, ''))
    .join(':');
/** The first three fields of a UUID with their bytes reversed: another view of the same sixteen bytes. */
export function swappedUuid(hex: string): string {
  return (
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)].map((field) => pairs(field).reverse().join('')).join('') +
    hex.slice(16)
  );
}

/** Every spelling as text, in lower case where letters are hexadecimal: it is looked for without regard to case. */
export function textSpellings({ kind, value }: Secret): Spellings {
  if (kind === 'serial') {
    const fresh = scrambled(value);
    const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
    // NVMe without an EUI spells its serial number in hexadecimal
    return value.length < 6
      ? [[value, fresh]]
      : [
          [value, fresh],
          [hex(value), hex(fresh)],
        ];
  }
  if (kind === 'name') return [[value, scrambled(value)]];
  if (kind === 'uuid') {
    const fresh = scrambledHex(value);
    return [
      [value, fresh],
      [swappedUuid(value), swappedUuid(fresh)],
    ].flatMap(
      ([from, to]) =>
        [
          [dashed(from as string), dashed(to as string)],
          [from as string, to as string],
        ] as const,
    );
  }
  const fresh = freshHex(kind, value);
  const spell = (from: string, to: string): Spellings => [
    ...[':', '-', ''].map((join) => [pairs(from).join(join), pairs(to).join(join)] as const),
    [groups(from).join(':'), groups(to).join(':')],
    [groups(from).join('.'), groups(to).join('.')],
    [shortGroups(from), shortGroups(to)],
  ];
  if (kind === 'guid') return spell(value, fresh);
  return [
    ...spell(value, fresh).filter(([from]) => !/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){2}$/.test(from)),
    ...spell(eui64Of(value), eui64Of(fresh)),
  ];
}

/** Every spelling as bytes (Latin-1 text stands for them): as they lie in firmware tables, and as UTF-16. */
export function binarySpellings(secret: Secret): Spellings {
  const { kind, value } = secret;
  const wide = (text: string): string => Buffer.from(text, 'utf16le').toString('latin1');
  const texts = textSpellings(secret).flatMap(([from, to]) =>
    kind === 'serial' || kind === 'name'
      ? [[wide(from), wide(to)] as const]
      : [[wide(from), wide(to)] as const, [wide(from.toUpperCase()), wide(to.toUpperCase())] as const],
  );
  if (kind === 'serial' || kind === 'name') return texts;
  const fresh = kind === 'uuid' ? scrambledHex(value) : freshHex(kind, value);
  const bytes: Spellings = [[binary(value), binary(fresh)]];
  if (kind !== 'uuid') return [...bytes, ...texts];
  return [...bytes, [binary(swappedUuid(value)), binary(swappedUuid(fresh))], ...texts];
}

/** A GUID is often made of a MAC address (RFC 4291): its maker's part and the two bytes between stay. */
function freshHex(kind: 'mac' | 'guid', value: string): string {
  if (kind === 'mac') return scrambledMac(value);
  const mac = scrambledMac(value.slice(0, 6) + value.slice(10));
  return mac.slice(0, 6) + value.slice(6, 10) + mac.slice(6);
}
