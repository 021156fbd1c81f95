/** CPU topology and caches as lscpu counts them, from as few of the files as say it. */
import type { Sources } from '../../sources/sources.ts';

const CPU = '/sys/devices/system/cpu';

/** `0-3,8` as numbers; at most 8,192 of them. */
export function cpuList(text: string): number[] {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part);
    if (match === null) continue;
    const last = Number(match[2] ?? match[1]);
    for (let number = Number(match[1]); number <= last && numbers.length < 8192; number += 1) numbers.push(number);
  }
  return numbers;
}

/** The list as lscpu writes it: a range from three members on, `0,1,4-7`. */
export function listText(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let index = 0; index < numbers.length;) {
    const first = numbers[index] ?? 0;
    let last = first;
    while (numbers[index + 1] === last + 1) {
      last += 1;
      index += 1;
    }
    parts.push(last - first > 1 ? `${first}-${last}` : first === last ? `${first}` : `${first},${last}`);
    index += 1;
  }
  return parts.join(',');
}

/** A file of CPUs that belong together, which gives its mask in `name` and in newer kernels a list in `name_list`. */
function members(sources: Sources, folder: string, name: string): number[] {
  const list = sources.line(`${folder}/${name}_list`);
  if (list !== undefined) return cpuList(list);
  return maskMembers(sources.line(`${folder}/${name}`) ?? sources.line(`${folder}/${name}_map`) ?? '');
}

/** The bits of a mask of the kernel: groups of eight hex digits, the highest first. */
function maskMembers(mask: string): number[] {
  const numbers: number[] = [];
  const digits = mask.replaceAll(',', '');
  for (let index = 0; index < digits.length && index < 4096; index += 1) {
    const value = Number.parseInt(digits.charAt(digits.length - 1 - index), 16);
    for (let bit = 0; bit < 4; bit += 1) if ((value >> bit) & 1) numbers.push(index * 4 + bit);
  }
  return numbers;
}

/** Groups of CPUs, one file read for each group. Undefined where some CPU does not say. */
function groups(cpus: readonly number[], read: (cpu: number) => readonly number[]): (readonly number[])[] | undefined {
  const covered = new Set<number>();
  const found: (readonly number[])[] = [];
  for (const cpu of cpus) {
    if (covered.has(cpu)) continue;
    const group = read(cpu);
    if (group.length === 0) return undefined;
    for (const member of group) covered.add(member);
    covered.add(cpu);
    found.push(group);
  }
  return found;
}

interface Topology {
  /** Threads of a core, cores of a socket, sockets. */
  readonly threads?: number;
  readonly cores?: number;
  readonly sockets?: number;
}

/** Of the CPUs that are online, as lscpu counts. */
export function topologyOf(sources: Sources, cpus: readonly number[]): Topology {
  const folder = (cpu: number): string => `${CPU}/cpu${cpu}/topology`;
  const sockets = groups(cpus, (cpu) => members(sources, folder(cpu), 'core_siblings'));
  const cores = groups(cpus, (cpu) => members(sources, folder(cpu), 'thread_siblings'));
  if (sockets === undefined || cores === undefined || sockets.length === 0) return {};
  return {
    threads: Math.max(...cores.map((core) => core.length)),
    cores: Math.floor(cores.length / sockets.length) || 1,
    sockets: sockets.length,
  };
}

/** `L1d cache: 512 KiB (8 instances)`: all caches of a kind, each counted once however many CPUs share it. */
export function cachesOf(sources: Sources, cpus: readonly number[]): [string, string][] {
  const [first] = cpus;
  if (first === undefined) return [];
  const indexes = sources.list(`${CPU}/cpu${first}/cache`).filter((name) => /^index\d+$/.test(name));
  const found = indexes.map((index) => {
    const folder = (cpu: number): string => `${CPU}/cpu${cpu}/cache/${index}`;
    return { folder, ...cacheInstances(sources, cpus, folder) };
  });
  // kinds of cores with caches of different sizes (hybrid processors, big.LITTLE) are asked one by one
  const mixed =
    sources.exists('/sys/devices/cpu_atom') ||
    sources.exists(`${CPU}/cpu${first}/cpu_capacity`) ||
    found.some(({ uneven }) => uneven) ||
    found.slice(0, 1).some(({ folder, instances }) => differInSize(sources, instances.map(folder)));
  const kinds: [string, string][] = [];
  for (const { folder, instances } of found) {
    const level = sources.line(`${folder(first)}/level`);
    const type = sources.line(`${folder(first)}/type`);
    const size = sizeOf(sources, folder(first));
    if (level === undefined || size === undefined) continue;
    const total = mixed
      ? instances.reduce((sum, cpu) => sum + (sizeOf(sources, folder(cpu)) ?? 0), 0)
      : size * instances.length;
    const name = `L${level}${type === 'Data' ? 'd' : type === 'Instruction' ? 'i' : ''} cache`;
    kinds.push([name, `${humanSize(total)} (${instances.length} instance${instances.length === 1 ? '' : 's'})`]);
  }
  return kinds.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Hybrid processors have few cores; larger machines have cores of one kind, and so many files are not read to learn that. */
const MOST_HYBRID_CORES = 64;

/** Whether caches of one kind have different sizes, though nothing else says that there are two kinds of cores (guests). */
function differInSize(sources: Sources, folders: readonly string[]): boolean {
  if (folders.length > MOST_HYBRID_CORES) return false;
  return new Set(folders.flatMap((folder) => sizeOf(sources, folder) ?? [])).size > 1;
}

/**
 * One CPU of each instance, and whether they belong to different numbers of CPUs. The id tells instances apart where the firmware's
 * map is wrong (x86, Linux 5.2).
 */
function cacheInstances(
  sources: Sources,
  cpus: readonly number[],
  folder: (cpu: number) => string,
): { instances: number[]; uneven: boolean } {
  const shared = groups(cpus, (cpu) => {
    const group = members(sources, folder(cpu), 'shared_cpu');
    return group.length > 0 ? group : [cpu];
  });
  const [group = []] = shared ?? [];
  const [one, other] = group.filter((cpu) => cpus.includes(cpu));
  const id = (cpu: number | undefined): string | undefined =>
    cpu === undefined ? undefined : sources.line(`${folder(cpu)}/id`);
  if (other !== undefined && id(one) !== undefined && id(one) !== id(other)) {
    return { instances: [...new Map(cpus.map((cpu) => [id(cpu), cpu])).values()], uneven: false };
  }
  const instances = (shared ?? []).flatMap((members) => members.find((cpu) => cpus.includes(cpu)) ?? []);
  return { instances, uneven: new Set((shared ?? []).map((members) => members.length)).size > 1 };
}

function sizeOf(sources: Sources, folder: string): number | undefined {
  const size = /^(\d{1,9})K$/.exec(sources.line(`${folder}/size`) ?? '')?.[1];
  return size === undefined ? undefined : Number(size) * 1024;
}

/** `1.3 MiB`: one decimal, which is left out when it is zero (util-linux, size_to_human_string). */
function humanSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (unit < units.length - 1 && bytes >= 1024 ** (unit + 1)) unit += 1;
  const tenths = Math.round((bytes / 1024 ** unit) * 10);
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} ${units[unit] ?? ''}`;
}
