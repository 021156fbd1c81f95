/** lshw and lscpu texts of real machines: our facts against the original agent's, which its own code made. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lscpuFacts } from '../../facts/hardware/lshw/lshw-facts.ts';
import { type CorpusResult, corpusRoot, result } from './corpus.ts';
import { compareFacts, factsOfTexts } from './hardware.ts';

/** Hidden by the default exclusion pattern. */
const HIDDEN = /json_str$/;

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function oracle(path: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>));
}

export async function measure(): Promise<CorpusResult[]> {
  const root = corpusRoot();
  if (root === undefined) return [];
  const [whole, shown, died] = [[], [], []] as ReturnType<typeof compareFacts>[][];
  for (const name of readdirSync(join(root, 'lshw/class'))) {
    const facts = factsOfTexts((file) => read(join(root, 'lshw/class', name, file)));
    const wanted = oracle(join(root, 'oracle/lshw', `${name}.json`));
    if (existsSync(join(root, 'oracle/lshw', `${name}.stderr`))) {
      // all that the original said before it died must be there; that the rest is there too is in the unit tests
      died?.push(compareFacts(wanted, facts, name, (fact) => wanted.has(fact)));
      continue;
    }
    whole?.push(compareFacts(wanted, facts, name, () => true));
    const visible = new Map([...facts].filter(([fact]) => !HIDDEN.test(fact)));
    shown?.push(compareFacts(oracle(join(root, 'oracle/lshw', `${name}.default.json`)), visible, name, () => true));
  }
  const lscpu = [];
  for (const file of readdirSync(join(root, 'oracle/lscpu'))) {
    const name = file.slice(0, -5);
    const text =
      read(join(root, 'lscpu', `${name}.txt`)) ?? read(join(root, 'lshw/class', `tree-${name}`, 'lscpu.txt'));
    if (text === undefined) continue;
    lscpu.push(compareFacts(oracle(join(root, 'oracle/lscpu', file)), lscpuFacts(text), name, () => true));
  }
  return [
    result('lshw texts', 'every fact', 1, whole ?? []),
    result('lshw texts', 'with the default exclusion', 1, shown ?? []),
    result('lshw texts', 'up to where the original died', 1, died ?? []),
    result('lshw texts', 'lscpu', 1, lscpu),
  ];
}
