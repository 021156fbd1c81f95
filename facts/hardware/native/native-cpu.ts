/** Processors as lshw reads them from /proc/cpuinfo and cpufreq, on top of what SMBIOS said. */
import type { Sources } from '../../sources/sources.ts';
import {
  addCapability,
  addChild,
  claimAll,
  configure,
  findByBusInfo,
  type HardwareNode,
  newNode,
} from '../lshw-node.ts';

/** One line of /proc/cpuinfo as key and value; lines without a colon are left out. */
function* pairs(text: string): Generator<readonly [string, string]> {
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon !== -1) yield [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  }
}

/** The processor with this number, made below the board where nobody spoke of it yet. */
function processorFinder(root: HardwareNode, core: HardwareNode): (index: number) => HardwareNode {
  const known = new Map<number, HardwareNode>();
  return (index) => {
    const number = Math.max(index, 0);
    const before = known.get(number);
    if (before !== undefined) return before;
    const busInfo = `cpu@${number}`;
    const node = findByBusInfo(root, busInfo) ?? addChild(core, newNode('cpu', 'processor', { busInfo }));
    claimAll(node);
    node.disabled = false;
    known.set(number, node);
    return node;
  };
}

/** Adds what /proc/cpuinfo says, by the machine's architecture (uname -m; x86 when it is not known). */
export function addCpuinfo(root: HardwareNode, core: HardwareNode, sources: Sources): void {
  const text = sources.text('/proc/cpuinfo');
  if (text === undefined) return;
  const machine = sources.os().machine;
  const find = processorFinder(root, core);
  if (/^ppc/.test(machine)) addPpc(text, find);
  else if (/^s390/.test(machine)) addS390(text, find);
  else if (machine === 'aarch64') addAarch64(text, core, find);
  else if (/^arm/.test(machine)) addArm(text, find);
  else addX86(text, find);
}

const VENDORS: Readonly<Record<string, string>> = {
  AuthenticAMD: 'Advanced Micro Devices [AMD]',
  HygonGenuine: 'Hygon',
  GenuineIntel: 'Intel Corp.',
};
const X86_YES = ['fdiv_bug', 'hlt_bug', 'f00f_bug', 'coma_bug', 'fpu', 'wp', 'fpu_exception'];

/**
 * One node for each package: as many entries of cpuinfo as the first one has siblings are taken for one package, in
 * the order of the file, which is how lshw counts and which is wrong where the packages' entries alternate.
 */
function addX86(text: string, find: (index: number) => HardwareNode): void {
  let current = -1;
  let siblings = -1;
  let flagsOf: string | undefined;
  let version: { family?: number; model?: number; stepping?: number } = {};
  for (const [key, value] of pairs(text)) {
    if (current < 0) siblings = -1;
    if (siblings < 0 && key === 'siblings') siblings = (Number.parseInt(value, 10) || 0) - 1;
    if (key === 'processor') {
      siblings -= 1;
      if (siblings >= 0) continue;
      current += 1;
      flagsOf = undefined;
      version = {};
    }
    const cpu = find(current);
    if (cpu.width === 0) cpu.width = 32;
    if (key === 'vendor_id') cpu.vendor = VENDORS[value] ?? value;
    else if (key === 'model name') cpu.product = value;
    else if (key === 'microcode') configure(cpu, key, Number(value) || 0);
    else if (key === 'cpu family') version.family = Number(value) || 0;
    else if (key === 'model') version.model = Number(value) || 0;
    else if (key === 'stepping') version.stepping = Number(value) || 0;
    else if (value === 'yes' && X86_YES.includes(key)) addCapability(cpu, key);
    else if (key === 'flags' && value !== flagsOf) {
      flagsOf = value; // the same for every thread: not worth doing again
      addAll(cpu, value);
    }
    const { family, model, stepping } = version;
    if (family !== undefined && model !== undefined && stepping !== undefined) {
      cpu.version = `${family}.${model}.${stepping}`;
    }
    if (['ia64', 'lm', 'x86-64'].some((name) => cpu.capabilities.includes(name))) cpu.width = 64;
  }
}

function addAll(cpu: HardwareNode, flags: string): void {
  const seen = new Set(cpu.capabilities);
  for (const flag of flags.split(/\s+/)) {
    const name = flag === 'lm' ? 'x86-64' : flag;
    if (name === '' || seen.has(name)) continue;
    seen.add(name);
    addCapability(cpu, name);
  }
}

/** Nothing where SMBIOS has processors: cpuinfo has one entry a core there, and sockets are what is counted. */
function addAarch64(text: string, core: HardwareNode, find: (index: number) => HardwareNode): void {
  if (core.children.some((child) => child.hardwareClass === 'processor' && child.handle !== '')) return;
  let current = -1;
  let features = '';
  for (const [key, value] of pairs(text)) {
    if (key.startsWith('processor')) current += 1;
    if (key !== 'Features') continue;
    features = `${features} ${value}`.slice(-4096);
    addAll(find(current), features);
  }
}

function addArm(text: string, find: (index: number) => HardwareNode): void {
  let current = -1;
  for (const [key, value] of pairs(text)) {
    if (key.startsWith('processor')) current += 1;
    const cpu = find(current);
    if (key === 'Features') addAll(cpu, value);
  }
}

function addS390(text: string, find: (index: number) => HardwareNode): void {
  let current = -1;
  let vendor = '';
  let features = '';
  for (const [key, value] of pairs(text)) {
    if (key === 'features') features = value;
    if (key === 'vendor_id') vendor = value;
    if (key.startsWith('processor')) current += 1;
    const cpu = find(current);
    cpu.vendor = vendor;
    addAll(cpu, features);
  }
}

function addPpc(text: string, find: (index: number) => HardwareNode): void {
  let current = -1;
  for (const [key, value] of pairs(text)) {
    if (key === 'processor') current += 1;
    const cpu = find(current);
    if (key === 'revision') cpu.version = value;
    if (key === 'cpu') cpu.product = value;
    if (key === 'clock') cpu.size = Math.trunc((Number.parseFloat(value) || 0) * 1e6);
  }
}

/** Frequencies, in kHz in Documentation/admin-guide/pm/cpufreq.rst. The package N takes those of the CPU N, as in lshw. */
export function addCpufreq(root: HardwareNode, sources: Sources): void {
  for (let index = 0; index < 4096; index += 1) {
    const cpu = findByBusInfo(root, `cpu@${index}`);
    if (cpu === undefined) return;
    const base = `/sys/devices/system/cpu/cpu${index}/cpufreq`;
    if (!sources.exists(base)) continue;
    const maximum = 1000 * (sources.int(`${base}/cpuinfo_max_freq`) ?? 0);
    const now = 1000 * (sources.int(`${base}/scaling_cur_freq`) ?? 0);
    addCapability(cpu, 'cpufreq');
    if (now > 0) cpu.size = now;
    if (maximum > cpu.capacity) cpu.capacity = maximum;
  }
}
