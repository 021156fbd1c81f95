/** Cases: an unknown machine, on Ironics that inspect by themselves: API 1.84 and newer, `[auto_discovery]`, every hook. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArchive, writeArchive } from '../../facts/capture/archive.ts';
import { NEIGHBOUR_DIR } from '../../facts/groups/network/neighbours/neighbours.ts';
import { heardOn, LLDP_FRAME } from '../helpers/neighbour-frames.ts';
import { ask } from './api.ts';
import type { Case } from './case.ts';
import { INSPECTION } from './inspection.ts';
import { begin, follow } from './operations.ts';
import { CAPTURES, MAC, theNode, type World } from './world.ts';

const CONTINUE = '/v1/continue_inspection';
/** The first version of the API with servicing. */
const SERVICE_VERSION = '1.87';
const COLLECTORS = 'default,logs,pci-devices,usb-devices,numa-topology,dmi-decode,lldp';

/** The machine's capture, as if its agent had heard a switch. */
async function withSwitch(world: World): Promise<string> {
  const { manifest, files } = await readArchive(readFileSync(join(CAPTURES, 'firecracker.tar.gz')), 'firecracker');
  const heard = heardOn('eth0', LLDP_FRAME);
  files.delete('capture.json'); // it is written anew
  const reads = { ...manifest.reads };
  for (const [path, bytes] of Object.entries(heard)) {
    const entry = `files${path}`;
    files.set(entry, bytes);
    reads[path] = { entry };
  }
  const lists = { ...manifest.lists, [NEIGHBOUR_DIR]: Object.keys(heard).map((path) => path.split('/').at(-1) ?? '') };
  const path = join(world.dir, 'with-switch.tar.gz');
  writeFileSync(path, await writeArchive({ ...manifest, reads, lists }, files));
  return path;
}

interface Kept {
  readonly inventory: Readonly<Record<string, unknown>>;
  readonly plugin_data: Readonly<Record<string, unknown>>;
}

async function kept(world: World): Promise<Kept> {
  const { uuid } = await theNode(world);
  return (await world.api.must('GET', `/v1/nodes/${uuid}/inventory`)).json as Kept;
}

export const INSPECTION_BY_IRONIC: readonly Case[] = [
  ...INSPECTION.slice(0, 1),
  {
    title: 'a report that carries an error, or no card: refused in words',
    async run(world) {
      const url = `${world.peer.apiUrl}${CONTINUE}`;
      const none = await ask('POST', url, { body: { inventory: { interfaces: [] } } });
      assert.equal(none.status, 400, none.text);
      return none.text.slice(0, 120);
    },
  },
  {
    title: 'auto discovery: the inventory is taken with 202, and the machine becomes a node with its card as port',
    async run(world) {
      const asked = `ipa-collect-lldp=1 ipa-inspection-collectors=${COLLECTORS}`;
      const line = `ipa-inspection-callback-url=${world.door.url}${CONTINUE} ${asked} BOOTIF=${MAC}`;
      const agent = await world.agent(line, { machine: await withSwitch(world) });
      const { node: uuid } = await agent.waitFor('reported', undefined, 120_000);
      await agent.stop();
      const sent = world.door.seen.find(({ path }) => path.startsWith(CONTINUE));
      assert.equal(sent?.status, 202, sent?.reply);
      const node = await theNode(world);
      if (uuid !== undefined) assert.equal(node.uuid, uuid);
      await world.api.follow(node.uuid, ['enroll'], { timeoutMs: 60_000 });
      return `node ${node.uuid}`;
    },
  },
  {
    title: 'what Ironic keeps is our inventory, whole, and our own keys as plugin data; its hooks understand it',
    async run(world) {
      const sent = JSON.parse(world.door.seen.find(({ path }) => path.startsWith(CONTINUE))?.body ?? '{}') as Record<
        string,
        unknown
      >;
      const deadline = performance.now() + 60_000;
      let node = await theNode(world);
      while (node.properties['cpu_arch'] === undefined && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        node = await theNode(world);
      }
      assert.equal(node.properties['cpu_arch'], 'x86_64', String(node.last_error));
      assert.equal(String(node.properties['local_gb']), '255');
      assert.ok(Number(node.properties['memory_mb']) > 20_000);
      const { inventory, plugin_data } = await kept(world);
      assert.deepEqual(inventory, sent['inventory']);
      for (const key of ['razor_mk', 'pci_devices', 'usb_devices', 'numa_topology', 'dmi', 'lldp_raw', 'root_disk']) {
        assert.ok(Object.hasOwn(plugin_data, key), key);
      }
      return JSON.stringify(node.properties);
    },
  },
  {
    title: 'the switch that the agent heard: parse-lldp and local-link-connection take it',
    async run(world) {
      const { json } = await world.api.must('GET', `/v1/ports/detail?address=${MAC}`);
      const [port] = (json as { ports: { local_link_connection: Record<string, unknown> }[] }).ports;
      const link = port?.local_link_connection ?? {};
      assert.equal(link['switch_id'], '02:00:5e:10:00:01');
      assert.equal(link['port_id'], 'GigabitEthernet1/0/12');
      const parsed = (await kept(world)).plugin_data['parsed_lldp'] as Record<string, Record<string, unknown>>;
      assert.equal(parsed['eth0']?.['switch_system_name'], 'switch-7.example.net');
      assert.equal(parsed['eth0']?.['switch_port_untagged_vlan_id'], 120);
      return JSON.stringify(link);
    },
  },
];

/** After the others: the node is `available`. */
export const MANAGED_INSPECTION: readonly Case[] = [
  {
    title: 'managed inspection: from inspect wait, by the kernel line of Ironic’s own iPXE script',
    async run(world) {
      const { uuid } = await theNode(world);
      if ((await theNode(world)).provision_state !== 'manageable') await world.api.provision(uuid, 'manage');
      await world.api.follow(uuid, ['manageable']);
      const operation = await begin(world, 'inspect', 'inspect wait');
      await follow(world, operation, 'manageable');
      await operation.agent.stop();
      const { inventory } = await kept(world);
      assert.equal((inventory['interfaces'] as { mac_address: string }[])[0]?.mac_address, MAC);
      return undefined;
    },
  },
];

/** Where the node is `active`, on Ironics that let a ramdisk look itself up in `service wait` (since 2025-12). */
export const SERVICING: readonly Case[] = [
  {
    title: 'servicing an active node: our step runs, and the node is active again; a step that nobody has is refused',
    async run(world) {
      const { uuid } = await theNode(world);
      const steps = (step: string) => ({ service_steps: [{ interface: 'deploy', step, args: {} }] });
      const options = { version: SERVICE_VERSION, words: 'razor.allow-deploy=1' };
      const operation = await begin(world, 'service', 'service wait', { ...options, body: steps('rz_noop') });
      await follow(world, operation, 'active');
      await operation.agent.stop();
      const unknown = await begin(world, 'service', 'service wait', { ...options, body: steps('burnin_cpu') });
      const failed = await follow(world, unknown, 'service failed', true);
      await unknown.agent.stop();
      assert.match(failed.last_error ?? '', /burnin_cpu/);
      await world.api.must('DELETE', `/v1/nodes/${uuid}/maintenance`);
      await world.api.provision(uuid, 'abort', {}, SERVICE_VERSION);
      await world.api.follow(uuid, ['active'], { timeoutMs: 60_000 });
      return failed.last_error ?? undefined;
    },
  },
];
