/** Looks through a recording for values that identify the machine: in files of their own, and by their form in any text. Pure. */
import { LLDPCTL_FILE, neighboursIn, PCAP_FILE } from '../../groups/network/neighbours/neighbours.ts';
import type { Recording } from '../../sources/recording.ts';
import { addDiskSecrets, DISK_START } from './blank-files.ts';
import type { SecretSet } from './secrets.ts';
import { addSmbiosSecrets } from './smbios-secrets.ts';

/** Where the raw SMBIOS table lies, and what says its version. */
export const TABLE_PATH = '/sys/firmware/dmi/tables/DMI';
const ENTRY_POINT = '/sys/firmware/dmi/tables/smbios_entry_point';

/** Files whose content identifies one part of one machine. */
export const SERIAL_FILE =
  /\/(product_serial|board_serial|chassis_serial|product_uuid|serial|serial_number|iSerial|unique_id|cid|subsysnqn|hostnqn|hostid|machine-id|boot_id|[a-z]+_asset_tag)$/;
const WWID_FILE = /\/(wwid|wwn|eui|nguid|uuid|port_name|node_name|sas_address)$/;
const GUID_FILE = /\/(node_guid|sys_image_guid|port_guid)$/;
const NAME_FILE = /^\/(proc\/sys\/kernel\/(hostname|domainname)|etc\/hostname)$/;
/** Vital product data of SCSI: the serial number (80h), and names of the device (83h), in bytes. */
const VPD_FILE = /\/vpd_pg8[03]$/;

const MAC = /(?<![0-9a-f:])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-f]|\1[0-9a-f]{2})/gi;
/** BOOTIF's form: the hardware type before a MAC. */
const BOOTIF = /\b[0-9a-f]{2}-((?:[0-9a-f]{2}-){5}[0-9a-f]{2})\b/gi;
/** InfiniBand's twenty bytes; the last eight are the port's GUID. */
const LONG_ADDRESS = /(?<![0-9a-f:])(?:[0-9a-f]{2}:){7,31}[0-9a-f]{2}(?![0-9a-f:])/gi;
const UUID = /(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi;
/** The second half of an IPv6 address that was made of a MAC: with colons, or as /proc/net/if_inet6 writes it. */
const EUI64 = /(?<![0-9a-f])([0-9a-f]{1,4}):([0-9a-f]{0,2}ff):(fe[0-9a-f]{2}):([0-9a-f]{1,4})(?![0-9a-f:])/gi;
const EUI64_PLAIN = /\b[0-9a-f]{16}([0-9a-f]{6})fffe([0-9a-f]{6})\b/gi;
const LABELLED = [
  /\bserial(?: number)?:\s*(\S{4,64})/gi,
  /<serial>([^<]{4,64})<\/serial>/gi,
  /"serial"\s*:\s*"([^"]{4,64})"/gi,
  /\basset tag\s*:\s*([^\n]{4,64})/gi,
  /^ ?(?:Chassis|Board|Product) (?:Serial|Extra)\s*:\s*([^\n]{4,64})/gm,
  /SNMP Community String\s*:\s*([^\n]{4,64})/g,
  /PARTUUID=([0-9a-f]{8})-\d/gi,
  /\b(?:iqn|nqn)\.\d{4}-\d{2}\.([^\s,"]{4,128})/g,
];
const NAMED = [
  // the kernel line: ip=CLIENT:SERVER:GATEWAY:NETMASK:HOST:…, names of servers, hosts of URLs
  /\bip=(?:[^:\s]*:){4}([A-Za-z0-9][\w.-]*):/g,
  /\b(?:[\w.-]*(?:hostname|host|server|domain)|razor\.ip|hanlon\.ip)=([A-Za-z][\w.-]*)/g,
  /\b[a-z][a-z0-9+.-]*:\/\/(?:[^\s/@]*@)?([A-Za-z][\w.-]*)/g,
  // neighbours on the wire
  /^lldp\.[^=]+\.chassis\.name=(\S+)/gm,
  /^System Name TLV\n\s+(\S+)/gm,
];

/** Adds everything that is found. */
export function findSecrets(recording: Recording, secrets: SecretSet): void {
  for (const [path, { bytes }] of recording.reads) if (bytes !== undefined) addFile(path, bytes, recording, secrets);
  for (const { stdout } of recording.commands.values()) addText(stdout.toString('latin1'), secrets, true);
  for (const list of recording.lists.values()) if (list !== undefined) addText(list.join('\n'), secrets, false);
  for (const map of [recording.links, recording.reals, recording.lookups]) {
    for (const text of map.values()) if (text !== undefined) addText(text, secrets, false);
  }
  if (recording.os === undefined) return;
  secrets.addName(recording.os.hostname);
  addText(JSON.stringify(recording.os.addresses), secrets, false);
}

function addFile(path: string, bytes: Buffer, recording: Recording, secrets: SecretSet): void {
  if (path === TABLE_PATH) return addSmbiosSecrets(bytes, recording.reads.get(ENTRY_POINT)?.bytes, secrets);
  if (DISK_START.test(path)) return addDiskSecrets(bytes, secrets);
  if (PCAP_FILE.test(path)) return addNeighbours(bytes, secrets);
  const text = bytes.toString('latin1');
  const value = text.replaceAll('\0', '').trim();
  if (SERIAL_FILE.test(path)) secrets.addSerial(value);
  if (WWID_FILE.test(path)) addWorldWideName(value, secrets);
  if (GUID_FILE.test(path)) secrets.addGuid(value);
  if (NAME_FILE.test(path)) secrets.addName(value);
  if (VPD_FILE.test(path)) addVitalData(bytes, secrets);
  if (path === '/etc/hosts') for (const name of namesOfHosts(text)) secrets.addName(name);
  if (path === '/etc/resolv.conf') {
    for (const [, names = ''] of text.matchAll(/^\s*(?:search|domain)\s+(.+)$/gm))
      for (const name of names.split(/\s+/)) secrets.addName(name);
  }
  if (bytes.length < 1_000_000) addText(text, secrets, path === '/proc/cmdline' || path === LLDPCTL_FILE);
}

/** Switches are part of a site: their addresses, and the names and numbers by which they introduce themselves. */
function addNeighbours(file: Buffer, secrets: SecretSet): void {
  for (const { source, system, chassis, port } of neighboursIn(file, '', '')) {
    secrets.addMac(source ?? '');
    if (system !== undefined) secrets.addName(system);
    for (const id of [chassis, port]) {
      if (id?.kind === 'mac') secrets.addMac(id.text);
      else if (id !== undefined && id === chassis && id.kind !== 'address') secrets.addSerial(id.text);
    }
  }
}

function namesOfHosts(text: string): string[] {
  return text.split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
}

/** `naa.…`, `eui.…`, `0x…`: digits, the first sixteen of which stand alone too; `t10.…` ends in the serial number. */
function addWorldWideName(text: string, secrets: SecretSet): void {
  const hex = /^(?:naa\.|eui\.|0x)?([0-9a-f]{16})([0-9a-f]{16})?$/i.exec(text.replaceAll(/[ :-]/g, ''));
  if (hex) for (const part of hex.slice(1)) secrets.addGuid(part ?? '');
  else if (text.startsWith('t10.')) secrets.addSerial(text.split(/\s+/).at(-1) ?? '');
  else secrets.addSerial(text.replace(/^(uuid|nvme|scsi)\./, ''));
}

/** Page 80h is a text behind four bytes. Page 83h has designators (SPC-4, 7.8.6): names in binary (type 3, 2) or text. */
function addVitalData(page: Buffer, secrets: SecretSet): void {
  if (page[1] === 0x80) return secrets.addSerial(page.toString('latin1', 4).replaceAll(/[^ -~]/g, ''));
  for (let at = 4; at + 4 <= page.length; at += 4 + (page[at + 3] ?? 0)) {
    const name = page.subarray(at + 4, at + 4 + (page[at + 3] ?? 0));
    const isText = ((page[at] ?? 0) & 0x0f) > 1;
    if (isText)
      secrets.addSerial(
        name
          .toString('latin1')
          .replaceAll(/[^ -~]/g, '')
          .trim()
          .split(/\s+/)
          .at(-1) ?? '',
      );
    else for (let part = 0; part + 8 <= name.length; part += 8) secrets.addGuid(name.toString('hex', part, part + 8));
  }
}

/** Values by their form. `named`: also what follows the labels of kernel lines and programs. */
function addText(text: string, secrets: SecretSet, named: boolean): void {
  for (const [mac] of text.matchAll(MAC)) secrets.addMac(mac);
  for (const [, mac = ''] of text.matchAll(BOOTIF)) secrets.addMac(mac);
  for (const [address] of text.matchAll(LONG_ADDRESS)) secrets.addGuid(address.replaceAll(':', '').slice(-16));
  for (const [uuid] of text.matchAll(UUID)) secrets.addUuid(uuid);
  for (const [, ...parts] of text.matchAll(EUI64)) {
    addEui64(parts.map((part) => (part as string).padStart(4, '0')).join(''), secrets);
  }
  for (const [, first = '', last = ''] of text.matchAll(EUI64_PLAIN)) addEui64(`${first}fffe${last}`, secrets);
  for (const pattern of LABELLED) {
    for (const [, value = ''] of text.matchAll(pattern)) if (!/^[0-9a-f]{2}:/i.test(value)) secrets.addSerial(value);
  }
  if (named) for (const pattern of NAMED) for (const [, name = ''] of text.matchAll(pattern)) secrets.addName(name);
}

function addEui64(hex: string, secrets: SecretSet): void {
  const first = (parseInt(hex.slice(0, 2), 16) ^ 2).toString(16).padStart(2, '0');
  secrets.addMac(first + hex.slice(2, 6) + hex.slice(10));
}
