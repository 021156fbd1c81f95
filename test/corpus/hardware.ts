/** What the parts about mk_hw_* facts share. */
import { execFileSync } from 'node:child_process';
import { extract } from 'tar-stream';
import {
  type HardwareFacts,
  LSHW_CLASSES,
  type LshwClass,
  lscpuFacts,
  lshwFacts,
} from '../../facts/hardware/lshw/lshw-facts.ts';

/** Facts that exist always, though lshw's text may not give them: no difference where only we have them. */
const ALWAYS = new Set(['mk_hw_cpu_count', 'mk_hw_nic_count', 'mk_hw_mem_size']);

/** The facts that the original would make of the texts in a folder: `lshw-CLASS.txt` and `lscpu.txt`. */
export function factsOfTexts(read: (name: string) => string | undefined): HardwareFacts {
  const texts: Partial<Record<LshwClass, string>> = {};
  for (const name of LSHW_CLASSES) texts[name] = read(`lshw-${name}.txt`) ?? '';
  return new Map([...lscpuFacts(read('lscpu.txt') ?? ''), ...lshwFacts(texts)]);
}

/** Hanlon's, which Razor's microkernel had not. */
const SLOTS = /^mk_hw_mem_slot(_count$|\d)/;

export interface Compared {
  readonly agree: number;
  readonly total: number;
  readonly differences: string[];
}

/** Compares the facts whose names `of` picks, in both directions: what only one side has is a difference too. */
export function compareFacts(
  lshw: ReadonlyMap<string, string>,
  ours: ReadonlyMap<string, string>,
  label: string,
  of: (name: string) => boolean,
): Compared {
  const differences: string[] = [];
  let agree = 0;
  let total = 0;
  for (const name of new Set([...lshw.keys(), ...ours.keys()])) {
    if (!of(name) || ((ALWAYS.has(name) || SLOTS.test(name)) && !lshw.has(name))) continue;
    total += 1;
    const [wanted, given] = [lshw.get(name), ours.get(name)];
    if (wanted === given) agree += 1;
    else differences.push(`${label}: ${name}: lshw ${JSON.stringify(wanted)}, ours ${JSON.stringify(given)}`);
  }
  return { agree, total, differences };
}

/** The subjects, and which facts belong to them; the JSON texts, which the default pattern hides, are one of their own. */
export const SUBJECTS: Readonly<Record<string, RegExp>> = {
  bus: /^mk_hw_bus_(?!.*json_str$)/,
  memory: /^mk_hw_(mem|fw)_(?!.*json_str$)/,
  disk: /^mk_hw_disk(?!.*json_str$)/,
  processor: /^mk_hw_(cpu|proc)(?!.*json_str$)/,
  network: /^mk_hw_(nic|nw)(?!.*json_str$)/,
  lscpu: /^mk_hw_lscpu_(?!.*json_str$)/,
  'json texts': /json_str$/,
};

/** Files of an archive whose names `wanted` picks, as text. */
export async function textsOf(archive: string, wanted: RegExp): Promise<Map<string, string>> {
  const tar = extract();
  tar.end(execFileSync('gzip', ['-dc', archive], { maxBuffer: 2 ** 28 }));
  const texts = new Map<string, string>();
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    if (wanted.test(entry.header.name))
      texts.set(entry.header.name.replace(/^.*\//, ''), Buffer.concat(chunks).toString());
  }
  return texts;
}
