import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askDmidecode, askFacter, askLscpu, askLshw } from '../../../facts/second-opinion/programs.ts';
import { parseDmidecode } from '../../../facts/second-opinion/dmidecode.ts';
import { disagreements, secondOpinion } from '../../../facts/second-opinion/second-opinion.ts';
import { askSysteminformation } from '../../../facts/second-opinion/systeminformation.ts';
import type { Sources } from '../../../facts/sources/sources.ts';
import { madeUpSources } from '../../helpers/memory-origin.ts';

const machine = (programs: Record<string, string>): Sources => madeUpSources({ files: {}, programs });

/** A machine whose programs end with this status and output, whatever they are asked. */
function ending(
  status: number | undefined,
  stdout: string,
  failure?: 'timeout',
): { sources: Sources; asked: string[] } {
  const asked: string[] = [];
  const run: Sources['run'] = (argv) => {
    asked.push(argv.join(' '));
    const result = { argv, status, signal: undefined, failure, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0) };
    return Promise.resolve({ ...result, durationMs: 0 });
  };
  return { sources: { ...machine({}), run }, asked };
}

const FACTER = 'facter --json --show-legacy';

test('facter is compared in facts that both have and that stay the same', async () => {
  const said = {
    kernel: 'Linux',
    uptime: '1 day',
    path: '/bin',
    os: { name: 'x' },
    is_virtual: false,
    processorcount: 4,
    other: 'x',
    sshfp_rsa: 'x',
    memoryfree: '1',
  };
  assert.deepEqual(await askFacter(machine({ [FACTER]: JSON.stringify(said) })), {
    name: 'facter',
    values: [
      { fact: 'kernel', theirs: 'Linux' },
      { fact: 'is_virtual', theirs: 'false' },
      { fact: 'processorcount', theirs: '4' },
    ],
  });
});

test('an old facter does not know --show-legacy and is asked again without', async () => {
  const { sources, asked } = ending(2, '');
  assert.equal((await askFacter(sources)).missing, 'failed (status 2)');
  assert.deepEqual(asked, [FACTER, 'facter --json']);
  const none = machine({});
  assert.equal((await askFacter(none)).missing, 'not installed');
});

test('facter ends in 1 when one fact failed, and is read all the same; other programs are not', async () => {
  assert.deepEqual((await askFacter(ending(1, '{"kernel":"Linux"}').sources)).values, [
    { fact: 'kernel', theirs: 'Linux' },
  ]);
  assert.equal((await askFacter(ending(1, '').sources)).missing, 'failed (status 1)');
  assert.equal((await askFacter(ending(undefined, '{}', 'timeout').sources)).missing, 'failed (timeout)');
  assert.equal((await askLscpu(ending(1, 'CPU(s): 4\n').sources)).missing, 'failed (status 1)');
  assert.equal((await askLscpu(ending(undefined, '').sources)).missing, 'failed (status ?)');
});

test('what cannot be read is said, not thrown', async () => {
  assert.deepEqual(await askFacter(machine({ [FACTER]: 'not JSON' })), {
    name: 'facter',
    values: [],
    missing: 'printed something that could not be read',
  });
});

test('lscpu: counts, model and architecture, whatever else it prints', async () => {
  const text =
    'Architecture:        x86_64\n  CPU(s):   4\nSocket(s): 2\nModel name: A: B\nNUMA node(s): 1\nFlags: fpu\n';
  assert.deepEqual((await askLscpu(machine({ lscpu: text }))).values, [
    { fact: 'hardwaremodel', theirs: 'x86_64' },
    { fact: 'processorcount', theirs: '4' },
    { fact: 'physicalprocessorcount', theirs: '2' },
    { fact: 'processor0', theirs: 'A: B' },
    { fact: 'mk_numa_node_count', theirs: '1' },
  ]);
});

const DMIDECODE = `# dmidecode 3.4
Handle 0x0001, DMI type 1, 27 bytes
System Information
\tManufacturer: Maker
\tProduct Name: Box 1
\tSerial Number:
\tManufacturer: Second
\tUUID: abc

Handle 0x0003, DMI type 3, 22 bytes
Chassis Information
\tType: Rack Mount Chassis
\tAsset Tag: Not Specified

Handle 0x0004, DMI type 0, 26 bytes
BIOS Information
\tVendor: Firm
\tRelease Date: 01/02/2023
`;

test('dmidecode: the first value of each field, and no asset tag that is not specified', async () => {
  assert.deepEqual((await askDmidecode(machine({ dmidecode: DMIDECODE }))).values, [
    { fact: 'manufacturer', theirs: 'Maker' },
    { fact: 'productname', theirs: 'Box 1' },
    { fact: 'uuid', theirs: 'abc' },
    { fact: 'bios_vendor', theirs: 'Firm' },
    { fact: 'bios_release_date', theirs: '01/02/2023' },
    { fact: 'type', theirs: 'Rack Mount Chassis' },
  ]);
  const tagged = DMIDECODE.replace('Not Specified', 'RACK-7');
  assert.deepEqual((await askDmidecode(machine({ dmidecode: tagged }))).values.at(-1), {
    fact: 'mk_asset_tag',
    theirs: 'RACK-7',
  });
});

test('before 2.6 dmidecode printed the type on a line of its own, one tab deeper', () => {
  const [block, ...others] = parseDmidecode(
    'Handle 0x0001\n\tDMI type 1, 25 bytes.\n\tSystem Information\n\t\tManufacturer: Maker\n',
  );
  assert.equal(block?.title, 'System Information');
  assert.deepEqual([...(block?.fields ?? [])], [['Manufacturer', 'Maker']]);
  assert.equal(others.length, 0);
  assert.deepEqual(parseDmidecode('no handles at all'), []);
});

test('lshw: addresses of network cards anywhere in the tree, and the maker of the board', async () => {
  const tree = {
    id: 'box',
    children: [
      {
        id: 'core',
        vendor: 'Board Maker',
        children: [
          { class: 'network', logicalname: 'eth0', serial: '52:54:00:00:00:01' },
          { class: 'network', logicalname: ['enp1s0.7', 'x'], serial: '52:54:00:00:00:02' },
          { class: 'network', logicalname: 'ib0', serial: '80:00:00:48:fe:80' },
          { class: 'network', logicalname: 'ib1', serial: '80:00:00:48:fe:80:00' },
          { class: 'network', serial: '52:54:00:00:00:03' },
          { class: 'disk', logicalname: 'sda', serial: '52:54:00:00:00:04' },
        ],
      },
    ],
  };
  const expected = [
    { fact: 'macaddress_eth0', theirs: '52:54:00:00:00:01' },
    { fact: 'macaddress_enp1s0_7', theirs: '52:54:00:00:00:02' },
    { fact: 'macaddress_ib0', theirs: '80:00:00:48:fe:80' },
    { fact: 'mk_hw_bus_vendor', theirs: 'Board Maker' },
  ];
  for (const said of [tree, [tree]])
    assert.deepEqual((await askLshw(machine({ 'lshw -json -quiet': JSON.stringify(said) }))).values, expected);
  assert.deepEqual((await askLshw(machine({ 'lshw -json -quiet': '{}' }))).values, []);
});

test('systeminformation is asked of the running machine only', async () => {
  assert.equal((await askSysteminformation(machine({}))).missing, 'asks the running machine only');
});

test('letter case, blanks and the spelling of units make no difference, all else does', () => {
  const reports = [
    {
      name: 'p',
      values: [
        { fact: 'a', theirs: '  Some   TEXT ' },
        { fact: 'size', theirs: '1.5 GiB' },
        { fact: 'b', theirs: 'other' },
        { fact: 'none', theirs: 'there' },
        { fact: 'empty', theirs: '' },
      ],
    },
  ];
  assert.deepEqual(disagreements({ a: 'some text', size: '1.5 GB', b: 'mine' }, reports), [
    { program: 'p', fact: 'b', ours: 'mine', theirs: 'other' },
    { program: 'p', fact: 'none', ours: undefined, theirs: 'there' },
  ]);
});

test('the report says who was asked, who differs in how much, and both values side by side', async () => {
  const sources = machine({ lscpu: 'CPU(s): 4\nSocket(s): 2\n', [FACTER]: '{"kernel":"Linux"}' });
  const ours = { processorcount: '3', kernel: 'linux' };
  const expected = `facter: 1 compared, 0 differ
lscpu: 2 compared, 2 differ
dmidecode: not installed
lshw: not installed
systeminformation: asks the running machine only

fact                    ours      theirs
processorcount          3         4  (lscpu)
physicalprocessorcount  (absent)  2  (lscpu)
`;
  assert.equal(await secondOpinion(ours, sources, { colour: false }), expected);
  const coloured = await secondOpinion(ours, sources, { colour: true });
  assert.equal(coloured, expected.replace(/^fact .*$/m, '\u001b[1m$&\u001b[0m'));
  const agreed = await secondOpinion({ ...ours, processorcount: '4', physicalprocessorcount: '2' }, sources, {
    colour: false,
  });
  assert.match(agreed, /\n\nno disagreement\n$/);
  const long = await secondOpinion({ processorcount: 'x\n'.repeat(30) }, sources, { colour: false });
  assert.match(long, /^processorcount {10}(x ){20} {2}4 {2}\(lscpu\)$/m);
});
