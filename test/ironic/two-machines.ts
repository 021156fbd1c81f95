/**
 * Cases: two more machines at the same time, each by fast track (`driver_info/fast_track`): one agent from the inspection through
 * cleaning to `active`, and Ironic never restarts it. On the way a runbook, where the API has them; at the end one of them is to be
 * restarted from outside (`deploy_forces_oob_reboot`).
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArchive, writeArchive } from '../../facts/capture/archive.ts';
import { mbrImage } from '../agent/disk-image/tables/tables.ts';
import type { Case } from './case.ts';
import { commandsOf, sameBytes, sha256Of } from './operations.ts';
import { CAPTURES, type AgentProcess, type World } from './world.ts';

const MIB = 2 ** 20;
const IMAGE_BYTES = 16 * MIB;
const RUNBOOK = 'CUSTOM_RAZOR';
/** The first version of the API with runbooks. */
const RUNBOOK_VERSION = '1.92';

interface Twin {
  readonly name: string;
  readonly mac: string;
  readonly node: string;
  readonly image: string;
  readonly disk: string;
  readonly machine: string;
  agent?: AgentProcess;
}

let twins: readonly Twin[] = [];

/** A recorded machine whose card has another address. */
async function machineWith(world: World, mac: string): Promise<string> {
  const { manifest, files } = await readArchive(readFileSync(join(CAPTURES, 'firecracker.tar.gz')), 'firecracker');
  files.delete('capture.json'); // it is written anew
  const was = '02:fc:00:db:02:41';
  for (const [name, bytes] of files) {
    if (bytes.includes(was)) files.set(name, Buffer.from(bytes.toString('latin1').replaceAll(was, mac), 'latin1'));
  }
  const path = join(world.dir, `${mac.replaceAll(':', '-')}.tar.gz`);
  const other = JSON.parse(JSON.stringify(manifest).replaceAll(was, mac)) as typeof manifest;
  writeFileSync(path, await writeArchive(other, files));
  return path;
}

async function enrol(world: World, name: string, number: number): Promise<Twin> {
  const mac = `02:fc:00:db:03:0${number}`;
  const url = world.files.url;
  const { json } = await world.api.must('POST', '/v1/nodes', {
    name,
    driver: 'manual-management',
    driver_info: { deploy_kernel: `${url}/kernel`, deploy_ramdisk: `${url}/ramdisk`, fast_track: true },
    properties: { capabilities: 'boot_option:local,boot_mode:bios' },
    automated_clean: true,
  });
  const node = (json as { uuid: string }).uuid;
  await world.api.must('POST', '/v1/ports', { node_uuid: node, address: mac });
  const disk = join(world.dir, `${name}.raw`);
  writeFileSync(disk, Buffer.alloc(MIB, 0xcc));
  truncateSync(disk, 5 * 2 ** 30); // sparse
  const image = join(world.files.root, `${name}.img`);
  const bytes = mbrImage(IMAGE_BYTES / 512);
  randomBytes(IMAGE_BYTES - MIB).copy(bytes, MIB);
  writeFileSync(image, bytes);
  return { name, mac, node, image, disk, machine: await machineWith(world, mac) };
}

const follow = async (world: World, { node, name, agent }: Twin, state: string): Promise<void> => {
  const onState = (now: string): void => world.tell(`Ironic: ${name}: ${now}`);
  await world.api.follow(node, [state], { timeoutMs: 180_000, gone: () => agent?.gone(), onState });
  assert.equal((await world.api.node(node)).last_error, null);
};

/** From `enroll` to `manageable`, with its agent running. */
async function inspect(world: World, twin: Twin): Promise<void> {
  const { node, mac, machine, disk } = twin;
  await world.api.provision(node, 'manage');
  await follow(world, twin, 'manageable');
  const words = 'razor.allow-deploy=1 razor.allow-erase=1 ipa-image-download-connection-retry-interval=1';
  // somebody has turned it on: fast track never does
  await world.api.must('PUT', `/v1/nodes/${node}/states/power`, { target: 'power on' });
  if (world.release.hasInspector) {
    twin.agent = await world.agent(`ipa-api-url=${world.door.url} BOOTIF=${mac} ${words}`, { machine, disk });
  } else {
    await world.api.provision(node, 'inspect');
    await follow(world, twin, 'inspect wait');
    twin.agent = await world.agent(`${world.kernelLine(node, mac)} ${words}`, { machine, disk });
    await follow(world, twin, 'manageable');
  }
  await twin.agent.waitFor('heartbeat', undefined, 120_000);
}

async function runbook(world: World, twin: Twin): Promise<void> {
  const { api } = world;
  await api.must('PUT', `/v1/nodes/${twin.node}/traits/${RUNBOOK}`);
  await api.provision(twin.node, 'clean', { runbook: RUNBOOK }, RUNBOOK_VERSION);
  await world.api.follow(twin.node, ['cleaning', 'clean wait']);
  await follow(world, twin, 'manageable');
}

async function deploy(world: World, twin: Twin): Promise<void> {
  const { api } = world;
  await api.provision(twin.node, 'provide');
  await follow(world, twin, 'available');
  await sameBytes('/dev/zero', twin.disk, MIB); // it is cleaned
  await api.patch(twin.node, {
    'instance_info/image_source': `${world.files.url}/${twin.name}.img`,
    'instance_info/image_os_hash_algo': 'sha256',
    'instance_info/image_os_hash_value': sha256Of(twin.image),
    'instance_info/image_disk_format': 'raw',
    'instance_info/root_gb': 4,
  });
  await api.provision(twin.node, 'active');
  await follow(world, twin, 'active');
}

const both = (act: (twin: Twin) => Promise<void>): Promise<unknown> => Promise.all(twins.map(act));

export const TWO_MACHINES: readonly Case[] = [
  {
    title: 'two machines at once: inspected, and their agents go on to the lookup by fast track',
    async run(world) {
      twins = [await enrol(world, 'castor', 1), await enrol(world, 'pollux', 2)];
      await both((twin) => inspect(world, twin));
      const callbacks = await Promise.all(twins.map(({ agent }) => agent?.waitFor('serving')));
      assert.equal(new Set(callbacks.map((each) => each?.callback)).size, 2);
      assert.deepEqual(
        callbacks.map((each) => each?.node),
        twins.map(({ node }) => node),
      );
      return undefined;
    },
  },
  {
    title: 'a runbook in manual cleaning runs its steps in order, by the agent that is there',
    async run(world) {
      if (!world.release.hasRunbooks) return 'this API has no runbooks: not tried';
      const [twin] = twins;
      assert.ok(twin?.agent);
      const step = (name: string, order: number) => ({ interface: 'deploy', step: name, args: {}, order });
      const steps = [step('erase_devices_metadata', 1), step('rz_noop', 2)];
      const body = { name: RUNBOOK, steps };
      const made = await world.api.ask('POST', '/v1/runbooks', { body, version: RUNBOOK_VERSION });
      assert.equal(made.status, 201, made.text);
      await runbook(world, twin);
      const executed = commandsOf(twin.agent).filter((each) => each === 'clean.execute_clean_step');
      assert.equal(executed.length, 2);
      return commandsOf(twin.agent).join(', ');
    },
  },
  {
    title:
      'both are cleaned and deployed at once, each by its one agent; what Ironic restarts from outside is synced first',
    async run(world) {
      await world.api.patch(twins[1]?.node ?? '', { 'driver_info/deploy_forces_oob_reboot': true });
      await both((twin) => deploy(world, twin));
      const said = twins.map(({ agent }) => (agent === undefined ? [] : commandsOf(agent)));
      for (const [index, { image, disk, agent }] of twins.entries()) {
        await sameBytes(image, disk, IMAGE_BYTES);
        assert.ok(said[index]?.includes('clean.execute_clean_step'));
        assert.ok(said[index]?.includes('deploy.execute_deploy_step'));
        assert.equal(agent?.gone(), undefined);
      }
      assert.ok(said[0]?.includes('standby.power_off') && !said[0].includes('standby.sync'));
      assert.ok(said[1]?.includes('standby.sync') && !said[1].includes('standby.power_off'));
      await both(async ({ agent }) => await agent?.stop());
      return said.map((commands) => commands.join(', ')).join('; ');
    },
  },
];
