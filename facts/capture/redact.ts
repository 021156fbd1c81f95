/**
 * Replaces what identifies one machine: MACs, serial numbers, UUIDs, world-wide names. The same text always becomes the same
 * replacement of the same length, in every spelling and in the raw SMBIOS table too, so that everything still fits together.
 */
import { createHash } from 'node:crypto';
import { whyJunkText } from '../identity/junk-texts.ts';
import { decodeSmbios, specified } from '../smbios/smbios.ts';
import type { Recording } from '../sources/recording.ts';

/** Files whose content identifies one part of one machine. */
const SERIAL_FILE =
  /\/(product_serial|board_serial|chassis_serial|product_uuid|serial|serial_number|wwid|wwn|eui|nguid|uuid|node_guid|sys_image_guid|[a-z]+_asset_tag)$/;
const MAC = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const LABELLED = /\bserial(?: number)?:\s*(\S{4,64})/gi;
/** The GUID of UEFI's own variables is the same on all machines. */
const SHARED_UUID = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** A copy of a recording with its identifying values replaced. */
export function redactRecording(recording: Recording): Recording {
  const replace = replacer(secretsOf(recording));
  const bytes = (value: Buffer): Buffer => Buffer.from(replace(value.toString('latin1')), 'latin1');
  const optional = (text: string | undefined): string | undefined => (text === undefined ? undefined : replace(text));
  return {
    reads: mapped(recording.reads, replace, (read) =>
      read.bytes === undefined ? read : { ...read, bytes: bytes(read.bytes) },
    ),
    lists: mapped(recording.lists, replace, (list) => list?.map(replace).sort()),
    exists: mapped(recording.exists, replace, (answer) => answer),
    links: mapped(recording.links, replace, optional),
    reals: mapped(recording.reals, replace, optional),
    commands: mapped(recording.commands, replace, (result) => ({
      ...result,
      argv: result.argv.map(replace),
      stdout: bytes(result.stdout),
      stderr: bytes(result.stderr),
    })),
    lookups: mapped(recording.lookups, replace, optional),
    os: recording.os && (JSON.parse(replace(JSON.stringify(recording.os))) as Recording['os']),
  };
}

function mapped<T, U>(map: ReadonlyMap<string, T>, key: (k: string) => string, value: (v: T) => U): Map<string, U> {
  return new Map([...map].map(([k, v]) => [key(k), value(v)]));
}

/** Every text to be replaced, with its replacement, the longest first. */
function secretsOf(recording: Recording): Map<string, string> {
  const secrets = new Map<string, string>();
  const texts: string[] = [];
  for (const [path, { bytes }] of recording.reads) {
    if (bytes === undefined) continue;
    const text = bytes.toString('latin1');
    if (bytes.length < 1_000_000) texts.push(text);
    const value = text.trim();
    if (SERIAL_FILE.test(path) && value.length <= 128 && identifies(value)) addSerial(secrets, value);
  }
  for (const value of smbiosSerials(recording)) addSerial(secrets, value);
  for (const result of recording.commands.values()) texts.push(result.stdout.toString('latin1'));
  for (const text of texts) {
    for (const [mac] of text.matchAll(MAC)) addMac(secrets, mac.toLowerCase());
    for (const [uuid] of text.matchAll(UUID)) addUuid(secrets, uuid.toLowerCase());
    for (const match of text.matchAll(LABELLED)) {
      const value = match[1] as string;
      if (identifies(value) && !/^[0-9a-f]{2}:/i.test(value)) addSerial(secrets, value);
    }
  }
  return new Map([...secrets].sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1)));
}

/** Serial numbers and asset tags of boards, processors and memory modules in the raw table. */
function smbiosSerials(recording: Recording): string[] {
  const table = recording.reads.get('/sys/firmware/dmi/tables/DMI')?.bytes;
  if (table === undefined) return [];
  return decodeSmbios(table)
    .flatMap((one) => [
      'serialNumber' in one ? specified(one.serialNumber) : undefined,
      'assetTag' in one ? specified(one.assetTag) : undefined,
    ])
    .filter((value) => value !== undefined && identifies(value)) as string[];
}

/** Fillers that many machines share say nothing, and so do texts that stand everywhere. */
function identifies(value: string): boolean {
  return value.length > 3 && whyJunkText(value) === undefined;
}

function digest(text: string): string {
  return createHash('sha256').update(`razor-mk ${text}`).digest('hex');
}

/** The maker's half is kept: drivers and vendors stay true. Group and all-equal addresses are nobody's. */
function addMac(secrets: Map<string, string>, mac: string): void {
  const bytes = mac.split(':');
  if ((parseInt(bytes[0] as string, 16) & 1) === 1 || new Set(bytes).size === 1) return;
  const end = (digest(mac).slice(0, 6).match(/../g) as string[]).slice(0, 3);
  const fresh = [...bytes.slice(0, 3), ...end];
  for (const join of [':', '-', '']) {
    for (const spell of [(t: string) => t, (t: string) => t.toUpperCase()]) {
      secrets.set(spell(bytes.join(join)), spell(fresh.join(join)));
    }
  }
  // the address that IPv6 makes of it (RFC 4291, appendix A)
  secrets.set(eui64(bytes), eui64(fresh));
}

function eui64(bytes: readonly string[]): string {
  const first = (parseInt(bytes[0] as string, 16) ^ 2).toString(16).padStart(2, '0');
  const all = [first, bytes[1], bytes[2], 'ff', 'fe', bytes[3], bytes[4], bytes[5]] as string[];
  const groups = [0, 2, 4, 6].map((i) => `${all[i] as string}${all[i + 1] as string}`.replace(/^0{1,3}/, ''));
  return groups.join(':');
}

function addUuid(secrets: Map<string, string>, uuid: string): void {
  if (uuid === SHARED_UUID || /^[0-]+$/.test(uuid) || /^[f-]+$/.test(uuid)) return;
  const hex = digest(uuid);
  let at = 0;
  const fresh = uuid.replaceAll(/[0-9a-f]/g, () => hex[at++] as string);
  for (const spell of [(t: string) => t, (t: string) => t.toUpperCase()]) {
    secrets.set(spell(uuid), spell(fresh));
    secrets.set(spell(uuid.replaceAll('-', '')), spell(fresh.replaceAll('-', '')));
  }
  secrets.set(smbiosBytes(uuid), smbiosBytes(fresh));
}

/** The 16 bytes of SMBIOS 2.6 and later: the first three fields are little-endian. */
function smbiosBytes(uuid: string): string {
  const b = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((i) => b[i] as number)).toString('latin1');
}

/** Letters become letters and digits digits, so that formats stay. */
function addSerial(secrets: Map<string, string>, value: string): void {
  if (/^[0-9a-f-]{36}$/i.test(value)) return addUuid(secrets, value.toLowerCase());
  const bytes = Buffer.from(`${digest(value)}${digest(`${value}+`)}`, 'hex');
  let at = 0;
  const next = (size: number): number => (bytes[at++ % bytes.length] as number) % size;
  const fresh = value.replaceAll(/[0-9A-Za-z]/g, (c) => {
    if (/[0-9]/.test(c)) return String(next(10));
    return String.fromCharCode((c <= 'Z' ? 65 : 97) + next(/[a-f]/i.test(c) ? 6 : 26));
  });
  secrets.set(value, fresh);
}

function replacer(secrets: ReadonlyMap<string, string>): (text: string) => string {
  if (secrets.size === 0) return (text) => text;
  const pattern = new RegExp([...secrets.keys()].map(escape).join('|'), 'g');
  return (text) => text.replaceAll(pattern, (found) => secrets.get(found) as string);
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
