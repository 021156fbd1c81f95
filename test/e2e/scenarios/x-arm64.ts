/**
 * arm64 under QEMU's board virt with Debian's UEFI: from the network to registered by ipxe-arm64.efi, from the ISO, with Secure Boot
 * on by shim and GRUB, and by UEFI HTTP boot.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firmwareFiles, type Machine, type MachineOptions } from '../../../lab/vm/machine.ts';
import type { Site } from '../../../lab/vm/site.ts';
import type { ImageChoice } from '../images.ts';
import { layOutTftp, readySite } from '../ready.ts';
import { isEvent, type ReadySite, type Scenario } from '../scenario.ts';

/** The image of these scenarios. */
export const IMAGE: ImageChoice = { kernel: 'cloud', arch: 'arm64' };
/** Programs that an arm64 machine, and its agent, need here. */
export const NEEDS = ['qemu-system-aarch64', 'aarch64-linux-gnu-strip'];
/** For waits: an emulated machine of another processor is slow, and the gate's machine may be busy. */
export const PATIENCE = 420_000;

/** Why no arm64 machine can be started here. */
export const lacks = (): Promise<string | undefined> => {
  const needed = [
    [firmwareFiles({ arch: 'aarch64', secureBoot: true }).code, 'qemu-efi-aarch64'],
    ['/usr/aarch64-linux-gnu/lib/libstdc++.so.6', 'libstdc++6-arm64-cross'],
  ] as const;
  const absent = needed.find(([path]) => !existsSync(path));
  return Promise.resolve(absent && `${absent[0]} is not there (package ${absent[1]})`);
};

async function powerOn(site: Site, mac: string, more: Partial<MachineOptions> = {}): Promise<Machine> {
  await site.lan.addTap('tap0');
  return await site.machine({
    name: 'node1',
    arch: 'aarch64',
    firmware: 'uefi',
    memoryMiB: 1024,
    nics: [{ mac, tap: 'tap0', romfile: '', bootindex: 1 }],
    ...more,
  });
}

/** What the lab knows of the machine once it is registered. */
async function registered({ site, lab }: ReadySite): Promise<Readonly<Record<string, string>>> {
  const { node = '' } = await lab.waitFor('registered', isEvent('registered'), PATIENCE);
  const { facts = {} } = (await site.lab('node', 'get', node)) as { facts?: Record<string, string> };
  assert.equal(facts['architecture'], 'aarch64');
  assert.equal(facts['hardwaremodel'], 'aarch64');
  assert.equal(facts['mk_firmware_mode'], 'uefi');
  assert.equal(facts['is_virtual'], 'true');
  return facts;
}

export const scenario: Scenario = {
  id: 'x',
  title: 'arm64 by the firmware’s own PXE client, ipxe-arm64.efi and razor.ipxe, to registered',
  gate: true,
  minutes: 12,
  needs: NEEDS,
  lacks,
  async run(world) {
    const ready = await readySite(world, { image: IMAGE, discoverOnly: true });
    const { site, lab } = ready;
    world.step('power on; the firmware asks DHCP and fetches ipxe-arm64.efi');
    await powerOn(site, '52:54:00:00:18:01', { memoryMiB: 512 });
    await lab.waitFor('boot API asked', isEvent('boot'), PATIENCE);
    world.step('the agent registers');
    await registered(ready);
    assert.match(readFileSync(join(site.dir, 'dnsmasq.log'), 'utf8'), /sent .*ipxe-arm64\.efi to/);
  },
};

export const fromIso: Scenario = {
  id: 'x2',
  title: 'arm64 from the ISO, as a CD and as a disk, to registered',
  gate: false,
  minutes: 20,
  needs: NEEDS,
  lacks,
  async run(world) {
    const { iso } = await world.images.microkernel(IMAGE);
    const ready = await readySite(world, { image: IMAGE, discoverOnly: true });
    const { site, lab } = ready;
    const drive = `file=${iso},format=raw,if=none,id=iso`;
    const ways = {
      cd: [
        '-drive',
        `${drive},media=cdrom,readonly=on`,
        '-device',
        'virtio-scsi-pci',
        '-device',
        'scsi-cd,drive=iso,bootindex=1',
      ],
      disk: ['-drive', `${drive},snapshot=on`, '-device', 'virtio-blk-pci,drive=iso,bootindex=1'],
    };
    for (const [index, [name, args]] of Object.entries(ways).entries()) {
      world.step(`power on with the ISO as ${name}`);
      const [mac, tap] = [`52:54:00:00:18:1${index}`, `tap${index}`];
      await site.lan.addTap(tap);
      const nics = [{ mac, tap, romfile: '' }];
      const machine = await site.machine({ name, arch: 'aarch64', firmware: 'uefi', memoryMiB: 512, nics, args });
      const hwId = mac.replaceAll(':', '').toUpperCase();
      await lab.waitFor(
        `${name}: registered`,
        (event) => event.type === 'registered' && JSON.stringify(event.details?.['hwIds'] ?? []).includes(hwId),
        PATIENCE,
      );
      await machine.stop();
    }
  },
};

export const secureBoot: Scenario = {
  id: 'x3',
  title: 'arm64 with Secure Boot on: ipxe-arm64.efi is refused; shim, GRUB and the signed kernel, to registered',
  gate: false,
  minutes: 20,
  needs: NEEDS,
  lacks,
  async run(world) {
    const ready = await readySite(world, { image: IMAGE, discoverOnly: true, dhcp: false });
    const { site, lab } = ready;
    const unsigned = await layOutTftp(world, join(site.dir, 'tftp-ipxe'), '--ipxe', 'trixie');
    const tftpRoot = await layOutTftp(world, join(site.dir, 'tftp'), '--secure-boot', '--server', site.address);
    await site.lan.startDhcp({ tftpRoot: unsigned });
    world.step('power on with ipxe-arm64.efi, which is not signed');
    const refused = await powerOn(site, '52:54:00:00:18:21', { name: 'refused', secureBoot: true });
    await refused.expect(/Access Denied|Security Violation/i, { timeoutMs: PATIENCE });
    await refused.stop();
    assert.deepEqual(lab.events.filter(isEvent('boot')), []);
    await site.lan.startDhcp({ tftpRoot, secureBoot: true, httpPort: 8026 });
    world.step('power on; shim and GRUB come by TFTP, GRUB asks the boot API');
    await site.lan.addTap('tap1');
    const nics = [{ mac: '52:54:00:00:18:22', tap: 'tap1', romfile: '', bootindex: 1 }];
    await site.machine({ name: 'node1', arch: 'aarch64', firmware: 'uefi', secureBoot: true, memoryMiB: 1024, nics });
    await lab.waitFor('boot API asked', isEvent('boot'), PATIENCE);
    world.step('the agent registers');
    const facts = await registered(ready);
    assert.equal(facts['mk_secure_boot'], 'true');
  },
};

export const byHttp: Scenario = {
  id: 'x4',
  title: 'arm64 by UEFI HTTP boot: the firmware fetches ipxe-arm64.efi from the lab, to registered',
  gate: false,
  minutes: 12,
  needs: NEEDS,
  lacks,
  async run(world) {
    const tftpRoot = join(world.dir, 'tftp');
    const lab = ['--boot-dir', tftpRoot];
    const ready = await readySite(world, { image: IMAGE, discoverOnly: true, dhcp: false, lab });
    const { site } = ready;
    await layOutTftp(world, tftpRoot, '--ipxe', 'trixie', '--server', site.address);
    await site.lan.startDhcp({ tftpRoot, httpPort: 8026 });
    world.step('power on without PXE; the firmware fetches ipxe-arm64.efi by HTTP');
    const noPxe = ['4', '6'].flatMap((version) => [
      '-fw_cfg',
      `name=opt/org.tianocore/IPv${version}PXESupport,string=n`,
    ]);
    await powerOn(site, '52:54:00:00:18:31', { memoryMiB: 512, args: noPxe });
    await ready.lab.waitFor('boot API asked', isEvent('boot'), PATIENCE);
    world.step('the agent registers');
    await registered(ready);
    assert.match(readFileSync(join(site.dir, 'requests.log'), 'utf8'), /\/boot\/ipxe-arm64\.efi/);
  },
};
