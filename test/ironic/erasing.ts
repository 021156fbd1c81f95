/** Cases: disks erased whole by manual cleaning, and a rescue that this image cannot give. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './case.ts';
import { begin, commandsOf, follow, setImage } from './operations.ts';
import { theNode, type World } from './world.ts';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
const ERASE = 'razor.allow-erase=1';

/** What a tenant leaves, at the beginning, in the middle and at the end of the disk. */
const PLACES = [0, 3 * GIBIBYTE + 4096 * 7, 5 * GIBIBYTE - MEBIBYTE];
const LEFT = Buffer.alloc(MEBIBYTE, 'what the last tenant left. ');

function occupy(world: World): void {
  const fd = openSync(world.disk, 'r+');
  for (const place of PLACES) writeSync(fd, LEFT, 0, LEFT.length, place);
  closeSync(fd);
}

/** Where something of it is left. */
function leftOn(world: World): number[] {
  const fd = openSync(world.disk, 'r');
  const bytes = Buffer.alloc(MEBIBYTE);
  const left = PLACES.filter((place) => {
    readSync(fd, bytes, 0, MEBIBYTE, place);
    return bytes.includes('last tenant');
  });
  closeSync(fd);
  return left;
}

/** A manual cleaning with one step; resolves to what the agent said. */
async function clean(world: World, step: string, words = ERASE): Promise<string> {
  const body = { clean_steps: [{ interface: 'deploy', step }] };
  const operation = await begin(world, 'clean', 'clean wait', { words, body });
  const node = await follow(world, operation, 'manageable');
  assert.equal(node.last_error, null);
  assert.ok(commandsOf(operation.agent).includes('clean.execute_clean_step'));
  await operation.agent.stop();
  return operation.agent.said();
}

export const ERASING: readonly Case[] = [
  {
    title: 'manual cleaning by erase_devices_express: the metadata go, and it is said that the data are left',
    async run(world) {
      const { uuid, provision_state } = await theNode(world);
      if (provision_state === 'clean failed') {
        await world.api.must('DELETE', `/v1/nodes/${uuid}/maintenance`);
        await world.api.provision(uuid, 'manage');
        await world.api.follow(uuid, ['manageable']);
      }
      occupy(world);
      assert.match(await clean(world, 'erase_devices_express'), /metadata erased.*; NOT the data: it is no NVMe disk/);
      assert.deepEqual(leftOn(world), [PLACES[1]]);
      return undefined;
    },
  },
  {
    title: 'manual cleaning by erase_devices, as often as the conductor says: nothing is left on 5 GiB',
    async run(world) {
      occupy(world);
      const said = await clean(world, 'erase_devices');
      assert.match(said, /erased: overwritten with zeros; \d+ places read back/);
      assert.deepEqual(leftOn(world), []);
      truncateSync(world.disk, 0); // sparse again
      truncateSync(world.disk, 5 * GIBIBYTE);
      return undefined;
    },
  },
  {
    title: 'steps for the firmware are taken by Ironic, and those that are not known are refused by it',
    async run(world) {
      assert.match(await clean(world, 'clean_uefi_nvram'), /no boot entries|no boot entry matches|removed|efibootmgr/);
      const { uuid } = await theNode(world);
      const body = { clean_steps: [{ interface: 'deploy', step: 'burnin_cpu' }] };
      const { agent, node } = await begin(world, 'clean', 'clean wait', { words: ERASE, body });
      const failed = await follow(world, { agent, node }, 'clean failed', true);
      assert.match(failed.last_error ?? '', /does not support this clean step.*burnin_cpu/s);
      await agent.stop();
      await world.api.must('DELETE', `/v1/nodes/${uuid}/maintenance`);
      await world.api.provision(uuid, 'manage');
      await world.api.follow(uuid, ['manageable']);
      return undefined;
    },
  },
];

/** The node is active afterwards: the last of all cases. Tried with Debian 12's Ironic. */
export const RESCUE: readonly Case[] = [
  {
    title: 'a rescue with an image in which nobody can log in fails with that reason, and the node stays as it was',
    async run(world) {
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, {
        automated_clean: false,
        'driver_info/rescue_kernel': `${world.files.url}/kernel`,
        'driver_info/rescue_ramdisk': `${world.files.url}/ramdisk`,
      });
      await setImage(world, 'image.raw');
      await world.api.provision(uuid, 'provide');
      await world.api.follow(uuid, ['available']);
      const deployed = await begin(world, 'active', 'wait call-back', { words: 'razor.allow-deploy=1' });
      await follow(world, deployed, 'active');
      await deployed.agent.stop();
      const body = { rescue_password: 'a password of the tenant' };
      const operation = await begin(world, 'rescue', 'rescue wait', { body });
      const node = await follow(world, operation, 'rescue failed', true);
      await operation.agent.stop();
      assert.match(node.last_error ?? '', /nobody can log in to this image/);
      const journal = readFileSync(join(operation.agent.stateDir, 'ironic-commands.json'), 'utf8');
      assert.doesNotMatch(journal, /rescue_password|\$[56]\$/);
      await world.api.provision(uuid, 'unrescue');
      await world.api.follow(uuid, ['active'], { mayFail: true });
      return node.last_error ?? '';
    },
  },
];
