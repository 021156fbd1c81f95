/** The ISO as BIOS CD, BIOS disk, UEFI CD and UEFI disk. */
import { readySite } from '../ready.ts';
import type { Scenario } from '../scenario.ts';

interface Way {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi';
  readonly args: (iso: string) => readonly string[];
}

const CD = (iso: string): string[] => ['-drive', `file=${iso},format=raw,media=cdrom,readonly=on,if=none,id=cd`];
const DISK = (iso: string): string[] => ['-drive', `file=${iso},format=raw,if=none,id=disk,snapshot=on`];

const WAYS: readonly Way[] = [
  { name: 'bios-cd', firmware: 'bios', args: (iso) => [...CD(iso), '-device', 'ide-cd,drive=cd,bootindex=1'] },
  {
    name: 'uefi-disk',
    firmware: 'uefi',
    args: (iso) => [...DISK(iso), '-device', 'virtio-blk-pci,drive=disk,bootindex=1'],
  },
  {
    name: 'bios-disk',
    firmware: 'bios',
    args: (iso) => [...DISK(iso), '-device', 'virtio-blk-pci,drive=disk,bootindex=1'],
  },
  { name: 'uefi-cd', firmware: 'uefi', args: (iso) => [...CD(iso), '-device', 'ide-cd,drive=cd,bootindex=1'] },
];

function isoScenario(id: string, ways: readonly Way[], gate: boolean): Scenario {
  return {
    id,
    title: `the ISO as ${ways.map((way) => way.name.replace('-', ' ')).join(', ')}`,
    gate,
    minutes: 8,
    async run(world) {
      const image = await world.images.microkernel({ kernel: 'cloud' });
      const { site, lab } = await readySite(world, { discoverOnly: true });
      for (const [index, way] of ways.entries()) {
        world.step(way.name);
        const mac = `52:54:00:00:0e:0${index}`;
        await site.lan.addTap(`tap${index}`);
        const machine = await site.machine({
          name: way.name,
          firmware: way.firmware,
          nics: [{ mac, tap: `tap${index}`, romfile: '' }],
          args: way.args(image.iso),
        });
        const hwId = mac.replaceAll(':', '').toUpperCase();
        await lab.waitFor(
          `${way.name}: registered`,
          (event) => event.type === 'registered' && JSON.stringify(event.details?.['hwIds'] ?? []).includes(hwId),
          240_000,
        );
        await machine.stop();
      }
    },
  };
}

/** Two of four in the gate. */
export const scenario = isoScenario('e', WAYS.slice(0, 2), true);
export const others = isoScenario('e2', WAYS.slice(2), false);
