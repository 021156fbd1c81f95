/** Cases: nothing is reported as done that was not done. Each of them ended in `active` or `available` with the wrong bytes once. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeQcow2 } from '../helpers/qcow2-image.ts';
import type { Case } from './case.ts';
import { begin, follow, sameBytes, setImage, sha256Of } from './operations.ts';
import { IMAGE_BYTES, MAC, theNode, type AgentProcess, type World } from './world.ts';

const MEBIBYTE = 1024 * 1024;
const DEPLOY = 'razor.allow-deploy=1';
const ERASE = 'razor.allow-erase=1';

function firstBytes(world: World, length = MEBIBYTE): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(world.disk, 'r');
  readSync(fd, bytes, 0, length, 0);
  closeSync(fd);
  return bytes;
}

/** Something of the last tenant where a disk begins. */
function occupy(world: World): void {
  const fd = openSync(world.disk, 'r+');
  writeSync(fd, Buffer.alloc(MEBIBYTE, 0xdd));
  closeSync(fd);
}

async function remove(world: World, path: string): Promise<void> {
  const { uuid } = await theNode(world);
  await world.api.must('PATCH', `/v1/nodes/${uuid}`, [{ op: 'remove', path }]);
}

/** A deployment that fails; resolves to the conductor's words. */
async function failing(world: World): Promise<string> {
  const operation = await begin(world, 'rebuild', 'wait call-back', { words: DEPLOY });
  const node = await follow(world, operation, 'deploy failed', true);
  await operation.agent.stop();
  return node.last_error ?? '';
}

/** The machine's supervisor starts the agent again, with what is in its state directory. */
async function restart(world: World, uuid: string, stateDir: string, words: string): Promise<AgentProcess> {
  return await world.agent(`${world.kernelLine(uuid, MAC)} ${words}`, { stateDir });
}

export const FALSE_SUCCESS: readonly Case[] = [
  {
    title:
      'an agent that is killed while it writes the image: the conductor hears that the step failed, and does not go on',
    async run(world) {
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, { 'properties/root_device': { size: '>= 1' } });
      await setImage(world, 'image.raw');
      const release = world.files.hold('/image.raw');
      try {
        const { agent, node } = await begin(world, 'rebuild', 'wait call-back', { words: DEPLOY });
        await agent.waitFor('command', ({ name }) => name === 'deploy.execute_deploy_step');
        // the conductor has the answer RUNNING: a request that breaks off it would take for a failure by itself
        await world.api.follow(uuid, ['wait call-back']);
        await agent.kill();
        const again = await restart(world, uuid, agent.stateDir, DEPLOY);
        await world.api.follow(uuid, ['deploy failed'], { mayFail: true, timeoutMs: 120_000 });
        const { last_error } = await world.api.node(node.uuid);
        await again.stop(); // or it would take the token of the next operation
        assert.match(last_error ?? '', /restarted while execute_deploy_step \(write_image\) ran/);
        return undefined;
      } finally {
        release();
      }
    },
  },
  {
    title: 'a VMDK image without image_disk_format is refused by its bytes, and the disk is left as it was',
    async run(world) {
      occupy(world);
      const image = Buffer.alloc(MEBIBYTE);
      image.write('KDMV', 'latin1');
      writeFileSync(join(world.files.root, 'cloud.img'), image);
      await setImage(world, 'cloud.img');
      await remove(world, '/instance_info/image_disk_format');
      const words = await failing(world);
      assert.match(words, /the image is a VMDK image, not the raw image of a disk; nothing was written/);
      assert.deepEqual(firstBytes(world, 16), Buffer.alloc(16, 0xdd));
      return undefined;
    },
  },
  {
    title: 'a qcow2 image that is an overlay is refused before anything is written',
    async run(world) {
      const { image } = makeQcow2({ virtualBytes: MEBIBYTE, clusters: [] });
      image.writeBigUInt64BE(104n, 8); // the name of its backing file
      writeFileSync(join(world.files.root, 'overlay.qcow2'), image);
      await setImage(world, 'overlay.qcow2', { 'instance_info/image_disk_format': 'qcow2' });
      assert.match(await failing(world), /qcow2: the image is an overlay/);
      assert.deepEqual(firstBytes(world, 16), Buffer.alloc(16, 0xdd));
      return undefined;
    },
  },
  {
    title:
      'skip_block_devices: the only disk is on the list and is not written; a list that cannot be read stops everything',
    async run(world) {
      const { uuid } = await theNode(world);
      await setImage(world, 'image.raw');
      await world.api.patch(uuid, { 'properties/skip_block_devices': [{ name: world.disk }] });
      assert.match(await failing(world), /the server wants it left alone \(skip_block_devices\)/);
      await world.api.patch(uuid, { 'properties/skip_block_devices': [{ volume_name: 'data' }] });
      assert.match(await failing(world), /volume_name means a software RAID.*no disk is touched/);
      assert.deepEqual(firstBytes(world, 16), Buffer.alloc(16, 0xdd));
      await remove(world, '/properties/skip_block_devices');
      return undefined;
    },
  },
  {
    title:
      'the URL of a list in image_os_hash_value, as Metal3 gives it: the node becomes active, its disk is the image',
    leavesActive: true,
    async run(world) {
      const sum = sha256Of(join(world.files.root, 'image.raw'));
      writeFileSync(join(world.files.root, 'SHA256SUMS'), `${'0'.repeat(64)}  other.raw\n${sum}  ./image.raw\n`);
      const list = `${world.files.url}/SHA256SUMS`;
      await setImage(world, 'image.raw', { 'instance_info/image_os_hash_value': list });
      const operation = await begin(world, 'rebuild', 'wait call-back', { words: DEPLOY });
      await follow(world, operation, 'active');
      await operation.agent.stop();
      // the node still has the config drive of an earlier case, which has a partition in the first sector
      const rest = IMAGE_BYTES - MEBIBYTE;
      await sameBytes(join(world.files.root, 'image.raw'), world.disk, rest, [MEBIBYTE, MEBIBYTE]);
      return undefined;
    },
  },
  {
    title:
      'automated cleaning without permission says on the console that nothing was erased; razor.require_erase=1 makes it fail',
    async run(world) {
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, { automated_clean: true });
      const before = firstBytes(world);
      const strict = await begin(world, 'deleted', 'clean wait', { words: 'razor.require-erase=1' });
      const failed = await follow(world, strict, 'clean failed', true);
      assert.match(failed.last_error ?? '', /nothing was erased/);
      await strict.agent.stop();
      // a node whose cleaning failed is in maintenance, in which the conductor gives no commands
      await world.api.must('DELETE', `/v1/nodes/${uuid}/maintenance`);
      await world.api.provision(uuid, 'manage');
      await world.api.follow(uuid, ['manageable']);
      const lenient = await begin(world, 'provide', 'clean wait');
      await follow(world, lenient, 'available');
      assert.match(lenient.agent.said(), /cleaning: nothing was erased/);
      await lenient.agent.stop();
      assert.deepEqual(firstBytes(world), before);
      return undefined;
    },
  },
  {
    title: 'automated cleaning with razor.allow_erase=1 erases the metadata by itself',
    async run(world) {
      const { uuid } = await theNode(world);
      occupy(world);
      await world.api.provision(uuid, 'manage');
      await world.api.follow(uuid, ['manageable']);
      const operation = await begin(world, 'provide', 'clean wait', { words: ERASE });
      await follow(world, operation, 'available');
      await operation.agent.stop();
      assert.deepEqual(firstBytes(world), Buffer.alloc(MEBIBYTE));
      return undefined;
    },
  },
  {
    title: 'an agent that is killed as it begins to erase: clean failed, or the disk is erased',
    async run(world) {
      const { uuid } = await theNode(world);
      occupy(world);
      await world.api.provision(uuid, 'manage');
      await world.api.follow(uuid, ['manageable']);
      const body = { clean_steps: [{ interface: 'deploy', step: 'erase_devices_metadata' }] };
      const { agent } = await begin(world, 'clean', 'clean wait', { words: ERASE, body });
      await agent.waitFor('command', ({ name }) => name === 'clean.execute_clean_step');
      await agent.kill();
      const journal = readFileSync(join(agent.stateDir, 'ironic-commands.json'), 'utf8');
      assert.match(journal, /execute_clean_step/);
      const again = await restart(world, uuid, agent.stateDir, ERASE);
      await world.api.follow(uuid, ['clean failed', 'manageable'], { mayFail: true, timeoutMs: 120_000 });
      await again.stop();
      const { provision_state, last_error } = await world.api.node(uuid);
      if (provision_state === 'manageable') assert.deepEqual(firstBytes(world), Buffer.alloc(MEBIBYTE));
      // where the answer to the command broke off as well, the conductor needs nobody to know that it failed
      else assert.match(last_error ?? '', /restarted while execute_clean_step \(erase_devices_metadata\) ran|onnect/);
      return provision_state;
    },
  },
];
