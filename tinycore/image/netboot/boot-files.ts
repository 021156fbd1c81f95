/**
 * The boot files that each provisioning server expects of a microkernel, under the names that it, or the people who run it,
 * use: kernel and initrd, and the lines for the boot loaders. What is a server's own to write (Ironic's iPXE script, Foreman's
 * menus) is here as an example of the same lines, for networks that it does not manage.
 */
import { isIP } from 'node:net';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { checkKernelArguments, grubWords } from '../../../platform/netboot/kernel-arguments.ts';

export const BOOT_FILE_SERVERS = ['razor', 'hanlon', 'razor-server', 'ironic', 'foreman'] as const;
export type ServerName = (typeof BOOT_FILE_SERVERS)[number];

/** What is written where nobody asked for other formats. */
export const FORMATS_FOR = {
  razor: ['kernel', 'iso'],
  hanlon: ['kernel', 'iso'],
  'razor-server': ['kernel', 'tar'],
  ironic: ['kernel'],
  foreman: ['kernel'],
} as const satisfies Record<ServerName, readonly string[]>;

interface ServerFilesOptions {
  readonly server: ServerName;
  /** Its address as the kernel line has it; a name to be replaced when absent. */
  readonly url?: string;
  /** Further words of the kernel line. */
  readonly kernelArgs: readonly string[];
  /** `ttyS0,115200`, or undefined for none. */
  readonly serial?: string;
}

export interface ServerFile {
  /** Below the output directory. */
  readonly path: string;
  /** The kernel, the initrd, or a text. */
  readonly content: 'kernel' | 'initrd' | { readonly text: string };
}

interface Recipe {
  readonly kernel: string;
  readonly initrd: string;
  /** The address when nobody gave one. */
  readonly example: string;
  readonly words: (url: string) => readonly string[];
}

const RECIPES: Readonly<Record<ServerName, Recipe>> = {
  razor: { kernel: 'vmlinuz', initrd: 'core.gz', example: 'razor.example:8026', words: (url) => [`razor.ip=${url}`] },
  hanlon: {
    kernel: 'vmlinuz',
    initrd: 'core.gz',
    example: 'hanlon.example:8026',
    words: (url) => [`hanlon.ip=${url}`],
  },
  'razor-server': {
    kernel: 'vmlinuz0',
    initrd: 'initrd0.img',
    example: 'http://razor.example:8150/svc',
    words: (url) => [`razor.register=${url}/checkin`, `razor.extend=${url}/mk/extension.zip`],
  },
  // the names of its driver_info, under which people keep them
  ironic: {
    kernel: 'deploy_kernel',
    initrd: 'deploy_ramdisk',
    example: 'http://ironic.example:6385',
    words: (url) => [`ipa-inspection-callback-url=${url}/v1/continue_inspection`, `ipa-api-url=${url}`],
  },
  // where the menus that Foreman writes look for its own image
  foreman: {
    kernel: 'boot/fdi-image/vmlinuz0',
    initrd: 'boot/fdi-image/initrd0.img',
    example: 'https://foreman.example',
    words: (url) => [`proxy.url=${url}`, 'proxy.type=foreman'],
  },
};

/**
 * The files of a server, below a directory of its name. None for Razor, which boots what its ISO holds, unless its address was given.
 * Throws RAZOR_MK_USAGE.
 */
export function serverFiles(options: ServerFilesOptions): readonly ServerFile[] {
  const { server } = options;
  if (server === 'razor' && options.url === undefined) return [];
  const { kernel, initrd, words, example } = RECIPES[server];
  const all = [...words(addressFor(options, example)), ...consoleWords(options.serial), ...options.kernelArgs];
  checkKernelArguments([...all, 'BOOTIF=01-00-00-00-00-00-00']);
  const line = all.join(' ');
  const at = (name: string, text: string): ServerFile => ({ path: `${server}/${name}`, content: { text } });
  return [
    { path: `${server}/${kernel}`, content: 'kernel' },
    { path: `${server}/${initrd}`, content: 'initrd' },
    at('boot.ipxe', ipxeLines(kernel, initrd, line)),
    at('pxelinux.cfg/default', pxelinuxLines(server, kernel, initrd, line)),
    at('grub.cfg', grubLines(server, kernel, initrd, grubWords(all))),
    ...(server === 'ironic' ? [at('driver-info.txt', DRIVER_INFO)] : []),
  ];
}

/** The last console is the one that the kernel's own messages and init use. */
function consoleWords(serial: string | undefined): string[] {
  return serial === undefined ? ['console=tty0'] : ['console=tty0', `console=${serial}`];
}

function addressFor({ server, url }: ServerFilesOptions, example: string): string {
  if (url === undefined) return example;
  const clean = url.replace(/\/+$/, '');
  if (server === 'razor' || server === 'hanlon') {
    if (isIP(clean) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/.test(clean)) return clean;
  } else if (/^https?:\/\/[^\s"'\\]+$/.test(clean) && URL.canParse(clean)) return clean;
  throw new RazorMkError('RAZOR_MK_USAGE', `invalid address of ${server}: ${JSON.stringify(url)}`, {
    remedy: `Give one like --server-url ${example}.`,
  });
}

/** iPXE takes kernel and initrd from where the script came from, and tells the address of the card that it used. */
function ipxeLines(kernel: string, initrd: string, line: string): string {
  const name = initrd.split('/').at(-1) ?? initrd;
  return [
    '#!ipxe',
    `kernel ${kernel} initrd=${name} ${line} BOOTIF=01-\${netX/mac:hexhyp}`,
    `initrd --name ${name} ${initrd}`,
    'boot',
    '',
  ].join('\n');
}

/** IPAPPEND 2 makes pxelinux add BOOTIF=01-MAC. */
function pxelinuxLines(server: ServerName, kernel: string, initrd: string, line: string): string {
  return [
    'DEFAULT discovery',
    'LABEL discovery',
    `  MENU LABEL Microkernel for ${server}`,
    `  KERNEL ${kernel}`,
    `  APPEND initrd=${initrd} ${line}`,
    '  IPAPPEND 2',
    '',
  ].join('\n');
}

/**
 * GRUB from the network knows the card's address, with colons; the agent reads both forms. Names without $prefix would be looked
 * for at the server's root, wherever this file lies (seen with GRUB 2.06).
 */
function grubLines(server: ServerName, kernel: string, initrd: string, line: string): string {
  return [
    'set default=discovery',
    'set timeout=5',
    `menuentry 'Microkernel for ${server}' --id discovery {`,
    `  linux $prefix/${kernel} ${line} BOOTIF=01-$net_default_mac`,
    `  initrd $prefix/${initrd}`,
    '}',
    '',
  ].join('\n');
}

const DRIVER_INFO = `# Where Ironic finds this image; file paths and http URLs are both taken. For each node:
baremetal node set NODE --driver-info deploy_kernel=file:///var/lib/ironic/deploy_kernel --driver-info deploy_ramdisk=file:///var/lib/ironic/deploy_ramdisk
# or for all, in ironic.conf, section [conductor]:
#   deploy_kernel = file:///var/lib/ironic/deploy_kernel
#   deploy_ramdisk = file:///var/lib/ironic/deploy_ramdisk
# Ironic writes the kernel line itself; words of yours go into kernel_append_params of its section [pxe].
`;
