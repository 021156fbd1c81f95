/**
 * `npm run test:corpus`: how many facts agree with what other programs said of the same machines. Fails where a share
 * is below the agreed one. `--verbose` lists every difference by name.
 */
import type { CorpusResult } from './corpus.ts';
import { corpusRoot } from './corpus.ts';
import { measure as facterTexts } from './facter-texts.ts';
import { measure as facterTrees } from './facter-trees.ts';
import { measure as identity } from './identity.ts';
import { measure as lshwTexts } from './lshw-texts.ts';
import { measure as machines } from './machines.ts';
import { measure as nativeTrees } from './native-trees.ts';
import { measure as smbios } from './smbios.ts';

const PARTS: readonly (() => Promise<CorpusResult[]>)[] = [
  smbios,
  identity,
  lshwTexts,
  machines,
  nativeTrees,
  facterTexts,
  facterTrees,
];

function verdict({ total, share, wanted }: CorpusResult): string {
  if (total === 0) return 'not measured';
  if (wanted === 0) return 'not judged';
  return share >= wanted ? 'good' : 'TOO LOW';
}

function row(cells: readonly string[]): string {
  const widths = [24, 40, 15, 9, 8];
  return cells
    .map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
    .join(' ');
}

const verbose = process.argv.includes('--verbose');
if (corpusRoot() === undefined) {
  console.log(
    'The reference recordings (../shared/data/hardware) are not here: only our own recordings are measured.\n',
  );
}
console.log(row(['part', 'subject', 'agree/total', 'share', 'wanted', '  verdict']));
let failed = false;
for (const measure of PARTS) {
  for (const result of await measure()) {
    const { part, subject, agree, total, share, wanted, differences } = result;
    const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;
    const shareText = total === 0 ? '-' : percent(share);
    const wantedText = wanted === 0 ? '-' : percent(wanted).replace('.00', '');
    console.log(row([part, subject, `${agree}/${total}`, shareText, wantedText, `  ${verdict(result)}`]));
    if (verbose) for (const difference of differences) console.log(`    ${difference}`);
    failed ||= verdict(result) === 'TOO LOW';
  }
}
if (failed) {
  console.log('\nA share is too low. The differences, by name: npm run test:corpus -- --verbose');
  process.exitCode = 1;
}
