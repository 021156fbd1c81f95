/**
 * Replaces what identifies one machine: MAC addresses, serial numbers, asset tags, UUIDs, world-wide names, host names. The same
 * value always becomes the same replacement of the same form, in every spelling and in firmware's bytes too, so that
 * everything still fits together. What nobody here can judge (vendors' structures, data on disks) is blank.
 */
import { EXTERNAL_FACTS } from '../../collect-facts.ts';
import { blankNeighbourFrame } from '../../groups/network/neighbours/neighbour-frame.ts';
import { PCAP_FILE } from '../../groups/network/neighbours/neighbours.ts';
import { mapPcap } from '../../groups/network/neighbours/pcap.ts';
import { whyJunkText } from '../../identity/junk-texts.ts';
import type { Recording } from '../../sources/recording.ts';
import { blankDiskStart, blankLoadOption, DISK_START, LOAD_OPTION } from './blank-files.ts';
import { findSecrets, SERIAL_FILE, TABLE_PATH } from './find-secrets.ts';
import { scrambled } from './scramble.ts';
import { binarySpellings, createSecretSet, type Secret, textSpellings } from './secrets.ts';
import { blankVendorData } from './smbios-secrets.ts';

/** A copy of a recording with its identifying values replaced, and those values. */
export function redactRecording(recording: Recording): { recording: Recording; secrets: readonly Secret[] } {
  const secrets = createSecretSet();
  findSecrets(recording, secrets);
  const { text, bytes } = replacers(secrets.all);
  const optional = (value: string | undefined): string | undefined => (value === undefined ? undefined : text(value));
  const lookups = new Map([...recording.lookups].filter(([name]) => name !== EXTERNAL_FACTS));
  return {
    secrets: secrets.all,
    recording: {
      reads: mapped(recording.reads, text, (read, path) =>
        read.bytes === undefined ? read : { ...read, bytes: bytes(blanked(path, read.bytes, text)) },
      ),
      lists: mapped(recording.lists, text, (list) => list?.map(text).sort()),
      exists: mapped(recording.exists, text, (answer) => answer),
      links: mapped(recording.links, text, optional),
      reals: mapped(recording.reals, text, optional),
      commands: mapped(recording.commands, text, (result) => ({
        ...result,
        argv: result.argv.map(text),
        stdout: bytes(result.stdout),
        stderr: bytes(result.stderr),
      })),
      lookups: mapped(lookups, text, optional),
      os: recording.os && (JSON.parse(text(JSON.stringify(recording.os))) as Recording['os']),
    },
  };
}

/** A file without what no fact is made of; a serial number that is too short to be looked for is replaced in its own file. */
function blanked(path: string, bytes: Buffer, text: (value: string) => string): Buffer {
  if (path === TABLE_PATH) return blankVendorData(bytes);
  if (DISK_START.test(path)) return blankDiskStart(bytes);
  if (LOAD_OPTION.test(path)) return blankLoadOption(bytes);
  if (PCAP_FILE.test(path)) return mapPcap(bytes, blankNeighbourFrame);
  if (!SERIAL_FILE.test(path)) return bytes;
  const value = bytes.toString('latin1');
  const short = text(value) === value && whyJunkText(value) === undefined;
  return short ? Buffer.from(scrambled(value), 'latin1') : bytes;
}

function mapped<T, U>(
  map: ReadonlyMap<string, T>,
  key: (text: string) => string,
  value: (value: T, key: string) => U,
): Map<string, U> {
  return new Map([...map].map(([k, v]) => [key(k), value(v, k)]));
}

/** Replaces in texts, whatever their case, and in bytes, which are texts and more. */
function replacers(secrets: readonly Secret[]): { text: (value: string) => string; bytes: (value: Buffer) => Buffer } {
  const text = replacer(secrets.flatMap(textSpellings), 'gi', boundary);
  const binary = replacer(secrets.flatMap(binarySpellings), 'g', (from) => escape(from));
  return { text, bytes: (value) => Buffer.from(binary(text(value.toString('latin1'))), 'latin1') };
}

/** Short texts and plain numbers are looked for as whole words only: they stand inside many others. */
function boundary(from: string): string {
  const weak = from.length < 6 || /^\d{1,9}$/.test(from) || /^[a-z]+$/i.test(from);
  return weak ? `(?<![A-Za-z0-9])${escape(from)}(?![A-Za-z0-9])` : escape(from);
}

function replacer(
  spellings: readonly (readonly [string, string])[],
  flags: 'g' | 'gi',
  patternOf: (from: string) => string,
): (text: string) => string {
  const key = (text: string): string => (flags === 'gi' ? text.toLowerCase() : text);
  const table = new Map<string, string>();
  for (const [from, to] of spellings) if (!table.has(key(from))) table.set(key(from), to);
  if (table.size === 0) return (text) => text;
  const longestFirst = [...table.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const pattern = new RegExp(longestFirst.map(patternOf).join('|'), flags);
  return (text) =>
    text.replaceAll(pattern, (found) => {
      const fresh = table.get(key(found)) ?? found;
      return flags === 'gi' ? inCaseOf(found, fresh) : fresh;
    });
}

/** Each letter in the case that stood there. */
function inCaseOf(found: string, fresh: string): string {
  let text = '';
  for (let i = 0; i < fresh.length; i += 1) {
    const c = found[i] ?? '';
    const letter = fresh[i] as string;
    text += c >= 'A' && c <= 'Z' ? letter.toUpperCase() : c >= 'a' && c <= 'z' ? letter.toLowerCase() : letter;
  }
  return text;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
