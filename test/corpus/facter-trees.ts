/** Recorded trees against what the real Facter 1.7.6 said of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { collectFacts, factValues } from '../../facts/facts.ts';
import { compare, type CorpusResult, corpusRoot, machinesOf, result } from './corpus.ts';

/** Facter ran on another machine's kernel there: these were that machine's. */
const NOT_OF_THE_TREE = /^(kernel|hardware|architecture|hostname|operatingsystem|path|ps|id|uptime|timezone)/;

export async function measure(): Promise<CorpusResult[]> {
  const root = corpusRoot();
  if (root === undefined) return [];
  const parts: { agree: number; total: number; differences: string[] }[] = [];
  for (const family of ['ghw', 'hwloc']) {
    for (const archive of readdirSync(join(root, 'trees', family))) {
      const label = `${family}-${basename(archive).replace(/\.tar\.(gz|bz2)$/, '')}`;
      const oracle = join(root, 'oracle/facter/trees', `${label}.json`);
      if (!existsSync(oracle)) continue;
      const wanted = JSON.parse(readFileSync(oracle, 'utf8')) as Record<string, unknown>;
      for (const { sources } of await machinesOf(join(root, 'trees', family, archive))) {
        const values = factValues(await collectFacts({ sources }));
        parts.push(compare(wanted, values, label, (name) => NOT_OF_THE_TREE.test(name)));
      }
    }
  }
  return [result('facter', 'recorded trees', 0.98, parts)];
}

if (import.meta.main) {
  for (const { agree, total, share, differences } of await measure())
    console.log(`${agree}/${total} ${(share * 100).toFixed(2)} %\n${differences.join('\n')}`);
}
