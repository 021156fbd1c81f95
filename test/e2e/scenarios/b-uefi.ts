/**
 * UEFI: the firmware's own PXE client fetches ipxe.efi, that fetches razor.ipxe, and the machine is registered. From the lab's own
 * boot script, and from the original's, whose kernel line does not name the initrd.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firmwareFiles } from '../../../lab/vm/machine.ts';
import { run } from '../../../platform/process/run.ts';
import { readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';
import { self } from '../self.ts';

export const scenario: Scenario = {
  id: 'b',
  title: 'UEFI through OVMF’s own PXE client, ipxe.efi and razor.ipxe, to registered',
  gate: true,
  minutes: 5,
  async run(world) {
    const { site, lab } = await readySite(world, { discoverOnly: true });
    await site.lan.addTap('tap0');
    world.step('power on; the firmware asks DHCP and fetches ipxe.efi');
    await site.machine({
      name: 'node1',
      firmware: 'uefi',
      nics: [{ mac: '52:54:00:00:0b:01', tap: 'tap0', romfile: '', bootindex: 1 }],
    });
    await lab.waitFor('boot API asked', isEvent('boot'), 180_000);
    world.step('the agent registers');
    const { node } = await lab.waitFor('registered', isEvent('registered'), 180_000);
    const known = (await site.lab('node', 'get', node ?? '')) as { facts?: Record<string, string> };
    if (known.facts?.['mk_firmware_mode'] !== 'uefi') {
      throw new Error(`the fact mk_firmware_mode is ${String(known.facts?.['mk_firmware_mode'])}, not uefi`);
    }
  },
};

export const originalScript: Scenario = {
  id: 'b2',
  title:
    'UEFI from the original’s boot script, without initrd=: iPXE of Debian 13 hands the initrd over, to registered',
  gate: true,
  minutes: 6,
  async run(world) {
    const { site, lab } = await readySite(world, { discoverOnly: true, lab: ['--faithful'], dhcp: false });
    world.step('lay out the TFTP root: scripts of the lab, iPXE of Debian 13');
    const tftp = join(site.dir, 'tftp');
    const words = ['lab', 'ipxe', '--out', tftp, '--server', site.address, '--ipxe', 'trixie'];
    const laidOut = await run([...self, ...words], { timeoutMs: 120_000 });
    assert.equal(laidOut.status, 0, laidOut.stderr.toString());
    assert.match(laidOut.stderr.toString(), /iPXE \d\S+: under UEFI it hands the initrd over by itself/);
    await site.lan.startDhcp({ tftpRoot: tftp });
    await site.lan.addTap('tap0');
    world.step('power on; the firmware asks DHCP and fetches ipxe.efi');
    const machine = await site.machine({
      name: 'node1',
      firmware: 'uefi',
      nics: [{ mac: '52:54:00:00:0b:02', tap: 'tap0', romfile: '', bootindex: 1 }],
    });
    await lab.waitFor('boot API asked', isEvent('boot'), 180_000);
    world.step('the agent registers');
    await lab.waitFor('registered', isEvent('registered'), 180_000);
    const line = /Command line: (.*)/.exec(await machine.console())?.[1] ?? '';
    assert.match(line, /maxcpus=1/, 'the kernel line is on the console');
    assert.doesNotMatch(line, /initrd=/);
    const answers = readFileSync(join(site.dir, 'requests.log'), 'utf8');
    assert.match(answers, /core\.gz/, 'iPXE fetched the initrd');
  },
};

export const ia32: Scenario = {
  id: 'b3',
  title: 'UEFI of 32 bits: grubia32.efi by PXE asks the boot API and starts the 64-bit kernel, to registered',
  gate: false,
  minutes: 8,
  lacks: () => {
    const wanted = [firmwareFiles({ firmware: 'uefi32' }).code, '/usr/lib/grub/i386-efi/monolithic/grubnetia32.efi'];
    const absent = wanted.find((path) => !existsSync(path));
    return Promise.resolve(absent && `${absent} is not there (packages ovmf-ia32, grub-efi-ia32-bin)`);
  },
  async run(world) {
    const { site, lab } = await readySite(world, { discoverOnly: true });
    await site.lan.addTap('tap0');
    world.step('power on; the firmware asks DHCP and fetches grubia32.efi');
    await site.machine({
      name: 'node1',
      firmware: 'uefi32',
      memoryMiB: 1024,
      nics: [{ mac: '52:54:00:00:0b:03', tap: 'tap0', romfile: '', bootindex: 1 }],
    });
    await lab.waitFor('boot API asked', isEvent('boot'), 180_000);
    world.step('the agent registers');
    const { node } = await lab.waitFor('registered', isEvent('registered'), 240_000);
    const known = (await site.lab('node', 'get', node ?? '')) as { facts?: Record<string, string> };
    assert.equal(known.facts?.['mk_firmware_mode'], 'uefi');
    assert.match(readFileSync(join(site.dir, 'dnsmasq.log'), 'utf8'), /sent .*grubia32\.efi to/);
  },
};
