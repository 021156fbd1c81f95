/**
 * A machine whose hardware is named on QEMU's command line: each fact must be what QEMU was told. Kernel and initrd are booted
 * directly; the SMBIOS tables are the firmware's all the same.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureSources, changedFacts, collectFacts, factValues } from '../../../facts/facts.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { captureOf } from '../console.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';
import { diskFile, MEMORY_MIB, NIC, toldArgs, toldFacts } from '../told.ts';

const CAPTURES = new URL('../../fixtures/captures', import.meta.url).pathname;

export const scenario: Scenario = {
  id: 'h',
  title:
    'four disks of four buses, SMBIOS, 2 × 4 processors under maxcpus=1, NUMA, TPM: facts against what QEMU was told',
  gate: true,
  minutes: 8,
  async run(world) {
    const choice = { kernel: 'amd64' } as const;
    const { site, lab } = await readySite(world, { discoverOnly: true, image: choice });
    await site.lan.addTap('tap0');
    const tpm = spawnSync('swtpm', ['--version']).status === 0;
    if (!tpm) world.step('swtpm is not installed: the machine has no TPM, and must say so');
    const machine = await bootDirectly(world, site, choice, {
      name: 'node1',
      board: 'q35',
      memoryMiB: MEMORY_MIB,
      nics: [{ ...NIC, tap: 'tap0' }],
      args: [...toldArgs(site.dir), ...(tpm ? await startTpm(site) : [])],
    });
    world.step('it registers');
    const { node } = await lab.waitFor('registered', isEvent('registered'), 240_000);
    const { facts } = (await site.lab('node', 'get', node ?? '')) as { facts: Record<string, string> };
    writeFileSync(join(site.dir, 'facts.json'), `${JSON.stringify(facts, null, 1)}\n`);

    const wanted = Object.entries(toldFacts(facts, { tpm }));
    world.step(`${wanted.length} facts are compared with what QEMU was told`);
    const wrong = wanted
      .filter(([name, want]) => (want instanceof RegExp ? !want.test(facts[name] ?? '') : facts[name] !== want))
      .map(([name, want]) => `${name}: told ${String(want)}, the fact is ${String(facts[name])}`);
    assert.deepEqual(wrong, []);

    world.step('the machine is captured, and the capture gives the same facts here');
    const capture = await captureOf(machine, diskFile(site.dir, 'virtio'));
    const set = await collectFacts({ sources: await captureSources(capture, 'node1') });
    // what the server's pattern keeps back was never sent
    assert.deepEqual(
      changedFacts(facts, set).filter((name) => name in facts),
      [],
    );
    writeFileSync(join(site.dir, 'capture.tar.gz'), capture);
    if (process.env['RAZOR_MK_RECORD'] !== undefined) {
      mkdirSync(CAPTURES, { recursive: true });
      writeFileSync(join(CAPTURES, 'qemu-four-buses.tar.gz'), capture);
      const golden = JSON.stringify(factValues(set), null, 1);
      writeFileSync(join(CAPTURES, 'qemu-four-buses.facts.json'), `${golden}\n`);
      world.step('kept as test/fixtures/captures/qemu-four-buses');
    }
  },
};

/** A TPM of swtpm inside the namespace; gives QEMU's arguments. */
async function startTpm(site: Site): Promise<string[]> {
  const state = join(site.dir, 'tpm');
  mkdirSync(state, { recursive: true });
  const socket = join(state, 'sock');
  await site.namespace.start([
    ...(['swtpm', 'socket', '--tpm2'] as [string, ...string[]]),
    ...['--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket}`],
  ]);
  return [
    ...['-chardev', `socket,id=tpm,path=${socket}`, '-tpmdev', 'emulator,id=tpm0,chardev=tpm'],
    ...['-device', 'tpm-crb,tpmdev=tpm0'],
  ];
}
