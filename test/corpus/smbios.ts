/** Raw SMBIOS tables of real machines: our decoder's fields against what dmidecode printed of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSmbios, smbiosVersion } from '../../facts/smbios/smbios.ts';
import { compareViews, parseDmidecode, viewOf } from '../helpers/dmidecode-view.ts';
import { type CorpusResult, corpusRoot, result } from './corpus.ts';

export async function measure(): Promise<CorpusResult[]> {
  const root = corpusRoot();
  if (root === undefined) return [];
  const folder = join(root, 'dmi/bin');
  const parts = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.dmi'))) {
    const base = join(folder, file.slice(0, -4));
    const theirs = parseDmidecode(readFileSync(`${base}.dmidecode.txt`, 'utf8'));
    for (const structure of decodeSmbios(
      readFileSync(join(folder, file)),
      smbiosVersion(readFileSync(`${base}.dump`)),
    )) {
      if (structure.kind === 'other') continue;
      const { total, differences } = compareViews(viewOf(structure), theirs.get(structure.handle) ?? {});
      const label = `${file} type ${structure.type} handle ${structure.handle}`;
      parts.push({
        agree: total - differences.length,
        total,
        differences: differences.map((text) => `${label}: ${text}`),
      });
    }
  }
  return [result('SMBIOS', 'fields as dmidecode prints them', 1, parts)];
}
