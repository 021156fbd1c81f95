/**
 * The last look at a redacted archive: every value that was replaced is searched for in all that the archive holds, as text and
 * as bytes. The search does not use the spellings of the replacement: it strips what separates digits, so that a spelling that was
 * forgotten there is found here.
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { readArchive } from '../archive.ts';
import { eui64Of, type Secret, swappedUuid } from './secrets.ts';

/** Throws RAZOR_MK_CAPTURE with the place (never the value) when something of the machine is left. */
export async function checkRedacted(archive: Buffer, secrets: readonly Secret[]): Promise<void> {
  const { manifest, files } = await readArchive(archive, 'the redacted capture');
  const parts: [string, string][] = [...files].map(([name, bytes]) => [name, bytes.toString('latin1')]);
  parts.push(['capture.json', stringsOf(manifest).join('\n')]);
  for (const [name, content] of parts) {
    const kind = leftIn(`${name}\n${content}`, secrets);
    if (kind === undefined) continue;
    throw new RazorMkError(
      'RAZOR_MK_CAPTURE',
      `the redacted capture still holds a ${kind} of this machine in ${name}`,
      {
        remedy: 'Nothing was written. Please report this, without the capture.',
      },
    );
  }
}

/** Every text of a parsed manifest: its JSON spells bytes as escapes. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [key, ...stringsOf(one)]);
}

/** The kind of the first value that is left in a text (Latin-1 for bytes). */
function leftIn(content: string, secrets: readonly Secret[]): Secret['kind'] | undefined {
  const lower = content.toLowerCase();
  const digits = lower.replaceAll(/[:.-]/g, '');
  const narrow = content.replaceAll('\0', '').toLowerCase();
  return secrets.find(({ kind, value }) => {
    if (kind === 'serial' || kind === 'name') {
      return hasWord(lower, value.toLowerCase()) || (value.length >= 8 && hasWord(narrow, value.toLowerCase()));
    }
    const forms = kind === 'mac' ? [value, eui64Of(value)] : kind === 'uuid' ? [value, swappedUuid(value)] : [value];
    const short = kind === 'mac' ? shortIpv6(eui64Of(value)) : undefined;
    return (
      forms.some((hex) => digits.includes(hex) || content.includes(Buffer.from(hex, 'hex').toString('latin1'))) ||
      (short !== undefined && lower.includes(short))
    );
  })?.kind;
}

/** The second half of an IPv6 address, zeros left out (RFC 5952). */
function shortIpv6(hex: string): string {
  return (hex.match(/..../g) ?? []).map((group) => parseInt(group, 16).toString(16)).join(':');
}

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + word.length] ?? ' ';
    if (!/[a-z0-9]/.test(before) && !/[a-z0-9]/.test(after)) return true;
  }
  return false;
}
