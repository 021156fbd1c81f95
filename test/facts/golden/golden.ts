/**
 * Everything that is known of a machine, as one text to compare: facts, identity, inventory, structured facts, and the device
 * tree as lshw would print it. `node test/facts/golden/golden.ts` writes the texts of all machines again; look at what
 * changed before you commit it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureMachine, captureSources, collectFacts, factValues, type Sources } from '../../../facts/facts.ts';
import { nativeHardware } from '../../../facts/hardware/collect-hardware.ts';
import { registerPciIds } from '../../../facts/hardware/hardware.ts';
import { lscpuText } from '../../../facts/hardware/native/native-lscpu.ts';
import { nativeTree } from '../../../facts/hardware/native/native.ts';
import { renderClass } from '../../../facts/hardware/render.ts';
import { LSHW_CLASSES } from '../../../facts/hardware/lshw/lshw-facts.ts';
import { structuredFacts } from '../../../facts/structured/structured-facts.ts';
import { machinesOf } from '../../corpus/corpus.ts';
import { MACHINES, withUname } from '../../corpus/machines.ts';
import { madeUpSources } from '../../helpers/memory-origin.ts';
import { MADE_UP_MACHINES } from './made-up-machines.ts';

export const GOLDEN = join(import.meta.dirname, '../../fixtures/golden');

/** The sources of every machine, recorded or made up, by name. */
export function machines(): Map<string, () => Promise<Sources>> {
  registerPciIds(() => readFileSync(join(MACHINES, 'pci.ids'), 'utf8'));
  const recorded = readdirSync(MACHINES)
    .filter((file) => file.endsWith('.tar.gz'))
    .map((file) => file.slice(0, -'.tar.gz'.length));
  return new Map([
    ...recorded.map((name) => [name, () => recordedSources(name)] as const),
    ...[...MADE_UP_MACHINES].map(
      ([name, machine]) => [`made-up-${name}`, () => Promise.resolve(madeUpSources(machine))] as const,
    ),
  ]);
}

async function recordedSources(name: string): Promise<Sources> {
  const [machine] = await machinesOf(join(MACHINES, `${name}.tar.gz`));
  if (machine === undefined) throw new Error(`${name}.tar.gz holds no machine`);
  return withUname(machine.sources);
}

/** All of it, as JSON with one value a line. `redacted` adds the facts of its redacted capture. */
export async function wholeView(sources: Sources): Promise<string> {
  const set = await collectFacts({ sources });
  const tree = nativeTree(sources);
  const { bytes } = await captureMachine({ sources, redact: true });
  const redacted = await collectFacts({ sources: await captureSources(bytes, 'redacted') });
  const view = {
    facts: factValues(set),
    raw: Object.fromEntries(
      [...set.facts.values()].flatMap(({ name, raw }) => (raw === undefined ? [] : [[name, raw]])),
    ),
    read: Object.fromEntries([...set.facts.values()].map(({ name, sources: from }) => [name, from.join(' ')])),
    errors: set.errors.map(({ group, message }) => `${group}: ${message}`),
    identity: set.identity,
    inventory: set.inventory?.(),
    structured: structuredFacts(set),
    hardware: Object.fromEntries([...nativeHardware(sources)].filter(([name]) => !name.endsWith('json_str'))),
    lshw: LSHW_CLASSES.map((name) => renderClass(tree, name).split('\n')),
    lscpu: lscpuText(sources).split('\n'),
    redacted: factValues(redacted),
  };
  return `${JSON.stringify(view, undefined, 1)}\n`;
}

if (import.meta.main) {
  for (const [name, open] of machines()) writeFileSync(join(GOLDEN, `${name}.json`), await wholeView(await open()));
}
