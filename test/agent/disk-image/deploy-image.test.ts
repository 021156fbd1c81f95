import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { resolveAgentSettings } from '../../../agent/config/resolve.ts';
import { fileAsDisk } from '../../../agent/disks/file-disk.ts';
import { readRecord } from '../../../agent/disk-image/record.ts';
import { parseCommandLine, type CommandLine } from '../../../platform/kernel-line.ts';
import { DISK_BYTES, diskBench, IMAGE, imageSite, MEBIBYTE, sha256 } from './image-site.ts';
import { EFI, gptImage } from './tables/tables.ts';

const { base, routes } = await imageSite();

test('an image is on the disk byte for byte, and what was written is kept for the next command', async (t) => {
  const { deploy, bytes, disk, stateDir } = diskBench(t);
  const told: string[] = [];
  const said = await deploy({ urls: [`${base}/image.raw`] }, { progress: (text) => void told.push(text) });
  assert.match(said, /3146752 bytes are on .*, sha256 [0-9a-f]{64} is right/);
  assert.deepEqual(bytes(0, IMAGE.length), IMAGE);
  assert.match(told.at(-1) ?? '', /3 of 3 MiB written \(100 %\)/);
  assert.deepEqual(await readRecord(stateDir), {
    disk,
    device: false,
    image: 'image',
    bytes: IMAGE.length,
    diskIdentifier: '0xdeadbeef',
  });
});

test('without permission nothing is fetched and nothing written', async (t) => {
  const { deploy, bytes } = diskBench(t);
  let asked = false;
  routes.set('/never', (_, outgoing) => void ((asked = true), outgoing.end()));
  await assert.rejects(deploy({ urls: [`${base}/never`] }, { allowed: false }), { code: 'RAZOR_MK_DEPLOY_OFF' });
  assert.equal(asked, false);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('a disk in use, a hint that fits none and a real disk without --live are all refused', async (t) => {
  const { deploy, disk } = diskBench(t);
  const urls = [`${base}/image.raw`];
  const busy = { ...fileAsDisk(disk), refused: 'file is mounted on /' };
  await assert.rejects(deploy({ urls }, { listDisks: () => [busy] }), /file is mounted on \//);
  await assert.rejects(deploy({ urls }, { rootDevice: { serial: 'S1' } }), /serial is unknown, wanted S1/);
  await assert.rejects(deploy({ urls }, { rootDevice: { colour: 'red' } }), /there is no hint colour/);
  const small = { ...fileAsDisk(disk), sizeBytes: 2 ** 30 };
  await assert.rejects(deploy({ urls }, { listDisks: () => [small] }), /less than 4 GiB/);
});

test('a GPT image gets its second table at the end of the disk and a config drive in a partition', async (t) => {
  const { deploy, bytes, stateDir } = diskBench(t);
  const image = gptImage(8192, [{ type: EFI, name: 'boot', first: 2048, last: 4095 }]);
  routes.set('/gpt.raw', (_, outgoing) => outgoing.end(image));
  const configDrive = gzipSync(Buffer.from('instance data')).toString('base64');
  await deploy({ urls: [`${base}/gpt.raw`], os_hash_value: sha256(image) }, { configDrive });
  assert.deepEqual(bytes(2048 * 512, 2048 * 512), image.subarray(2048 * 512, 4096 * 512));
  assert.equal(bytes(DISK_BYTES - 512, 8).toString(), 'EFI PART');
  const at = DISK_BYTES - 65 * MEBIBYTE;
  assert.equal(bytes(at, 13).toString(), 'instance data');
  assert.equal((await readRecord(stateDir))?.efi?.number, 1);
});

test('permission comes from the kernel line, with a dash or not, or from the image, and from nowhere that a server reaches', () => {
  const allowed = (places: Parameters<typeof resolveAgentSettings>[0]): boolean =>
    resolveAgentSettings(places).values.allowDeploy;
  const line = (text: string): { cmdline: CommandLine } => ({ cmdline: parseCommandLine(text) });
  assert.equal(allowed({}), false);
  for (const word of ['razor.allow-deploy=1', 'razor.allow_deploy=1', 'razor.allow_deploy=on']) {
    assert.equal(allowed(line(word)), true, word);
  }
  assert.equal(allowed(line('razor.allow-deploy=maybe')), false);
  assert.equal(allowed({ file: { allow_deploy: true } }), true);
  assert.equal(allowed({ ...line('razor.allow_deploy=0'), file: { allow_deploy: true } }), false);
  const elsewhere = { allow_deploy: '1', allowDeploy: '1', RAZOR_MK_ALLOW_DEPLOY: '1' };
  assert.equal(allowed({ pushed: elsewhere, environment: elsewhere, options: elsewhere }), false);
});
