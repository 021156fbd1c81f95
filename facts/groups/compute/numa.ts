/** NUMA nodes from /sys/devices/system/node: which processors and how much memory are near each other. */
import { oncePer } from '../../sources/recording.ts';
import { cpuListText, parseCpuList } from '../format.ts';
import type { Sources } from '../../sources/sources.ts';
import type { Group } from '../group.ts';
import { parseMeminfo } from './memory.ts';

const CPUS = '/sys/devices/system/cpu';
const NODES = '/sys/devices/system/node';

export interface NumaNode {
  readonly id: number;
  /** Those that are present, running or not. */
  readonly cpus: readonly number[];
  /** The same as the kernel writes it: `0-7,16-23`. */
  readonly cpuList: string;
  /** Bytes; undefined where the node's meminfo cannot be read. */
  readonly memory: number | undefined;
  /** To each node in order of number; 10 is the node itself. */
  readonly distances: readonly number[];
}

export const readNuma = oncePer((sources): readonly NumaNode[] =>
  sources
    .list(NODES)
    .filter((name) => /^node\d{1,5}$/.test(name))
    .map((name) => Number(name.slice(4)))
    .sort((a, b) => a - b)
    .slice(0, 1024)
    .map((id) => {
      const base = `${NODES}/node${id}`;
      const total = parseMeminfo(sources.text(`${base}/meminfo`) ?? '').values.get('MemTotal');
      const cpus = cpusOf(sources, base);
      return {
        id,
        cpuList: cpuListText(cpus),
        cpus,
        memory: total === undefined ? undefined : total * 1024,
        distances: (sources.line(`${base}/distance`) ?? '')
          .split(/\s+/)
          .filter(Boolean)
          .map(Number)
          .filter(Number.isInteger),
      };
    }),
);

/**
 * The processors that are present: `cpulist` names only those that run, which are few under maxcpus=1. A node's directory has all its
 * blocks of memory too, so it is listed only where some processor does not run.
 */
function cpusOf(sources: Sources, base: string): number[] {
  const running = parseCpuList(sources.line(`${base}/cpulist`));
  const all = sources.line(`${CPUS}/present`);
  if (running.length > 0 && all !== undefined && all === sources.line(`${CPUS}/online`)) return running;
  const present = sources
    .list(base)
    .filter((name) => /^cpu\d{1,6}$/.test(name))
    .map((name) => Number(name.slice(3)))
    .sort((a, b) => a - b);
  return present.length > 0 ? present : running;
}

export const numaGroup: Group = {
  name: 'numa',
  collect({ sources, add }) {
    const nodes = readNuma(sources);
    if (nodes.length === 0) return;
    add('mk_numa_node_count', nodes.length, NODES);
    for (const node of nodes.slice(0, 64)) {
      add(`mk_numa_node${node.id}_cpus`, node.cpuList, `${NODES}/node${node.id}`);
      const megabytes = node.memory === undefined ? undefined : Math.round(node.memory / 1_048_576);
      // a guest's kernel may take its memory bit by bit; memorysize is the fact that tells of a change
      add(`mk_numa_node${node.id}_memory_mb`, megabytes, `${NODES}/node${node.id}/meminfo`, { volatile: true });
    }
  },
};
