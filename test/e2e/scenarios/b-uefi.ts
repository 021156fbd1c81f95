/** UEFI: the firmware's own PXE client fetches ipxe.efi, that fetches razor.ipxe, and the machine is registered. */
import { readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';

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
