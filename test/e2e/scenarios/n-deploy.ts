/**
 * Ironic's deploy ramdisk as a machine: it exports its disk by tgtd over the virtual network, the lab's conductor writes the image,
 * the boot loader is installed out of that image, and after the restart the firmware boots the machine's own disk.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fetchPackage } from '../../../tinycore/image/base/debian.ts';
import { OVMF_CODE, type Machine } from '../../../lab/vm/machine.ts';
import type { LabProcess } from '../../../lab/vm/site-lab.ts';
import { must } from '../../../tinycore/image/programs.ts';
import type { ImageChoice } from '../images.ts';
import { DEBIAN_CACHE, LOCAL_DISK, makeOsImage } from '../os-image.ts';
import { bootDirectly } from '../ready.ts';
import type { Scenario, World } from '../scenario.ts';

const NODE = 'f02e3aae-762e-4a4e-afc2-64afb092cdc1';
const KEY = '9ATNBQX1M8O9UQTXM8IEHJKX8J6QYV5H';
const MIB = 1024 * 1024;

/** tgtd and all that it needs on a node without Debian's libraries; docs/deploy.md has the same list. */
const TGT = [
  ...['tgt', 'libc6', 'libgcc-s1', 'libaio1', 'libibverbs1', 'librdmacm1', 'libnl-3-200', 'libnl-route-3-200'],
  ...['libsystemd0', 'libcap2', 'libgcrypt20', 'libgpg-error0', 'liblzma5', 'libzstd1', 'liblz4-1'],
];

/** The microkernel with tgtd as extensions made of Debian's packages. */
async function imageWithTgt(world: World): Promise<ImageChoice> {
  const files: string[] = [];
  for (const name of TGT) {
    const { root } = await fetchPackage(name, { cache: DEBIAN_CACHE });
    files.push(root.replace(/\.[0-9a-f]{12}$/, '.deb'));
  }
  world.step('the image with tgtd in it');
  return { kernel: 'cloud', flavour: 'prod', variant: 'tgt', args: files.flatMap((file) => ['--extension', file]) };
}

function isState(state: string) {
  return (event: LabProcess['events'][number]): boolean =>
    event.details?.['ironic'] === NODE && event.details['state'] === state;
}

function emptyDisk(dir: string, mib: number): string {
  const disk = join(dir, 'disk.raw');
  writeFileSync(disk, '');
  truncateSync(disk, mib * MIB);
  return disk;
}

function localBoot(id: string, mode: 'bios' | 'uefi', gate: boolean): Scenario {
  return {
    id,
    title: `Ironic’s deploy ramdisk, ${mode.toUpperCase()}: disk exported by tgtd, image written by the conductor, boot loader installed, own disk booted`,
    gate,
    minutes: 15,
    needs: ['qemu-img', 'mke2fs', 'mformat', 'ldd'],
    run: (world) => deployAndBoot(world, mode),
  };
}

export const scenario = localBoot('n', 'bios', true);
export const uefi = localBoot('n4', 'uefi', false);

async function deployAndBoot(world: World, mode: 'bios' | 'uefi'): Promise<void> {
  const choice = await imageWithTgt(world);
  world.step('an operating system to write');
  const os = await makeOsImage(world.dir, mode);
  const disk = emptyDisk(world.dir, 128);
  world.step('open the site');
  const site = await world.site();
  const lab = await site.startLab(['--ironic-node', `${NODE}=${KEY},${os},local`]);
  // the first card has a link too, to another network: BOOTIF says which one is meant
  await (await site.segment('br1', '10.78.0')).addTap('tap0');
  await site.lan.addTap('tap1');
  const words = [
    ...[`deployment_id=${NODE}`, `deployment_key=${KEY}`, `iscsi_target_iqn=iqn-${NODE}`, `boot_mode=${mode}`],
    ...['ironic_api_url=http://10.77.0.1:6385', 'disk=cciss/c0d0,sda,hda,vda', 'troubleshoot=0', 'boot_option=local'],
    ...['ip=10.77.0.50:10.77.0.1:10.77.0.1:255.255.255.0', 'BOOTIF=01-52-54-00-00-4e-01'],
  ];
  const drive = ['-drive', `file=${disk},format=raw,if=none,id=d0`, '-device', 'virtio-blk-pci,drive=d0,bootindex=1'];
  const machine = await bootDirectly(world, site, choice, {
    name: 'node1',
    firmware: mode,
    nics: [
      { mac: '52:54:00:00:4e:00', tap: 'tap0' },
      { mac: '52:54:00:00:4e:01', tap: 'tap1' },
    ],
    memoryMiB: 768,
    append: words.join(' '),
    args: [...drive, '-no-reboot'],
  });
  world.step('the disk is exported and the conductor told');
  await machine.expect(/exported by tgtd on 10\.77\.0\.50:3260 for 10\.77\.0\.1/, { timeoutMs: 300_000 });
  world.step('the conductor writes the image');
  await lab.waitFor('the image is written', (event) => /the image is written/.test(event.message), 240_000);
  await machine.expect(/"done": the image is written/);
  world.step('the boot loader is installed out of the image');
  await machine.expect(/the boot loader is on \/dev\/vda/, { timeoutMs: 300_000 });
  await lab.waitFor('active', isState('active'), 120_000);
  world.step('the machine restarts');
  await machine.exited;
  await assertNoKey(machine);
  compareDisks(os, disk, mode);
  world.step('the firmware boots the disk');
  // the same firmware variables: there is the boot entry that grub-install wrote
  const variables = `if=pflash,format=raw,file=${join(site.dir, 'node1.vars')}`;
  const code = `if=pflash,format=raw,readonly=on,file=${OVMF_CODE}`;
  const after = await site.machine({
    name: 'node1-disk',
    nics: [],
    args: [...drive, ...(mode === 'uefi' ? ['-M', 'q35', '-drive', code, '-drive', variables] : [])],
  });
  await after.expect(new RegExp(LOCAL_DISK), { timeoutMs: 120_000 });
  await after.stop();
}

/** The kernel itself prints its command line, and that has the key; nothing else may. */
async function assertNoKey(machine: Machine): Promise<void> {
  const lines = (await machine.console()).split('\n').filter((line) => !/^\[ *\d+\.\d+\]/.test(line));
  assert.doesNotMatch(lines.join('\n'), new RegExp(KEY), 'the key was printed');
}

/** The table and the swap partition are as they were written; BIOS: before the first partition is GRUB now. */
function compareDisks(os: string, disk: string, mode: 'bios' | 'uefi'): void {
  const [written, wanted] = [readFileSync(disk), readFileSync(os)];
  const same = (from: number, to: number): boolean => written.subarray(from, to).equals(wanted.subarray(from, to));
  assert.ok(same(446, 512), 'the partition table differs');
  const swap = wanted.readUInt32LE(446 + (mode === 'uefi' ? 16 : 0) + 8) * 512;
  assert.ok(same(swap, swap + 4 * MIB), 'the swap partition differs');
  assert.equal(same(0, 440), mode === 'uefi', 'code of a boot loader in the first sector');
}

const MAC = '52:54:00:00:4e:02';

/** A volume as Ironic's iLO driver attaches it: a floppy image with parameters.txt and the token. */
async function virtualMedia(dir: string, parameters: readonly string[]): Promise<string> {
  const image = join(dir, 'vfd.img');
  writeFileSync(join(dir, 'parameters.txt'), `${parameters.join('\n')}\n`);
  writeFileSync(join(dir, 'token'), `${TOKEN}\n`);
  await must(['mformat', '-C', '-i', image, '-f', '1440', '-v', 'ir-vfd-dev', '::']);
  await must(['mcopy', '-i', image, join(dir, 'parameters.txt'), join(dir, 'token'), '::']);
  return image;
}

const TOKEN = 'token-d41d8cd98f00b204e9800998ecf8427e';

export const virtual: Scenario = {
  id: 'n2',
  title: 'Ironic’s parameters on virtual media on USB; no tgtd in the image: the kernel’s target exports the disk',
  gate: false,
  minutes: 15,
  needs: ['qemu-img', 'mformat', 'mcopy'],
  async run(world) {
    const os = join(world.dir, 'os.raw');
    writeFileSync(os, randomBytes(24 * MIB));
    const disk = emptyDisk(world.dir, 32);
    const media = await virtualMedia(world.dir, [
      ...[`deployment_id=${NODE}`, `deployment_key=${KEY}`, `iscsi_target_iqn=iqn-${NODE}`, 'disk=sda,vda'],
      ...['ironic_api_url=http://10.77.0.1:6385/', `BOOTIF=${MAC}`, 'razor.deploy_then=poweroff'],
    ]);
    world.step('open the site');
    const site = await world.site();
    const lab = await site.startLab(['--ironic-node', `${NODE}=${KEY},${os}`]);
    await site.lan.startDhcp({ nextServer: null });
    await site.lan.addTap('tap0');
    const machine = await bootDirectly(
      world,
      site,
      { kernel: 'amd64', flavour: 'prod' },
      {
        name: 'node1',
        nics: [{ mac: MAC, tap: 'tap0' }],
        append: 'boot_method=vmedia',
        args: [
          ...['-drive', `file=${disk},format=raw,if=none,id=d0`, '-device', 'virtio-blk-pci,drive=d0'],
          ...['-drive', `file=${media},format=raw,if=none,id=usb,readonly=on`, '-device', 'qemu-xhci'],
          ...['-device', 'usb-storage,drive=usb'],
        ],
      },
    );
    world.step('the parameters are read from the volume');
    await machine.expect(/mount \/dev\/sda\s/, { timeoutMs: 300_000 });
    await machine.expect(/unmount \/dev\/sda\s/);
    await machine.expect(/the token is not sent: the API is not https/, { timeoutMs: 180_000 });
    world.step('the disk is exported by the kernel');
    await machine.expect(/the disk is \/dev\/vda/, { timeoutMs: 120_000 });
    await machine.expect(/exported by LIO on 10\.77\.0\.\d+:3260/, { timeoutMs: 120_000 });
    world.step('the conductor writes the image');
    await lab.waitFor('active', isState('active'), 240_000);
    await machine.expect(/"done": the image is written/);
    world.step('the machine turns itself off');
    await machine.exited;
    await assertNoKey(machine);
    assert.doesNotMatch(await machine.console(), new RegExp(TOKEN), 'the token was printed');
    const written = readFileSync(disk);
    assert.ok(written.subarray(0, 24 * MIB).equals(readFileSync(os)), 'the image differs');
  },
};

export const troubled: Scenario = {
  id: 'n3',
  title:
    'Ironic’s deploy ramdisk without a disk that fits: the conductor is told, a shell opens only with troubleshoot=1',
  gate: false,
  minutes: 10,
  async run(world) {
    const os = emptyDisk(world.dir, 1);
    world.step('open the site');
    const site = await world.site();
    for (const [index, troubleshoot] of ['1', '0'].entries()) {
      const uuid = `node-${troubleshoot}`;
      world.step(`troubleshoot=${troubleshoot}`);
      const lab = await site.startLab(['--ironic-node', `${uuid}=${KEY},${os}`]);
      await site.lan.startDhcp({ nextServer: null });
      await site.lan.addTap(`tap${index}`);
      const words = [
        ...[`deployment_id=${uuid}`, `deployment_key=${KEY}`, `iscsi_target_iqn=iqn-${uuid}`, 'disk=nvme0n1'],
        ...['ironic_api_url=http://10.77.0.1:6385', `troubleshoot=${troubleshoot}`],
        ...['razor.deploy_disk_attempts=1', 'razor.deploy_error_wait=5', 'razor.deploy_then=poweroff'],
      ];
      const machine = await bootDirectly(
        world,
        site,
        { kernel: 'cloud', flavour: 'prod' },
        {
          name: `node${index}`,
          nics: [{ mac: `52:54:00:00:4e:1${index}`, tap: `tap${index}` }],
          append: words.join(' '),
        },
      );
      const failed = await lab.waitFor(
        'the error',
        (event) => event.details?.['ironic'] === uuid && event.details['state'] === 'deploy failed',
        300_000,
      );
      assert.match(failed.message, /the ramdisk says: Could not find disk to use\. \(nvme0n1: there is none\)/);
      if (troubleshoot === '1') {
        await machine.expect(/open a shell on the console/);
        await type(machine.consoleSocket, 'echo SHELL-IS-$((40+2)); exit\r');
        await machine.expect(/SHELL-IS-42/);
      }
      await machine.exited; // it turns itself off
      if (troubleshoot === '0') assert.doesNotMatch(await machine.console(), /shell/i);
      await assertNoKey(machine);
      await lab.stop();
      await site.lan.stopDhcp();
    }
  },
};

/** Types on a machine's serial console, slowly, as a person. */
async function type(socketPath: string, keys: string): Promise<void> {
  const socket = connect(socketPath);
  socket.on('data', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 3000)); // the shell comes up
  for (const key of keys) {
    socket.write(key);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  socket.end();
}
