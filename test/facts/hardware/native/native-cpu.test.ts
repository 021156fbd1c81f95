import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addCpufreq, addCpuinfo } from '../../../../facts/hardware/native/native-cpu.ts';
import { addChild, type HardwareNode, newNode } from '../../../../facts/hardware/lshw-node.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';

/** The processors below a board of a machine with this cpuinfo. */
function processors(
  cpuinfo: string | undefined,
  machine = 'x86_64',
  known: readonly HardwareNode[] = [],
): HardwareNode[] {
  const core = newNode('core', 'bus');
  const root = newNode('machine', 'system', { children: [core] });
  for (const node of known) addChild(core, node);
  const files: Record<string, string> = cpuinfo === undefined ? {} : { '/proc/cpuinfo': cpuinfo };
  addCpuinfo(root, core, madeUpSources({ files, os: { machine } }));
  return core.children;
}

const entry = (number: number, more: Readonly<Record<string, string>>): string =>
  [['processor', String(number)], ...Object.entries(more)].map(([key, value]) => `${key}\t: ${value}\n`).join('') +
  '\n';

const INTEL = {
  vendor_id: 'GenuineIntel',
  'cpu family': '6',
  model: '85',
  'model name': 'Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz',
  stepping: '7',
  microcode: '0x5003604',
  siblings: '2',
  fpu: 'yes',
  wp: 'no',
  flags: 'fpu  vme lm vme',
};

test('entries of one package are one processor, and the next package is another', () => {
  const two = Array.from({ length: 4 }, (_, number) => entry(number, INTEL)).join('');
  const found = processors(two);
  assert.deepEqual(
    found.map(({ busInfo, hardwareClass, claimed }) => [busInfo, hardwareClass, claimed]),
    [
      ['cpu@0', 'processor', true],
      ['cpu@1', 'processor', true],
    ],
  );
});

test('maker, product, version, microcode, width and flags of an x86 processor', () => {
  const [cpu] = processors(entry(0, INTEL));
  assert.equal(cpu?.vendor, 'Intel Corp.');
  assert.equal(cpu.product, INTEL['model name']);
  assert.equal(cpu.version, '6.85.7');
  assert.equal(cpu.configuration.get('microcode'), String(0x5003604));
  assert.equal(cpu.width, 64);
  assert.deepEqual(cpu.capabilities, ['fpu', 'vme', 'x86-64']);
});

test('a processor without long mode has 32 bits, no whole version without its stepping, and its maker as it says', () => {
  const [cpu] = processors(
    entry(0, {
      vendor_id: 'CyrixInstead',
      'cpu family': '6',
      model: '2',
      microcode: 'none',
      wp: 'yes',
      flags: 'fpu tsc',
    }),
  );
  assert.equal(cpu?.vendor, 'CyrixInstead');
  assert.equal(cpu.width, 32);
  assert.equal(cpu.version, '');
  assert.equal(cpu.configuration.get('microcode'), '0');
  assert.deepEqual(cpu.capabilities, ['wp', 'fpu', 'tsc']);
});

test('a version of zeros is one, and a package keeps its own', () => {
  const zero = entry(0, { 'cpu family': '0', model: '0', stepping: '0' });
  const found = processors(`${zero}${entry(1, { 'cpu family': '15', model: '1' })}`);
  assert.deepEqual(
    found.map(({ version }) => version),
    ['0.0.0', ''],
  );
});

test('a number that is none counts as 0; yes is said of other things than capabilities', () => {
  const words = { 'cpu family': 'unknown', model: 'unknown', stepping: 'unknown', power: 'yes' };
  const [cpu] = processors(entry(0, words));
  assert.deepEqual([cpu?.version, cpu?.capabilities], ['0.0.0', []]);
  assert.equal(processors(entry(0, { 'cpu family': '6', stepping: '7' }))[0]?.version, '');
});

test('without siblings each entry is a processor; the flags of each are its own', () => {
  const found = processors(`${entry(0, { flags: 'fpu lm' })}${entry(1, { flags: 'fpu lm' })}`);
  assert.deepEqual(
    found.map(({ capabilities, width }) => [capabilities, width]),
    [
      [['fpu', 'x86-64'], 64],
      [['fpu', 'x86-64'], 64],
    ],
  );
});

test('a processor that SMBIOS knows is described, not made again; it and what is in it work', () => {
  const known = newNode('cpu', 'processor', { busInfo: 'cpu@0', disabled: true, vendor: 'of SMBIOS', width: 48 });
  const cache = addChild(known, newNode('cache', 'memory'));
  const [cpu, ...others] = processors(entry(0, { vendor_id: 'AuthenticAMD', flags: 'fpu' }), 'x86_64', [known]);
  assert.deepEqual(others, []);
  assert.equal(cpu, known);
  assert.deepEqual([cpu.vendor, cpu.width, cpu.disabled], ['Advanced Micro Devices [AMD]', 48, false]);
  assert.deepEqual([cpu.claimed, cache.claimed], [true, true]);
});

test('a machine without cpuinfo has no processor of it', () => {
  assert.deepEqual(processors(undefined), []);
});

test('ARM of 64 bits has one processor an entry, unless SMBIOS says how many there are', () => {
  const arm = `${entry(0, { Features: 'fp asimd' })}${entry(1, { Features: 'fp crc32' })}`;
  assert.deepEqual(
    processors(arm, 'aarch64').map(({ busInfo, capabilities }) => [busInfo, capabilities]),
    [
      ['cpu@0', ['fp', 'asimd']],
      ['cpu@1', ['fp', 'asimd', 'crc32']],
    ],
  );
  const socket = newNode('cpu', 'processor', { handle: 'DMI:0004' });
  assert.deepEqual(processors(arm, 'aarch64', [socket]), [socket]);
  assert.deepEqual(socket.capabilities, []);
  const nameless = newNode('cpu', 'processor', { busInfo: 'cpu@7' });
  assert.equal(processors(arm, 'aarch64', [nameless]).length, 3);
  const slot = newNode('memory', 'memory', { handle: 'DMI:0005' });
  assert.equal(processors(arm, 'aarch64', [slot]).length, 3);
});

test('ARM of 32 bits: features belong to the entry', () => {
  const arm = `${entry(0, { 'model name': 'ARMv7', Features: 'half thumb' })}${entry(1, { Features: 'neon' })}`;
  assert.deepEqual(
    processors(arm, 'armv7l').map(({ busInfo, capabilities, product }) => [busInfo, capabilities, product]),
    [
      ['cpu@0', ['half', 'thumb'], ''],
      ['cpu@1', ['neon'], ''],
    ],
  );
});

test('s390x: the head of the file is of all processors, whose lines carry their number', () => {
  const head = 'vendor_id       : IBM/S390\nfeatures\t: esan3 zarch\n';
  const lines = 'processor 0: version = FF,  identification = 0133E8\nprocessor 1: version = FF\n';
  assert.deepEqual(
    processors(`${head}${lines}`, 's390x').map(({ busInfo, vendor, capabilities }) => [busInfo, vendor, capabilities]),
    [
      ['cpu@0', 'IBM/S390', ['esan3', 'zarch']],
      ['cpu@1', 'IBM/S390', ['esan3', 'zarch']],
    ],
  );
});

test('POWER: product, revision and clock in Hz; a clock that is none is 0', () => {
  const first = entry(0, {
    cpu: 'POWER9, altivec supported',
    clock: '2166.000000MHz',
    revision: '2.3 (pvr 004e 1203)',
  });
  assert.deepEqual(
    processors(`${first}${entry(1, { clock: 'unknown' })}`, 'ppc64le').map((cpu) => [
      cpu.product,
      cpu.version,
      cpu.size,
    ]),
    [
      ['POWER9, altivec supported', '2.3 (pvr 004e 1203)', 2_166_000_000],
      ['', '', 0],
    ],
  );
});

test('frequencies are Hz; a maximum below the one of SMBIOS, and a frequency of 0, change nothing', () => {
  const cpus = [0, 1, 2].map((index) =>
    newNode('cpu', 'processor', { busInfo: `cpu@${index}`, size: 5, capacity: 3_000_000_000 }),
  );
  const root = newNode('machine', 'system', { children: cpus });
  const cpufreq = (index: number, file: string): string => `/sys/devices/system/cpu/cpu${index}/cpufreq/${file}`;
  addCpufreq(
    root,
    madeUpSources({
      files: {
        [cpufreq(0, 'cpuinfo_max_freq')]: '3500000\n',
        [cpufreq(0, 'scaling_cur_freq')]: '1200000\n',
        [cpufreq(2, 'cpuinfo_max_freq')]: '2999999\n',
        [cpufreq(2, 'scaling_cur_freq')]: '0\n',
        [cpufreq(3, 'scaling_cur_freq')]: '1\n',
      },
    }),
  );
  assert.deepEqual(
    cpus.map(({ size, capacity, capabilities }) => [size, capacity, capabilities]),
    [
      [1_200_000_000, 3_500_000_000, ['cpufreq']],
      [5, 3_000_000_000, []],
      [5, 3_000_000_000, ['cpufreq']],
    ],
  );
});
