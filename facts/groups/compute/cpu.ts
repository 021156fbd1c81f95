/**
 * Processors. The kernel line of a microkernel says maxcpus=1, so that only one CPU runs: counts come from what is
 * present (/sys/devices/system/cpu/present), and sockets also from SMBIOS, never from what is online alone.
 */
import { oncePer } from '../../sources/recording.ts';
import type { Sources } from '../../sources/sources.ts';
import { parseCpuList } from '../format.ts';
import { readDmi } from '../system/dmi.ts';
import type { Group } from '../group.ts';

const CPUINFO = '/proc/cpuinfo';
const CPU_DIR = '/sys/devices/system/cpu';

/** The blocks of /proc/cpuinfo that describe one processor, by `processor` number, in order of appearance. */
export function parseCpuinfo(text: string): Map<number, Map<string, string>> {
  const cpus = new Map<number, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split('\n', 400_000)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const key = line.slice(0, colon).trim();
    // Facter kept the blank at the end of a model name, where the kernel wrote one
    const value = key === 'model name' ? line.slice(colon + 1).trimStart() : line.slice(colon + 1).trim();
    if (key === 'processor' && /^\d{1,6}$/.test(value)) {
      current = new Map();
      cpus.set(Number(value), current);
    } else if (current && !current.has(key)) current.set(key, value);
  }
  return cpus;
}

interface Cpus {
  /** Model text by processor number, as Facter's processorN. Absent on aarch64 and others whose cpuinfo has no name. */
  readonly models: ReadonlyMap<number, string>;
  /** Logical processors that are there, whether they run or not. */
  readonly count: number;
  readonly online: number;
  readonly sockets: number;
  readonly socketsFrom: readonly string[];
  /** Cores over all sockets; undefined where topology says nothing. */
  readonly cores: number | undefined;
  readonly info: ReadonlyMap<number, ReadonlyMap<string, string>>;
}

/** Model texts as Facter 1.7 found them, by the form that each architecture's cpuinfo has. */
function modelsOf(text: string, info: Map<number, Map<string, string>>): Map<number, string> {
  const models = new Map<number, string>();
  for (const [number, fields] of info) {
    const model = fields.get('model name') ?? (fields.has('arch') ? fields.get('family') : undefined);
    if (model !== undefined && model.trim() !== '') models.set(number, model);
  }
  // s390: `processor 0: version = 00,  identification = …`
  for (const match of text.matchAll(/^processor (\d{1,6}): (.*)$/gm))
    models.set(Number(match[1]), (match[2] as string).trim());
  if (models.size === 0) {
    const arm = /^Processor\s*:\s*(.+)$/m.exec(text)?.[1]?.trim();
    if (arm !== undefined) for (const number of info.size > 0 ? info.keys() : [0]) models.set(number, arm);
  }
  return models;
}

export const readCpus = oncePer((sources): Cpus => {
  const text = sources.text(CPUINFO, 16 * 1024 * 1024) ?? '';
  const info = parseCpuinfo(text);
  const models = modelsOf(text, info);
  const directories = sources.list(CPU_DIR).filter((name) => /^cpu\d+$/.test(name));
  const present = parseCpuList(sources.text(`${CPU_DIR}/present`));
  const numbers = new Set([...info.keys(), ...directories.map((name) => Number(name.slice(3)))]);
  const count = present.length > 0 ? present.length : numbers.size;
  const distinct = new Set(models.values());
  if (models.size > 0 && models.size < count && distinct.size === 1) {
    // CPUs that are kept from running are of the same kind as those that run
    const model = [...distinct][0] as string;
    for (const number of present.length > 0 ? present : numbers) if (!models.has(number)) models.set(number, model);
  }
  return {
    models,
    info,
    count: Math.max(count, models.size),
    online: info.size > 0 ? info.size : count,
    ...topology(sources, directories, info.size < count ? count : undefined),
  };
});

function topology(
  sources: Sources,
  directories: readonly string[],
  /** Where some processors do not run: how many there are. */
  present: number | undefined,
): Pick<Cpus, 'sockets' | 'cores' | 'socketsFrom'> {
  const packages = new Set<string>();
  const cores = new Set<string>();
  for (const name of directories) {
    const socket = sources.line(`${CPU_DIR}/${name}/topology/physical_package_id`);
    if (socket === undefined) continue;
    packages.add(socket);
    // threads of one core name the same siblings; core_id begins anew in each die or node of a package (Opteron)
    const base = `${CPU_DIR}/${name}/topology`;
    const core = ['thread_siblings_list', 'thread_siblings', 'core_id'].reduce<string | undefined>(
      (found, file) => found ?? sources.line(`${base}/${file}`),
      undefined,
    );
    if (core !== undefined) cores.add(`${socket}:${core}`);
  }
  const firmware = present !== undefined ? readDmi(sources).processors : undefined;
  if (firmware && firmware.sockets > packages.size) {
    return { sockets: firmware.sockets, cores: firmware.cores, socketsFrom: [firmware.source] };
  }
  // of a processor that does not run nothing tells the core but the firmware's table
  const most = Math.max(cores.size, Math.min(firmware?.cores ?? 0, present ?? 0));
  return {
    sockets: packages.size,
    cores: most > 0 ? most : undefined,
    socketsFrom: [`${CPU_DIR}/cpu*/topology/physical_package_id`],
  };
}

export const cpuGroup: Group = {
  name: 'cpu',
  collect({ sources, add }) {
    const cpus = readCpus(sources);
    for (const [number, model] of cpus.models) add(`processor${number}`, model, CPUINFO, { exact: true });
    const counted = cpus.models.size > 0 ? [CPUINFO, `${CPU_DIR}/present`] : [`${CPU_DIR}/present`, CPU_DIR];
    if (cpus.count > 0) add('processorcount', cpus.count, counted);
    if (sources.exists(CPU_DIR)) add('physicalprocessorcount', cpus.sockets, cpus.socketsFrom);
  },
};
