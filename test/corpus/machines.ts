/** Our own recordings of virtual machines (scripts/record-machines.ts): facts from files alone against lshw in the machine. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lshwHardware, nativeHardware } from '../../facts/hardware/collect-hardware.ts';
import type { Sources } from '../../facts/facts.ts';
import { type CorpusResult, machinesOf, result } from './corpus.ts';
import { type Compared, compareFacts, factsOfTexts, SUBJECTS, textsOf } from './hardware.ts';

export const MACHINES = join(import.meta.dirname, '../fixtures/machines');

/** The machine's own uname, which the recording has as files. */
export function withUname(sources: Sources): Sources {
  const release = sources.line('/proc/sys/kernel/osrelease') ?? '';
  const machine = sources.line('/proc/sys/kernel/arch') ?? '';
  return { ...sources, os: () => ({ ...sources.os(), release, machine }) };
}

/** The share that is asked of each subject; the JSON texts are told, and nothing is asked of them. */
const WANTED: Readonly<Record<string, number>> = { 'json texts': 0 };

export async function measure(): Promise<CorpusResult[]> {
  if (!existsSync(MACHINES)) return [];
  const bySubject = new Map<string, Compared[]>(Object.keys(SUBJECTS).map((name) => [name, []]));
  const oneRun: Compared[] = [];
  for (const file of readdirSync(MACHINES).filter((name) => name.endsWith('.tar.gz'))) {
    const name = file.slice(0, -'.tar.gz'.length);
    const archive = join(MACHINES, file);
    const texts = await textsOf(archive, /(^|\/)text\//);
    const theirs = factsOfTexts((text) => texts.get(text));
    const [machine] = await machinesOf(archive);
    if (machine === undefined) continue;
    const sources = withUname(machine.sources);
    const ours = nativeHardware(sources);
    for (const [subject, pattern] of Object.entries(SUBJECTS)) {
      bySubject.get(subject)?.push(compareFacts(theirs, ours, name, (fact) => pattern.test(fact)));
    }
    const run = async (argv: readonly string[]) => ({
      argv,
      status: 0,
      signal: undefined,
      failure: undefined,
      stdout: Buffer.from(texts.get(argv[0] === 'lshw' ? 'lshw.xml' : 'lscpu.txt') ?? ''),
      stderr: Buffer.alloc(0),
      durationMs: 0,
    });
    oneRun.push(compareFacts(theirs, await lshwHardware({ ...sources, run }), name, () => true));
  }
  return [
    result('lshw, one run', 'every fact, as from five runs', 1, oneRun),
    ...[...bySubject].map(([subject, parts]) =>
      result('native, own recordings', subject, WANTED[subject] ?? 0.95, parts),
    ),
  ];
}
