/** What lscpu prints, from /proc/cpuinfo and /sys/devices/system/cpu. */
import { armImplementer, armProcessor } from '../../groups/compute/arm-processors.ts';
import type { Sources } from '../../sources/sources.ts';
import { cachesOf, cpuList, listText, topologyOf } from './native-caches.ts';

const CPU = '/sys/devices/system/cpu';

/** The text of lscpu (util-linux 2.38) without its aligned columns; empty where there is no /proc/cpuinfo. */
export function lscpuText(sources: Sources): string {
  const text = sources.text('/proc/cpuinfo');
  if (text === undefined) return '';
  const field = (...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const value = new RegExp(`^${name}[ \\t]*:[ \\t]*(.+)$`, 'm').exec(text)?.[1]?.trim();
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const flags = field('flags', 'features', 'Features');
  const has = new Set((flags ?? '').split(/\s+/));
  const architecture = architectureOf(sources, text, has);
  const online = sources.line(`${CPU}/online`);
  const cpus = cpuList(online ?? '');
  const offline = cpuList(sources.line(`${CPU}/present`) ?? '').filter((cpu) => !cpus.includes(cpu));
  const topology = topologyOf(sources, cpus);
  const lines: [string, string | number | undefined][] = [
    ['Architecture', architecture],
    ['CPU op-mode(s)', modesOf(architecture, has)],
    ['Address sizes', field('address sizes')],
    ['Byte Order', byteOrder(sources, architecture)],
    ['CPU(s)', cpuList(sources.line(`${CPU}/present`) ?? online ?? '').length || undefined],
    ['On-line CPU(s) list', listText(cpus)],
    ['Off-line CPU(s) list', listText(offline)],
    ['Vendor ID', field('vendor_id') ?? armImplementer(field('CPU implementer'))],
    ['Model name', armProcessor(field('CPU implementer'), field('CPU part')) ?? field('model name', 'cpu')],
    ['CPU family', field('cpu family')],
    ['Model', field('CPU revision', 'revision', 'model')],
    ['Thread(s) per core', topology.threads],
    ['Core(s) per socket', topology.cores],
    ['Socket(s)', topology.sockets],
    [
      'Stepping',
      field('stepping') ?? armStepping(field('CPU implementer'), field('CPU variant'), field('CPU revision')),
    ],
    ['BogoMIPS', field('bogomips', 'BogoMIPS', 'bogomips per cpu')],
    ['Flags', flags],
    ['Virtualization', has.has('svm') ? 'AMD-V' : has.has('vmx') ? 'VT-x' : undefined],
    ...cachesOf(sources, cpus),
    ...numaOf(sources),
  ];
  return lines
    .flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name}: ${value}\n`]))
    .join('');
}

function architectureOf(sources: Sources, cpuinfo: string, flags: ReadonlySet<string>): string | undefined {
  const machine = sources.os().machine;
  if (machine !== '') return machine;
  // a recorded tree without uname: by what cpuinfo looks like
  if (/^CPU implementer/m.test(cpuinfo)) return 'aarch64';
  if (/^vendor_id\s*: IBM\/S390/m.test(cpuinfo)) return 's390x';
  if (/^cpu\s*: POWER/m.test(cpuinfo)) return 'ppc64';
  if (/^vendor\s*: GenuineIntel/m.test(cpuinfo)) return 'ia64';
  return flags.has('lm') ? 'x86_64' : flags.size > 1 ? 'i686' : undefined;
}

function modesOf(architecture: string | undefined, flags: ReadonlySet<string>): string | undefined {
  if (/^(s390|ppc)/.test(architecture ?? '') || flags.has('lm')) return '32-bit, 64-bit';
  return flags.has('tm') || /^i\d86$/.test(architecture ?? '') ? '32-bit' : undefined;
}

function byteOrder(sources: Sources, architecture: string | undefined): string {
  const own = sources.line('/sys/kernel/cpu_byteorder');
  const big = own === undefined ? /^(s390|ppc64$|ppc$)/.test(architecture ?? '') : own === 'big';
  return big ? 'Big Endian' : 'Little Endian';
}

/** ARM's own processors are named by variant and revision, `r1p0`; of the others lscpu prints the variant alone. */
function armStepping(implementer: string | undefined, variant: string | undefined, revision: string | undefined) {
  if (variant === undefined) return undefined;
  return implementer === '0x41' ? `r${Number(variant)}p${revision ?? ''}` : variant;
}

function numaOf(sources: Sources): [string, string | number | undefined][] {
  const base = '/sys/devices/system/node';
  const nodes = sources
    .list(base)
    .filter((name) => /^node\d+$/.test(name))
    .map((name) => Number(name.slice(4)))
    .sort((a, b) => a - b)
    .slice(0, 1024);
  if (nodes.length === 0) return [];
  return [
    ['NUMA node(s)', nodes.length],
    ...nodes.map((node): [string, string | undefined] => [
      `NUMA node${node} CPU(s)`,
      listText(cpuList(sources.line(`${base}/node${node}/cpulist`) ?? '')),
    ]),
  ];
}
