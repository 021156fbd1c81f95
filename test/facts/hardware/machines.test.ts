/** Facts of recorded virtual machines (scripts/record-machines.ts), from files alone. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { nativeHardware } from '../../../facts/hardware/collect-hardware.ts';
import { registerPciIds } from '../../../facts/hardware/hardware.ts';
import { collectFacts, factValues } from '../../../facts/facts.ts';
import { MACHINES, withUname } from '../../corpus/machines.ts';
import { machinesOf } from '../../corpus/corpus.ts';

registerPciIds(() => readFileSync(join(MACHINES, 'pci.ids'), 'utf8'));
const names = readdirSync(MACHINES)
  .filter((name) => name.endsWith('.tar.gz'))
  .map((name) => name.slice(0, -7));

async function sourcesOf(name: string) {
  const [machine] = await machinesOf(join(MACHINES, `${name}.tar.gz`));
  assert.ok(machine);
  return withUname(machine.sources);
}

for (const name of names) {
  test(`${name} has the facts that were looked at when it was recorded`, async () => {
    const facts = [...nativeHardware(await sourcesOf(name))].filter(([fact]) => !fact.endsWith('json_str'));
    const expected = JSON.parse(readFileSync(join(MACHINES, `${name}.facts.json`), 'utf8')) as Record<string, string>;
    assert.deepEqual(Object.fromEntries(facts), expected);
  });

  test(`${name} has the facts that servers' default rules ask for`, async () => {
    const facts = nativeHardware(await sourcesOf(name));
    assert.match(facts.get('mk_hw_cpu_count') ?? '', /^[1-9]\d*$/);
    assert.match(facts.get('mk_hw_nic_count') ?? '', /^\d+$/);
    assert.match(facts.get('mk_hw_mem_size') ?? '', /^\d+[KMGT]iB$/);
  });
}

test('maxcpus=1 on the kernel line changes no count', async () => {
  const [all, one] = await Promise.all(['q35-server', 'q35-server-maxcpus'].map(sourcesOf));
  assert.ok(all && one);
  assert.match(one.text('/proc/cmdline') ?? '', /maxcpus=1/);
  assert.equal(one.line('/sys/devices/system/cpu/online'), '0');
  const [facts, few] = [nativeHardware(all), nativeHardware(one)];
  for (const name of ['mk_hw_cpu_count', 'mk_hw_nic_count', 'mk_hw_disk_count', 'mk_hw_mem_size']) {
    assert.equal(few.get(name), facts.get(name), name);
  }
  assert.equal(few.get('mk_hw_cpu_count'), '4');
});

test('maxcpus=1 on the kernel line takes no processor from its NUMA node', async () => {
  const sets = await Promise.all(
    ['q35-server', 'q35-server-maxcpus'].map(async (name) => collectFacts({ sources: await sourcesOf(name) })),
  );
  for (const set of sets) {
    const values = factValues(set);
    assert.equal(values['mk_numa_node0_cpus'], '0-3');
    assert.equal(values['mk_numa_node1_cpus'], '4-7');
  }
});

test('behind a virtio card only one more card is counted, as the original counted; all have their own facts', async () => {
  const set = await collectFacts({ sources: await sourcesOf('q35-server') });
  const values = factValues(set);
  assert.equal(values['mk_hw_nic_count'], '2');
  assert.deepEqual(
    Object.keys(values).filter((name) => /^macaddress_eth\d$/.test(name)),
    ['macaddress_eth0', 'macaddress_eth1', 'macaddress_eth2'],
  );
});

test('the group is part of every gathering, and the default exclusion hides the JSON texts only', async () => {
  const set = await collectFacts({ sources: await sourcesOf('q35-server') });
  const values = factValues(set);
  assert.equal(values['mk_hw_bus_vendor'], 'Example Boards');
  assert.equal(set.facts.get('mk_hw_mem_size')?.sources[0], '/sys/firmware/dmi/tables/DMI');
  assert.ok(Object.keys(values).some((name) => name.endsWith('_json_str')));
  assert.deepEqual(
    set.errors.filter(({ group }) => group === 'hardware'),
    [],
  );
});
