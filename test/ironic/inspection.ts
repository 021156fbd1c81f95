/** Cases: a machine that nobody knows becomes a node by its own inventory. */
import assert from 'node:assert/strict';
import { ask } from './api.ts';
import type { Case } from './case.ts';
import { MAC, theNode, type World } from './world.ts';

const CONTINUE = '/v1/continue';

async function introspection(world: World, node: string): Promise<Record<string, unknown>> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { json, text } = await ask('GET', `${world.peer.inspectorUrl}/v1/introspection/${node}`);
    const state = json as Record<string, unknown>;
    if (state['finished'] === true || performance.now() > deadline) return { ...state, text };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export const INSPECTION: readonly Case[] = [
  {
    title: 'an unknown machine: the lookup is answered 404, told in words, and goes on',
    async run(world) {
      const agent = await world.agent(`ipa-api-url=${world.door.url} BOOTIF=${MAC}`);
      const { message } = await agent.waitFor('error');
      assert.match(message, /HTTP 404: Resource could not be found/);
      assert.doesNotMatch(message, /[{}]|faultstring/, 'the JSON inside the string is read, not shown');
      await agent.waitFor('waiting', ({ reason }) => /lookup/.test(reason));
      assert.equal(agent.gone(), undefined);
      await agent.stop();
      return message.replace(/^.*HTTP/, 'HTTP');
    },
  },
  {
    title: 'the real inspector drops a chunked body (the trap), which is why ours has its length',
    async run(world) {
      const url = `${world.peer.inspectorUrl}${CONTINUE}`;
      const body = { inventory: { interfaces: [{ name: 'eth0', mac_address: '52:54:00:00:00:99' }] } };
      const chunked = await ask('POST', url, { body, chunked: true });
      assert.equal(chunked.status, 500, chunked.text);
      return `${chunked.status} for the chunked one`;
    },
  },
  {
    title: 'a report that carries an error is refused by the inspector, with that error',
    async run(world) {
      const body = { error: 'probe failed', inventory: { interfaces: [] } };
      const answer = await ask('POST', `${world.peer.inspectorUrl}${CONTINUE}`, { body });
      assert.equal(answer.status, 400);
      assert.match(answer.text, /probe failed/);
      return undefined;
    },
  },
  {
    title: 'inspection: the inventory is taken with 200, and the real inspector enrols the machine',
    async run(world) {
      const agent = await world.agent(`ipa-inspection-callback-url=${world.inspection.url}${CONTINUE} BOOTIF=${MAC}`);
      const { node: uuid } = await agent.waitFor('reported', undefined, 120_000);
      assert.ok(uuid);
      const state = await introspection(world, uuid);
      assert.equal(state['error'], null, String(state['text']));
      assert.equal(state['state'], 'finished');
      const node = await theNode(world);
      assert.equal(node.uuid, uuid);
      assert.equal(node.provision_state, 'enroll');
      assert.deepEqual(
        [node.properties['cpu_arch'], node.properties['cpus'], node.properties['local_gb']],
        ['x86_64', '2', '255'],
      );
      assert.ok(Number(node.properties['memory_mb']) > 20_000);
      await agent.stop();
      const [sent] = world.inspection.seen;
      assert.equal(sent?.status, 200);
      return `node ${uuid}, ${JSON.stringify(node.properties)}`;
    },
  },
  {
    title: 'what the inspector keeps is our inventory, whole, with JSON numbers and our own keys',
    async run(world) {
      const node = await theNode(world);
      const { json } = await ask('GET', `${world.peer.inspectorUrl}/v1/introspection/${node.uuid}/data/unprocessed`);
      const sent = JSON.parse(world.inspection.seen[0]?.body ?? '{}') as Record<string, unknown>;
      const kept = json as Record<string, unknown>;
      assert.deepEqual(kept['inventory'], sent['inventory']);
      const own = Object.keys(sent).filter((key) => key !== 'logs'); // those go to the ramdisk log files
      for (const key of own) assert.ok(Object.hasOwn(kept, key), `${key} is kept`);
      const inventory = sent['inventory'] as {
        memory: { physical_mb: unknown };
        cpu: { count: unknown; frequency: unknown };
        disks: { size: unknown }[];
      };
      for (const number of [inventory.memory.physical_mb, inventory.cpu.count, inventory.disks[0]?.size]) {
        assert.equal(typeof number, 'number');
      }
      return `${JSON.stringify(sent).length} bytes`;
    },
  },
  {
    title: 'the machine’s card is a port of the node',
    async run(world) {
      const { json } = await world.api.must('GET', '/v1/ports');
      const addresses = (json as { ports: { address: string }[] }).ports.map(({ address }) => address);
      assert.deepEqual(addresses, [MAC]);
      return addresses.join(' ');
    },
  },
  {
    title: 'a second inspection of a known node is refused, told in words, and ends nothing',
    async run(world) {
      const agent = await world.agent(
        `ipa-inspection-callback-url=${world.inspection.url}${CONTINUE} ipa-api-url=${world.door.url} BOOTIF=${MAC}`,
      );
      const { message } = await agent.waitFor('error', undefined, 120_000);
      assert.match(message, /HTTP 4\d\d/);
      assert.doesNotMatch(message, /[{}]/);
      await agent.waitFor('waiting', ({ reason }) => /lookup/.test(reason));
      await agent.stop();
      return message.replace(/^.*HTTP/, 'HTTP');
    },
  },
];
