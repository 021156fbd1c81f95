/** Memory and swap, as Facter 1.7 printed them. Free memory and free swap change by themselves. */
import { oncePer } from '../../sources/recording.ts';
import { fixed2, scaledSize } from '../format.ts';
import type { Group } from '../group.ts';

const MEMINFO = '/proc/meminfo';

interface Meminfo {
  /** kB by name: MemTotal, MemFree … */
  readonly values: ReadonlyMap<string, number>;
  readonly lines: ReadonlyMap<string, string>;
}

/** The `Name:  123 kB` lines of /proc/meminfo (and of a node's meminfo after its `Node N ` is cut). Values are kB. */
export function parseMeminfo(text: string): Meminfo {
  const values = new Map<string, number>();
  const lines = new Map<string, string>();
  for (const line of text.split('\n', 500)) {
    const match = /^(?:Node \d+ )?([A-Za-z_()0-9]{1,60}):\s+(\d{1,15})(?: kB)?\s*$/.exec(line);
    if (!match) continue;
    values.set(match[1] as string, Number(match[2]));
    lines.set(match[1] as string, line.trim());
  }
  return { values, lines };
}

export const readMeminfo = oncePer((sources) => parseMeminfo(sources.text(MEMINFO) ?? ''));

export const memoryGroup: Group = {
  name: 'memory',
  collect({ sources, add }) {
    const { values, lines } = readMeminfo(sources);
    const pair = (name: string, kilobytes: number | undefined, raw: string | undefined, volatile: boolean): void => {
      if (kilobytes === undefined) return;
      const megabytes = fixed2(kilobytes / 1024);
      add(`${name}_mb`, megabytes, MEMINFO, { raw, volatile });
      add(name, scaledSize(Number(megabytes)), MEMINFO, { raw, volatile });
    };
    // without /proc/meminfo Facter said 0.00 MB of memory and nothing of swap
    const total = values.get('MemTotal') ?? (sources.exists(MEMINFO) ? undefined : 0);
    pair('memorysize', total, lines.get('MemTotal'), false);
    if (total !== undefined) {
      add('memorytotal', scaledSize(Number(fixed2(total / 1024))), MEMINFO, { raw: lines.get('MemTotal') });
      const free = (values.get('MemFree') ?? 0) + (values.get('Buffers') ?? 0) + (values.get('Cached') ?? 0);
      const parts = ['MemFree', 'Buffers', 'Cached'].map((name) => lines.get(name)).filter(Boolean);
      pair('memoryfree', free, parts.join('; '), true);
    }
    pair('swapsize', values.get('SwapTotal'), lines.get('SwapTotal'), false);
    pair('swapfree', values.get('SwapFree'), lines.get('SwapFree'), true);
  },
};
