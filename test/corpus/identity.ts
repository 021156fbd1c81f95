/** What tells machines apart: no address or number of two recorded machines may be part of an id, and a true one must stay. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readIdentity } from '../../facts/facts.ts';
import { whyJunkText } from '../../facts/identity/junk-texts.ts';
import { whyJunkUuid } from '../../facts/identity/junk-uuids.ts';
import { type CorpusResult, corpusRoot, machinesOf, result } from './corpus.ts';

export async function measure(): Promise<CorpusResult[]> {
  const root = corpusRoot();
  if (root === undefined) return [];
  const values = valuesOf(root);
  const shared = [...values].filter(([, files]) => files.size > 1).map(([value]) => value);
  // of the form that makers give: letters and digits, six and more, no word of a filler
  const own = [...values.keys()].filter(
    (value) =>
      /^(?=.*\d)(?=.*[A-Z])[A-Z0-9.+ -]{6,}$/i.test(value) &&
      !/tag|num|define|service|asset-1234567890|12345678|procc?essor|battery/i.test(value),
  );
  return [
    await addresses(root),
    result('identity', 'numbers of two recordings are struck', 0.9, [
      judged(shared, (value) => isJunk(value), 'stands in two recordings and is kept'),
    ]),
    result('identity', 'numbers of makers are kept', 0.98, [judged(own, (value) => !isJunk(value), 'is struck')]),
  ];
}

function judged(values: readonly string[], good: (value: string) => boolean, what: string) {
  const differences = values.filter((value) => !good(value)).map((value) => `"${value}" ${what}`);
  return { agree: values.length - differences.length, total: values.length, differences };
}

function isJunk(value: string): boolean {
  return (value.length === 36 && value.includes('-') ? whyJunkUuid(value) : whyJunkText(value)) !== undefined;
}

/** Serial numbers, asset tags and UUIDs of dmidecode's texts, with the recordings that they stand in. */
function valuesOf(root: string): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const folder of ['text', 'bin']) {
    for (const file of readdirSync(join(root, 'dmi', folder)).filter((name) => name.endsWith('.txt'))) {
      const text = readFileSync(join(root, 'dmi', folder, file), 'utf8');
      for (const match of text.matchAll(/^\s+(?:Serial Number|Asset Tag|UUID): (.*)$/gm)) {
        const value = (match[1] as string).trim();
        if (value !== '') values.set(value, (values.get(value) ?? new Set()).add(file));
      }
    }
  }
  return values;
}

/** Every address of a recorded tree's id, and how many trees have it. */
async function addresses(root: string): Promise<CorpusResult> {
  const machines = new Map<string, string[]>();
  for (const family of ['ghw', 'hwloc', 'lscpu']) {
    for (const archive of readdirSync(join(root, 'trees', family)).filter((name) => name.includes('.tar.'))) {
      for (const { inner, sources } of await machinesOf(join(root, 'trees', family, archive))) {
        const label = `${basename(archive)} ${inner}`;
        for (const { mac } of readIdentity(sources).interfaces)
          machines.set(mac, [...(machines.get(mac) ?? []), label]);
      }
    }
  }
  const differences = [...machines]
    .filter(([, labels]) => labels.length > 1)
    .map(([mac, labels]) => `${mac} is part of the id of ${labels.join(' and ')}`);
  const part = { agree: machines.size - differences.length, total: machines.size, differences };
  return result('identity', 'addresses of one machine alone', 1, [part]);
}
