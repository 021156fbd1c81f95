/**
 * Disks of every kind that QEMU has, erased by the agent of an image with `--erase` at the order of a conductor; and then their files,
 * looked at from outside. Not in QEMU: ATA security, NVMe's sanitize; eMMC only from 9.1 on (RAZOR_MK_QEMU=DIR). Needs `npm run package` first, apt with package lists, and
 * what before() looks for.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, test, type TestContext } from 'node:test';
import { PROJECT } from '../../packaging/project-paths.ts';
import { run } from '../../platform/process/run.ts';
import { bootSector } from '../e2e/images.ts';
import { QEMU } from '../helpers/image-vm.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { checkDisks, disksOf, fillDisks, SHARED, SKIPPED } from './disks.ts';
import { bootMachine, eraseImage, PATIENCE, type Machine } from './machine.ts';

const MIB = 2 ** 20;
let directory = '';
let lacks: string | undefined;

before(async () => {
  directory = temporaryDirectory();
  for (const program of ['apt-get', QEMU, 'mksquashfs', 'depmod', 'mke2fs', 'debugfs']) {
    if ((await run([program, '--version'])).failure === 'not-found') lacks = `${program} is not installed`;
  }
  if (!existsSync(join(PROJECT, 'build/razor-mk.tcz')))
    lacks = 'build/razor-mk.tcz is not there: npm run package makes it';
});

/** A raw image of a disk with one partition, an ext4 file system that has /etc. */
async function diskImage(): Promise<Buffer> {
  const [tree, part] = [join(directory, 'tree'), join(directory, 'part')];
  mkdirSync(join(tree, 'etc'), { recursive: true });
  const made = await run(['mke2fs', '-q', '-t', 'ext4', '-d', tree, part, '15M']);
  assert.equal(made.status, 0, made.stderr.toString());
  const sectors = statSync(part).size / 512;
  const image = Buffer.concat([bootSector('', sectors), Buffer.alloc(2047 * 512), readFileSync(part)]);
  image.writeUInt32LE(2048, 454);
  image.writeUInt32LE(sectors, 458);
  return image;
}

/** A file of the partition of a disk, as debugfs shows it. */
async function fileInside(disk: string, path: string): Promise<string> {
  const part = join(directory, 'seen');
  const whole = readFileSync(join(directory, `${disk}.raw`));
  writeFileSync(part, whole.subarray(MIB, MIB + statSync(join(directory, 'part')).size));
  return (await run(['debugfs', '-R', `cat ${path}`, part])).stdout.toString();
}

/** An image is written to a disk that was erased, a file is put into it, and both are seen from outside. */
async function deploysWithFile(t: TestContext, { step }: Machine): Promise<void> {
  const image = await diskImage();
  const server = createServer((_, reply) => void reply.end(image));
  server.listen(0, '127.0.0.1');
  t.after(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://10.0.2.2:${(server.address() as AddressInfo).port}/image.raw`;
  const digest = createHash('sha256').update(image).digest('hex');
  const info = { id: 'image', urls: [url], disk_format: 'raw', os_hash_algo: 'sha256', os_hash_value: digest };
  const onDisk = { root_device: { serial: 'scsi' } };
  const written = await step('deploy', 'write_image', onDisk, { image_info: info });
  assert.equal(written['command_status'], 'SUCCEEDED', JSON.stringify(written));
  const content = Buffer.from('hello').toString('base64');
  const files = [{ path: '/etc/new/motd', content, mode: 0o600, dirmode: 0o700 }];
  const injected = await step('deploy', 'inject_files', onDisk, { files });
  assert.equal(injected['command_status'], 'SUCCEEDED', JSON.stringify(injected));
  assert.equal(await fileInside('scsi', '/etc/new/motd'), 'hello');
}

test('disks of every kind are erased, and nothing of what was on them is in their files; others keep every byte', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  const missing = disksOf((await run([QEMU, '-device', 'help'])).stdout.toString());
  if (missing.length > 0) t.diagnostic(`this QEMU has no ${missing.join(', ')}: not tried`);
  fillDisks(directory);
  const machine = await bootMachine(t, await eraseImage(directory), directory);
  const { vm, order, step, said } = machine;

  // a disk in use fails the step; the others are erased
  const used = await step('clean', 'erase_devices', { skip_block_devices: [SKIPPED] });
  assert.equal(used['command_status'], 'FAILED', JSON.stringify(used));
  assert.match(JSON.stringify(used['command_error']), /nvme3n1 is used for swap/);
  for (const line of checkDisks(directory, vm.console)) t.diagnostic(line);

  // one name of the disk in use is on the list now: the other is left alone as well
  const again = await step('clean', 'erase_devices_express', { skip_block_devices: [SKIPPED, SHARED] });
  t.diagnostic(JSON.stringify(again));
  assert.equal(again['command_status'], 'SUCCEEDED');
  const result = (again['command_result'] as { clean_result: Record<string, string> }).clean_result;
  assert.equal(Object.values(result).filter((what) => /left alone/.test(what)).length, 3);
  for (const name of ['erase_pstore', 'clean_uefi_nvram']) {
    const done = await step('clean', name, {});
    assert.equal(done['command_status'], 'SUCCEEDED', JSON.stringify(done));
  }

  await deploysWithFile(t, machine);
  assert.equal((await order('standby.sync'))['command_status'], 'SUCCEEDED');
  const rescue = await order('rescue.finalize_rescue', { rescue_password: '$6$a$b', hashed: true });
  assert.match(JSON.stringify(rescue['command_error']), /nobody can log in/);
  assert.equal((await order('system.lockdown'))['command_status'], 'SUCCEEDED');
  assert.ok(await vm.until(() => said(/^take eth0 down/), PATIENCE));
  // it is refused, or not answered at all
  const reply = order('standby.sync').then(
    () => 'answered',
    () => 'refused',
  );
  assert.notEqual(await Promise.race([reply, sleep(5000, 'silent', { ref: false })]), 'answered');
});
