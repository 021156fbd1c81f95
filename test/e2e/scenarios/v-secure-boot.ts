/**
 * Secure Boot on, with Microsoft's keys: firmware, Debian's shim, GRUB, the signed kernel. By PXE to an installer, by UEFI HTTP boot
 * and from the ISO to registered; and iPXE, which is not signed, is refused by the same firmware.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { layOutTftp, readySite } from '../ready.ts';
import { isEvent, type ReadySite, type Scenario } from '../scenario.ts';

const FIRMWARE = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd';

const lacks = (): Promise<string | undefined> =>
  Promise.resolve(existsSync(FIRMWARE) ? undefined : `${FIRMWARE} is not there (package ovmf)`);

function powerOn(site: Site, name: string, mac: string, args: readonly string[] = []): Promise<Machine> {
  const nics = [{ mac, tap: 'tap0', romfile: '', bootindex: 1 }];
  // shim, GRUB, kernel and initrd are in memory at once, and the firmware of SMM takes its part
  return site.machine({ name, firmware: 'uefi', secureBoot: true, memoryMiB: 1024, nics, args });
}

/** The agent comes up under lockdown and reports Secure Boot. */
async function registered({ site, lab }: ReadySite): Promise<string> {
  const { node = '' } = await lab.waitFor('registered', isEvent('registered'), 240_000);
  const { facts } = (await site.lab('node', 'get', node)) as { facts?: Record<string, string> };
  assert.equal(facts?.['mk_secure_boot'], 'true');
  return node;
}

export const scenario: Scenario = {
  id: 'v',
  title: 'Secure Boot by PXE: shim, GRUB and the signed kernel, registered, bound, to the installer; iPXE is refused',
  gate: true,
  minutes: 10,
  lacks,
  async run(world) {
    const ready = await readySite(world, { dhcp: false });
    const { site, lab } = ready;
    const unsigned = await layOutTftp(world, join(site.dir, 'tftp-ipxe'), '--ipxe', 'installed');
    const tftpRoot = await layOutTftp(world, join(site.dir, 'tftp'), '--secure-boot', '--server', site.address);
    await site.lan.addTap('tap0');
    await site.lan.startDhcp({ tftpRoot: unsigned });
    world.step('power on with ipxe.efi, which is not signed');
    const refused = await powerOn(site, 'refused', '52:54:00:00:16:01');
    await refused.expect(/Access Denied|Security Violation/i, { timeoutMs: 180_000 });
    await refused.stop();
    assert.deepEqual(lab.events.filter(isEvent('boot')), []);

    await site.lan.startDhcp({ tftpRoot, secureBoot: true, httpPort: 8026 });
    world.step('power on; shim and GRUB come by TFTP, GRUB asks the boot API');
    const machine = await powerOn(site, 'node1', '52:54:00:00:16:02');
    await lab.waitFor('boot API asked', isEvent('boot'), 180_000);
    world.step('the agent registers');
    const node = await registered(ready);
    world.step('it is bound, reboots, and GRUB gets the installer');
    await lab.waitFor(
      'installer served',
      (event) => event.type === 'boot' && event.details?.['boot'] === 'installer',
      240_000,
    );
    await machine.expect(/installer: done/, { timeoutMs: 240_000 });
    const log = (await site.lab('node', 'log', node).catch(() => [])) as unknown[];
    assert.ok(Array.isArray(log));
  },
};

export const byHttp: Scenario = {
  id: 'v2',
  title: 'Secure Boot by UEFI HTTP boot: the firmware fetches shim from the lab, to registered',
  gate: false,
  minutes: 8,
  lacks,
  async run(world) {
    const tftp = join(world.dir, 'tftp');
    const ready = await readySite(world, { discoverOnly: true, dhcp: false, lab: ['--boot-dir', tftp] });
    const { site, lab } = ready;
    await layOutTftp(world, join(site.dir, 'tftp'), '--secure-boot', '--server', site.address);
    await site.lan.addTap('tap0');
    await site.lan.startDhcp({ tftpRoot: tftp, secureBoot: true, httpPort: 8026 });
    world.step('power on without PXE; the firmware fetches shim by HTTP');
    const noPxe = ['4', '6'].flatMap((version) => [
      '-fw_cfg',
      `name=opt/org.tianocore/IPv${version}PXESupport,string=n`,
    ]);
    await powerOn(site, 'node1', '52:54:00:00:16:03', noPxe);
    await lab.waitFor('boot API asked', isEvent('boot'), 240_000);
    world.step('the agent registers');
    await registered(ready);
    const asked = readFileSync(join(site.dir, 'requests.log'), 'utf8');
    assert.match(asked, /\/boot\/shimx64\.efi/);
    assert.match(asked, /\/grub\/grub\.cfg/);
    assert.equal(lab.events.filter(isEvent('boot')).length, 1, 'a HEAD is no boot');
  },
};

export const fromIso: Scenario = {
  id: 'v3',
  title: 'Secure Boot from the ISO of image build --secure-boot, as a CD, to registered',
  gate: false,
  minutes: 8,
  lacks,
  async run(world) {
    const image = await world.images.microkernel({ kernel: 'cloud', args: ['--secure-boot'], variant: 'secure-boot' });
    const ready = await readySite(world, { discoverOnly: true });
    const { site } = ready;
    await site.lan.addTap('tap0');
    world.step('power on');
    const cd = ['-drive', `file=${image.iso},format=raw,media=cdrom,readonly=on,if=none,id=cd`];
    await site.machine({
      name: 'node1',
      firmware: 'uefi',
      secureBoot: true,
      memoryMiB: 1024,
      nics: [{ mac: '52:54:00:00:16:04', tap: 'tap0', romfile: '' }],
      args: [...cd, '-device', 'ide-cd,drive=cd,bootindex=1'],
    });
    await registered(ready);
  },
};
