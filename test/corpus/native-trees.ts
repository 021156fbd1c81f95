/**
 * Recorded trees of real machines: processors from files alone against what lshw and lscpu printed over the same tree.
 * Both ran on an x86-64 machine, whose memory size and addresses they took; only processors are measured here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nativeHardware } from '../../facts/hardware/collect-hardware.ts';
import { type CorpusResult, corpusRoot, machinesOf, result } from './corpus.ts';
import { type Compared, compareFacts, factsOfTexts, SUBJECTS } from './hardware.ts';

/** What lscpu takes from the machine that it runs on, wherever the tree came from. */
const OF_THE_READER = /^mk_hw_lscpu_(Architecture|Byte_Order|CPU_op-modes)$/;

function subject(name: string): (fact: string) => boolean {
  return (fact) => SUBJECTS[name]?.test(fact) === true;
}

export async function measure(): Promise<CorpusResult[]> {
  const root = corpusRoot();
  if (root === undefined) return [];
  const processors: Compared[] = [];
  const lscpu: Compared[] = [];
  for (const family of ['ghw', 'hwloc']) {
    for (const archive of readdirSync(join(root, 'trees', family))) {
      const name = basename(archive).replace(/\.tar\.(gz|bz2)$/, '');
      const folder = join(root, 'lshw/class', `tree-${family}-${name}`);
      if (!existsSync(folder)) continue;
      const read = (file: string): string | undefined => {
        const path = join(folder, file);
        return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
      };
      if (read('lshw-bus.txt') === '') continue; // lshw gave nothing at all there
      const machines = await machinesOf(join(root, 'trees', family, archive));
      const machine = machines.find(({ inner }) => inner === name) ?? machines[0];
      if (machine === undefined) continue;
      const theirs = factsOfTexts(read);
      const ours = nativeHardware(machine.sources);
      processors.push(compareFacts(theirs, ours, name, subject('processor')));
      if (read('lscpu.txt') === undefined) continue;
      const foreign = !/^flags\s*:/m.test(machine.sources.text('/proc/cpuinfo') ?? '');
      const ofLscpu = subject('lscpu');
      lscpu.push(compareFacts(theirs, ours, name, (fact) => ofLscpu(fact) && !(foreign && OF_THE_READER.test(fact))));
    }
  }
  return [
    result('native, recorded trees', 'processor', 0.95, processors),
    result('native, recorded trees', 'lscpu', 0.95, lscpu),
  ];
}
