/** Cases: images of whole disks, written by order of the real conductor. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../../platform/process/run.ts';
import { EFI, gptImage, LINUX, mbrImage } from '../agent/disk-image/tables/tables.ts';
import type { Case } from './case.ts';
import { askAgent, begin, commandsOf, follow, sameBytes, setImage } from './operations.ts';
import { IMAGE_BYTES, keptLogs, MAC, theNode, type World } from './world.ts';

const MEBIBYTE = 1024 * 1024;
const ALLOWED = 'razor.allow-deploy=1';

function onDisk(world: World, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(world.disk, 'r');
  readSync(fd, bytes, 0, length, offset);
  closeSync(fd);
  return bytes;
}

/** The steps that the conductor remembers of the last get_deploy_steps. */
async function knownSteps(world: World): Promise<string[]> {
  const { uuid } = await theNode(world);
  const info = (await world.api.node(uuid)).driver_internal_info;
  const steps = info['agent_cached_deploy_steps'] as Record<string, { step: string }[]> | undefined;
  return Object.values(steps ?? {}).flatMap((list) => list.map(({ step }) => step));
}

export const DEPLOYMENT: readonly Case[] = [
  {
    title: 'without permission on the kernel line a deployment fails, says why, and leaves the disk as it was',
    async run(world) {
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, { automated_clean: false });
      await setImage(world, 'image.raw');
      const operation = await begin(world, 'active', 'wait call-back');
      const node = await follow(world, operation, 'deploy failed', true);
      assert.match(node.last_error ?? '', /may not write images: nothing was written/);
      assert.deepEqual(onDisk(world, 0, MEBIBYTE), Buffer.alloc(MEBIBYTE, 0xee));
      await operation.agent.stop();
      return node.last_error ?? undefined;
    },
  },
  {
    title: 'when a deployment fails the conductor fetches the ramdisk’s logs, and they are an archive that unpacks',
    async run(world) {
      const [archive] = keptLogs(world).filter((name) => name.endsWith('.tar.gz'));
      assert.ok(archive, 'no archive was kept');
      const path = join(world.peer.place.dir, 'ramdisk-logs', archive);
      const listed = await run(['tar', 'tzf', path]);
      assert.equal(listed.status, 0, listed.stderr.toString());
      const names = listed.stdout.toString().trim().split('\n');
      assert.ok(names.length > 0);
      return `${archive}: ${names.join(' ')}`;
    },
  },
  {
    title: 'an image with another checksum fails the step, and leaves a disk that boots nothing',
    async run(world) {
      await setImage(world, 'image.raw', { 'instance_info/image_os_hash_value': 'ab'.repeat(32) });
      const operation = await begin(world, 'active', 'wait call-back', { words: ALLOWED });
      const node = await follow(world, operation, 'deploy failed', true);
      assert.match(node.last_error ?? '', /not the one that was meant/);
      assert.deepEqual(onDisk(world, 0, MEBIBYTE), Buffer.alloc(MEBIBYTE));
      await operation.agent.stop();
      return undefined;
    },
  },
  {
    title:
      'while an image is written: 409 for a second command, 401 for a wrong token, and no token is given out twice',
    async run(world) {
      await setImage(world, 'image.raw');
      const release = world.files.hold('/image.raw');
      try {
        const operation = await begin(world, 'active', 'wait call-back', { words: ALLOWED });
        const { agent } = operation;
        await agent.waitFor('command', ({ name }) => name === 'deploy.execute_deploy_step');
        const token = tokenOf(world);
        const command = { name: 'standby.sync', params: {} };
        const busy = await askAgent(agent, 'POST', `/v1/commands/?wait=true&agent_token=${token}`, command);
        assert.equal(busy.status, 409, JSON.stringify(busy.json));
        assert.match((busy.json as { faultstring: string }).faultstring, /^Agent is busy/);
        const wrong = await askAgent(agent, 'POST', `/v1/commands/?agent_token=${'x'.repeat(43)}`, command);
        assert.equal(wrong.status, 401);
        const none = await askAgent(agent, 'POST', '/v1/commands/', command);
        assert.equal(none.status, 401, 'only GET may come without a token, from conductors that send none');
        // a GET with the token would make it needed from then on, which a conductor that sends none does not survive
        const { getsWithToken } = world.release;
        const open = await askAgent(agent, 'GET', '/v1/commands/');
        assert.equal(open.status, getsWithToken ? 401 : 200, 'it comes as this conductor sends it');
        const list = getsWithToken ? await askAgent(agent, 'GET', `/v1/commands/?agent_token=${token}`) : open;
        assert.equal(list.status, 200);
        const last = (list.json as { commands: Record<string, unknown>[] }).commands.at(-1);
        assert.equal(last?.['command_name'], 'execute_deploy_step');
        assert.equal(last['command_status'], 'RUNNING');
        assert.equal(
          onDisk(world, 0, MEBIBYTE).every((byte) => byte === 0),
          true,
          'nothing can boot yet',
        );
        const steps = await knownSteps(world);
        assert.ok(steps.includes('write_image'), 'an empty list would hang the conductor for ever');
        const again = await world.api.ask('GET', `/v1/lookup?addresses=${MAC}`, { version: '1.62' });
        assert.equal((again.json as { config: { agent_token: string } }).config.agent_token, '******');
        release();
        const node = await follow(world, operation, 'active');
        assert.equal(node.last_error, null);
        deployed = commandsOf(agent);
        assert.match(agent.said(), /would turn this machine off/);
        await agent.waitFor('waiting', ({ reason }) => /wants nothing of this node/.test(reason));
        assert.equal(agent.gone(), undefined, 'the agent lives on after it was told to turn the machine off');
        await agent.stop();
        return deployed.join(', ');
      } finally {
        release();
      }
    },
  },
  {
    title: 'the node is active, and its disk is the image, byte for byte (cmp, 64 MiB)',
    async run(world) {
      const node = await theNode(world);
      assert.equal(node.provision_state, 'active');
      await sameBytes(join(world.files.root, 'image.raw'), world.disk, IMAGE_BYTES);
      assert.ok(deployed.includes('standby.get_partition_uuids'));
      return `${IMAGE_BYTES} bytes`;
    },
  },
  {
    title: 'rebuild with a GPT image and a config drive: both tables right, partitions and drive byte for byte',
    async run(world) {
      const sectors = (64 * MEBIBYTE) / 512;
      const image = gptImage(sectors, [
        { type: EFI, name: 'esp', first: 2048, last: 34_815 },
        { type: LINUX, name: 'root', first: 34_816, last: sectors - 35 },
      ]);
      randomBytes(4 * MEBIBYTE).copy(image, 34_816 * 512);
      writeFileSync(join(world.files.root, 'gpt.raw'), image);
      const file = await setImage(world, 'gpt.raw');
      const drive = randomBytes(3 * MEBIBYTE);
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, { 'properties/capabilities': 'boot_option:local,boot_mode:uefi' });
      const operation = await begin(world, 'rebuild', 'wait call-back', {
        words: ALLOWED,
        body: { configdrive: gzipSync(drive).toString('base64') },
      });
      await follow(world, operation, 'active');
      await operation.agent.stop();
      assert.ok(commandsOf(operation.agent).includes('image.install_bootloader'), 'asked for because it boots by UEFI');
      assert.match(operation.agent.said(), /stands for a disk: no firmware boots it/);
      const partitions = [2048 * 512, (sectors - 35 - 2048 + 1) * 512] as const;
      await sameBytes(file, world.disk, partitions[1], [partitions[0], partitions[0]]);
      const dump = await run(['sfdisk', '--json', world.disk]);
      if (dump.failure === 'not-found') return 'sfdisk is not installed: the tables were not checked by it';
      const { partitiontable: table } = JSON.parse(dump.stdout.toString()) as {
        partitiontable: { label: string; lastlba: number; partitions: { name: string; start: number; size: number }[] };
      };
      assert.equal(table.lastlba, (5 * 2 ** 30) / 512 - 34);
      assert.deepEqual(
        table.partitions.map(({ name }) => name),
        ['esp', 'root', 'config-2'],
      );
      const verified = await run(['sfdisk', '--verify', world.disk]);
      const said = verified.stdout.toString() + verified.stderr.toString();
      assert.match(said, /No errors detected/);
      assert.doesNotMatch(said, /corrupt|mismatch/i);
      const at = (table.partitions[2]?.start ?? 0) * 512;
      assert.deepEqual(onDisk(world, at, drive.length), drive);
      return `sfdisk: ${table.partitions.map(({ name, start, size }) => `${name} ${start}+${size}`).join(', ')}`;
    },
  },
  {
    title:
      'qcow2 of qemu-img, named so by image_disk_format or by nothing: active, and the disk is what qemu-img convert makes',
    async run(world) {
      const raw = join(world.files.root, 'cloud.raw');
      const source = mbrImage(IMAGE_BYTES / 512);
      source.fill(0, MEBIBYTE); // the disk holds the image of an earlier case there
      for (const mebibyte of [3, 17, 40]) randomBytes(5 * MEBIBYTE).copy(source, mebibyte * MEBIBYTE);
      source.fill('a line of text\n', 50 * MEBIBYTE, 60 * MEBIBYTE);
      writeFileSync(raw, source);
      const notes: string[] = [];
      for (const [options, format] of [
        [['-c', '-o', 'compression_type=zstd'], null],
        [[], 'qcow2'],
      ] as const) {
        const name = `cloud-${options.length}.qcow2`;
        const argv = ['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', ...options, raw, join(world.files.root, name)];
        const made = await run(argv as [string, ...string[]], { timeoutMs: 60_000 });
        if (made.failure === 'not-found') return 'qemu-img is not installed: not tried';
        assert.equal(made.status, 0, made.stderr.toString());
        await setImage(world, name, { 'instance_info/image_disk_format': format });
        const operation = await begin(world, 'rebuild', 'wait call-back', { words: ALLOWED });
        await follow(world, operation, 'active');
        await operation.agent.stop();
        // an earlier case left a config drive, whose partition is in the first sector
        await sameBytes(raw, world.disk, IMAGE_BYTES - 512, [512, 512]);
        notes.push(`${name}: ${statSync(join(world.files.root, name)).size} bytes`);
      }
      return notes.join(', ');
    },
  },
  {
    title: 'root device hints: a hint that no disk fits fails the step and names what was passed over',
    async run(world) {
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, { 'properties/root_device': { size: '>= 100' } });
      const before = onDisk(world, 0, MEBIBYTE);
      const operation = await begin(world, 'rebuild', 'wait call-back', { words: ALLOWED });
      const node = await follow(world, operation, 'deploy failed', true);
      assert.match(node.last_error ?? '', /no disk for the image: file: size is 5, wanted >= 100/);
      assert.deepEqual(onDisk(world, 0, MEBIBYTE), before);
      await operation.agent.stop();
      return undefined;
    },
  },
  {
    title: 'every request of every agent had its length, and none was chunked',
    run(world) {
      const posted = [...world.door.seen, ...world.inspection.seen].filter(({ method }) => method === 'POST');
      assert.ok(posted.length > 8);
      for (const { headers, body, path } of posted) {
        assert.equal(headers['content-length'], String(Buffer.byteLength(body)), path);
        assert.equal(headers['transfer-encoding'], undefined, path);
      }
      return Promise.resolve(`${posted.length} requests`);
    },
  },
];

let deployed: string[] = [];

/** The token of the last lookup that gave one out. */
function tokenOf(world: World): string {
  const tokens = world.door.seen
    .filter(({ path, status }) => path.startsWith('/v1/lookup') && status === 200)
    .map(({ reply }) => (JSON.parse(reply) as { config: { agent_token: string } }).config.agent_token);
  return tokens.findLast((token) => token !== '******') ?? '';
}
