/** The mk_hw_* facts of a machine, in either of the two ways, with the facts that servers rely on made sure of. */
import type { Sources } from '../sources/sources.ts';
import { type HardwareFacts, LSHW_CLASSES, lscpuFacts, lshwFacts, slotFacts } from './lshw/lshw-facts.ts';
import { parseLshwXml } from './lshw/lshw-xml.ts';
import { memoryTotal } from './native/native-memory.ts';
import { lscpuText } from './native/native-lscpu.ts';
import { nativeTree } from './native/native.ts';
import { findHardwareNode, type HardwareNode } from './lshw-node.ts';
import { binarySize, renderClass } from './render.ts';

export const LSHW = ['lshw', '-xml'] as const;
export const LSCPU = ['lscpu'] as const;

/** From files alone. */
export function nativeHardware(sources: Sources): HardwareFacts {
  return factsOfTree(nativeTree(sources), lscpuText(sources), sources);
}

/** From one run of lshw and one of lscpu. Throws where lshw is missing or fails; without lscpu its facts are missing. */
export async function lshwHardware(sources: Sources, signal?: AbortSignal): Promise<HardwareFacts> {
  const options = { timeoutMs: 60_000, signal };
  const [lshw, lscpu] = await Promise.all([sources.run(LSHW, options), sources.run(LSCPU, options)]);
  const [tree] = lshw.status === 0 ? parseLshwXml(lshw.stdout.toString()) : [];
  if (tree === undefined) throw new Error(`lshw gave no devices: ${lshw.failure ?? `exit status ${lshw.status}`}`);
  return factsOfTree(tree, lscpu.stdout.toString(), sources);
}

function factsOfTree(tree: HardwareNode, lscpu: string, sources: Sources): HardwareFacts {
  const texts = Object.fromEntries(LSHW_CLASSES.map((name) => [name, renderClass(tree, name)]));
  const facts: HardwareFacts = new Map([
    ...lscpuFacts(lscpu),
    ...lshwFacts(texts),
    ...slotFacts(texts['memory'] ?? ''),
  ]);
  for (const [name, value] of ensured(tree, sources)) if (!facts.has(name)) facts.set(name, value);
  return facts;
}

/**
 * What the servers' default rules ask for and the original left out: the count of processors on a machine with one
 * socket, of interfaces on one with none, and the memory size where a memory controller took the name.
 */
function ensured(tree: HardwareNode, sources: Sources): [string, string][] {
  const processors = countNodes(tree, (node) => node.hardwareClass === 'processor' && !node.disabled);
  const memory = findHardwareNode(tree, ({ hardwareClass, description }) => {
    return hardwareClass === 'memory' && /^System memory$/i.test(description);
  });
  const size = memory?.size || memoryTotal(sources);
  return [
    ['mk_hw_cpu_count', String(Math.max(1, processors))],
    ['mk_hw_nic_count', '0'],
    ...(size > 0 ? [['mk_hw_mem_size', binarySize(size)] as [string, string]] : []),
  ];
}

function countNodes(node: HardwareNode, matches: (node: HardwareNode) => boolean): number {
  return node.children.reduce((sum, child) => sum + countNodes(child, matches), matches(node) ? 1 : 0);
}
