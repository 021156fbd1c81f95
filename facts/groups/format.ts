/** Numbers as Facter printed them. */

/** `%.2f` of C and Ruby: exact halves go to the even digit, where toFixed goes up. */
export function fixed2(value: number): string {
  if (!Number.isFinite(value)) return '0.00';
  const eighths = value * 8;
  if (Number.isInteger(eighths) && eighths % 2 !== 0) {
    const below = Math.floor(value * 100);
    return ((below % 2 === 0 ? below : below + 1) / 100).toFixed(2);
  }
  return value.toFixed(2);
}

/** `31.31 GB` from megabytes: divided by 1,024 while above 1,024 (Facter::Memory.scale_number). */
export function scaledSize(megabytes: number): string {
  const units = ['MB', 'GB', 'TB', 'PB', 'EB'];
  let size = megabytes;
  let unit = 0;
  while (size > 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${fixed2(size)} ${units[unit] as string}`;
}

/** The numbers of a kernel list such as `0-3,8,10-11`. At most `most` (65,536) of them; empty where the text is no such list. */
export function parseCpuList(text: string | undefined, most = 65_536): number[] {
  const numbers = new Set<number>();
  for (const part of (text ?? '').trim().split(',')) {
    const match = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part.trim());
    if (!match) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? match[1]), first + most);
    for (let n = first; n <= last && numbers.size < most; n += 1) numbers.add(n);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** Numbers in ascending order as the kernel writes them: `0-3,8`. */
export function cpuListText(cpus: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const cpu of cpus) {
    const last = runs.at(-1);
    if (last?.[1] === cpu - 1) last[1] = cpu;
    else runs.push([cpu, cpu]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** Names as `ls -v` and ifconfig sort them: eth2 before eth10. */
export function byNumberedName(a: string, b: string): number {
  const left = a.split(/(\d+)/);
  const right = b.split(/(\d+)/);
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    if (i % 2 === 1) {
      const difference = Number(x) - Number(y);
      if (difference !== 0) return difference;
    }
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** Facter's spelling of an interface in fact names: other than letters, digits and _ becomes _. */
export function factName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_');
}
