/** The machines that each section of docs/boot-recipes.md is tried with. */
import type { MachineOptions } from '../../lab/vm/machine.ts';

export interface RecipeMachine {
  readonly firmware: 'bios' | 'uefi';
  readonly secureBoot?: boolean;
  readonly memoryMiB?: number;
  /** The card's own boot, or a stick: what the recipe wrote to /dev/sdX, or the files in /mnt on a FAT file system. */
  readonly boots: 'network' | 'stick' | 'files';
  readonly args?: readonly string[];
}

export interface Recipe {
  readonly id: string;
  /** The section's title. */
  readonly title: string;
  readonly machines: readonly RecipeMachine[];
  /** In the gate's short form: the first machine alone. */
  readonly short?: boolean;
  /** Another DHCP server is on the network already. */
  readonly router?: boolean;
  /** Files of the packages that the section names. */
  readonly needs?: readonly string[];
}

const BIOS: RecipeMachine = { firmware: 'bios', boots: 'network' };
const UEFI: RecipeMachine = { firmware: 'uefi', boots: 'network' };
/** A firmware that has HTTP boot alone, as a person would set it: trying PXE first takes it more than a minute. */
const NO_PXE = ['4', '6'].flatMap((ip) => ['-fw_cfg', `name=opt/org.tianocore/IPv${ip}PXESupport,string=n`]);
const GRUB = '/usr/lib/grub/x86_64-efi/modinfo.sh';

export const RECIPES: readonly Recipe[] = [
  { id: 'ipxe', title: 'iPXE and the boot API', machines: [BIOS, UEFI] },
  { id: 'proxy', title: 'Proxy DHCP', machines: [BIOS, UEFI], router: true, short: true },
  { id: 'script', title: 'iPXE and a script of the image', machines: [BIOS, UEFI], short: true },
  { id: 'pxelinux', title: 'pxelinux', machines: [BIOS], needs: ['/usr/lib/PXELINUX/pxelinux.0'] },
  { id: 'grub', title: 'GRUB', machines: [UEFI], needs: [GRUB] },
  { id: 'http', title: 'UEFI HTTP boot', machines: [{ ...UEFI, args: NO_PXE }] },
  {
    id: 'secure-http',
    title: 'Secure Boot by UEFI HTTP boot',
    machines: [{ ...UEFI, args: NO_PXE, secureBoot: true, memoryMiB: 1024 }],
    needs: ['/usr/share/OVMF/OVMF_CODE_4M.ms.fd'],
  },
  {
    id: 'usb',
    title: 'USB stick',
    machines: [
      { firmware: 'bios', boots: 'stick' },
      { firmware: 'uefi', boots: 'stick' },
    ],
  },
  {
    id: 'loopback',
    title: 'The ISO on a stick with others',
    machines: [{ firmware: 'uefi', boots: 'files' }],
    needs: [GRUB],
  },
  { id: 'sanboot', title: 'sanboot', machines: [BIOS] },
  { id: 'memdisk', title: 'memdisk', machines: [BIOS], needs: ['/usr/lib/syslinux/memdisk'] },
];

/** QEMU's part of a machine of a recipe. `stick` is the file that stands for /dev/sdX, `files` the directory that is /mnt. */
export function machineOptions(
  machine: RecipeMachine,
  place: { readonly stick: string; readonly files: string },
): Pick<MachineOptions, 'firmware' | 'secureBoot' | 'memoryMiB' | 'args' | 'nics'> & { readonly mac: string } {
  const mac = '52:54:00:00:c0:01';
  const { firmware, secureBoot = false, memoryMiB = 512, boots, args = [] } = machine;
  const network = boots === 'network';
  // the ROM of a BIOS machine's card is QEMU's iPXE; UEFI has network drivers of its own
  const rom = network && firmware === 'bios' ? {} : { romfile: '' };
  const nics = [{ mac, tap: 'tap0', ...rom, ...(network ? { bootindex: 1 } : {}) }];
  const file = boots === 'stick' ? `format=raw,file=${place.stick}` : `format=raw,readonly=on,file=fat:${place.files}`;
  const usb = [
    ...['-device', 'qemu-xhci', '-drive', `if=none,id=stick,${file}`],
    ...['-device', 'usb-storage,drive=stick,bootindex=1'],
  ];
  return { firmware, secureBoot, memoryMiB, nics, mac, args: [...(network ? [] : usb), ...args] };
}
