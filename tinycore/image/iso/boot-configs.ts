/** The menus of an ISO: isolinux for BIOS, GRUB for UEFI. Both have room for another kernel line (edit-iso.ts). Pure. */
import { grubWords } from '../../../platform/netboot/kernel-arguments.ts';

/** What the menus say. */
interface MenuOptions {
  /** Kernel arguments besides the console. */
  readonly kernelArgs: readonly string[];
  /** `ttyS0,115200`, or undefined for none. */
  readonly serial?: string;
  /** Seconds until the default entry is started. */
  readonly timeout: number;
  readonly version: string;
  readonly flavour: string;
}

/** Bytes of each menu, blank lines at its end: the longest kernel line and the rest of the menu fit. */
export const MENU_BYTES = 4096;

/** The words of the ISO's kernel line. */
export function kernelWords({ serial, kernelArgs }: Pick<MenuOptions, 'serial' | 'kernelArgs'>): string[] {
  const console = serial === undefined ? [] : ['console=tty0', `console=${serial}`];
  return ['loglevel=3', ...console, ...kernelArgs];
}

/** Number of the PC's serial port and its speed; where another one is meant, the firmware's own console leads to it. */
function port({ serial }: MenuOptions): [string, string] | undefined {
  const match = /^ttyS(\d),(\d+)$/.exec(serial ?? '');
  return match === null ? undefined : [match[1] ?? '0', match[2] ?? '115200'];
}

/** A menu with blank lines up to `bytes`; longer ones stay as they are. */
export function withRoom(menu: string, bytes = MENU_BYTES): string {
  return menu.padEnd(bytes, '\n');
}

/** isolinux.cfg. */
export function isolinuxConfig(options: MenuOptions): string {
  const serial = port(options);
  const lines = [
    ...(serial === undefined ? [] : [`serial ${serial[0]} ${serial[1]}`]),
    'default microkernel',
    'prompt 1',
    `timeout ${Math.max(1, options.timeout * 10)}`,
    `say Razor Microkernel ${options.version} (${options.flavour})`,
    'label microkernel',
    '  kernel /boot/vmlinuz',
    '  initrd /boot/core.gz',
    `  append ${kernelWords(options).join(' ')}`,
    'label local',
    '  localboot 0x80',
    '',
  ];
  return withRoom(lines.join('\n'));
}

/** grub.cfg. */
export function grubConfig(options: MenuOptions): string {
  const serial = port(options);
  const lines = [
    ...(serial === undefined
      ? []
      : [
          `serial --unit=${serial[0]} --speed=${serial[1]}`,
          'terminal_input console serial',
          'terminal_output console serial',
        ]),
    `set timeout=${options.timeout}`,
    `menuentry 'Razor Microkernel ${options.version} (${options.flavour})' {`,
    `  linux /boot/vmlinuz ${grubWords(kernelWords(options))}`,
    '  initrd /boot/core.gz',
    '}',
    "menuentry 'Leave to the firmware' {",
    '  exit 1',
    '}',
    '',
  ];
  return withRoom(lines.join('\n'));
}
