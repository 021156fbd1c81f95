/** One virtual machine: QEMU's command line, its console, and waiting for what the console says. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemon } from '../../platform/process/daemon.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Namespace } from './namespace.ts';
import { askQemu } from './qmp.ts';

export interface MachineNic {
  /** QEMU's device: virtio-net-pci (default), e1000, e1000e, rtl8139, igb … */
  readonly model?: string;
  readonly mac: string;
  /** The tap device in the namespace; without it the NIC is not connected. */
  readonly tap?: string;
  /** QEMU's user networking instead of a tap; `tftp` is its TFTP root, whose razor.ipxe it names. */
  readonly user?: { readonly tftp: string | undefined };
  /** Ethernet frames as UDP datagrams on the loopback instead of a tap: from one port, to the other one. */
  readonly wire?: { readonly from: number; readonly to: number };
  /** `''` takes the option ROM away: the firmware's own PXE client is used. */
  readonly romfile?: string;
  /** Boot order, 1 first. */
  readonly bootindex?: number;
}

export interface MachineOptions {
  readonly name: string;
  /** Where console, sockets and firmware variables of this machine lie. */
  readonly dir: string;
  readonly memoryMiB?: number;
  /** `uefi32`: UEFI of 32 bits, which tablets and boards with 64-bit processors have had. */
  readonly firmware?: 'bios' | 'uefi' | 'uefi32';
  /** The processor: `x86_64` by default. `aarch64` has UEFI alone. */
  readonly arch?: 'x86_64' | 'aarch64';
  /** UEFI with Secure Boot on, and Microsoft's keys. */
  readonly secureBoot?: boolean;
  /** QEMU's board: pc for BIOS, q35 for UEFI, and virt for aarch64 by default. */
  readonly board?: 'pc' | 'q35' | 'virt';
  readonly nics: readonly MachineNic[];
  /** Further arguments: disks, SMBIOS, CPUs, `-kernel`. */
  readonly args?: readonly string[];
  /** What passes its cards goes to NAME-nicN.pcap too, the first 640 bytes of each packet: DHCP and headers. */
  readonly pcap?: boolean;
  /** The machine ends when the guest reboots. */
  readonly noReboot?: boolean;
}

export interface Machine {
  readonly name: string;
  readonly consoleFile: string;
  /** Unix socket with the serial console, for `lab vm console`. */
  readonly consoleSocket: string;
  /** What QEMU said when it ended, if it ended. */
  lastWords(): string | undefined;
  /** Sends a key to the keyboard, by QEMU's name: `ret`, `a`, `alt-f2`. */
  press(...keys: readonly string[]): Promise<void>;
  /** The text that a screen in text mode shows or has scrolled away, without colours. Throws RAZOR_MK_VM. */
  screenText(): Promise<string>;
  /** The screen as a PNG file. Throws RAZOR_MK_VM. */
  screen(file: string): Promise<void>;
  readonly exited: Daemon['exited'];
  /** What the console has shown so far, escape sequences removed. */
  console(): Promise<string>;
  /**
   * Waits until the console shows the pattern after offset `from`, and gives the offset behind the match.
   * Throws RAZOR_MK_VM with the last lines of the console after `timeoutMs` (default 120,000) or when QEMU ends.
   */
  expect(pattern: RegExp, options?: { readonly timeoutMs?: number; readonly from?: number }): Promise<number>;
  stop(): Promise<void>;
}

export const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';

interface FirmwareFiles {
  readonly code: string;
  readonly vars: string;
}

/** UEFI of Debian's packages ovmf and qemu-efi-aarch64; arm64 has one firmware, whose variables say whether Secure Boot is on. */
const FIRMWARE: Readonly<Record<'x86_64' | 'aarch64', Readonly<Record<'plain' | 'secure', FirmwareFiles>>>> = {
  x86_64: {
    plain: { code: OVMF_CODE, vars: OVMF_VARS },
    secure: { code: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd', vars: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd' },
  },
  aarch64: {
    plain: { code: '/usr/share/AAVMF/AAVMF_CODE.fd', vars: '/usr/share/AAVMF/AAVMF_VARS.fd' },
    secure: { code: '/usr/share/AAVMF/AAVMF_CODE.ms.fd', vars: '/usr/share/AAVMF/AAVMF_VARS.ms.fd' },
  },
};

/** Of package ovmf-ia32; there is no other than the one that could enforce Secure Boot. */
const FIRMWARE_32: FirmwareFiles = {
  code: '/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd',
  vars: '/usr/share/OVMF/OVMF32_VARS_4M.fd',
};

/** The files of a machine's UEFI. */
export function firmwareFiles({
  arch = 'x86_64',
  firmware,
  secureBoot,
}: Pick<MachineOptions, 'arch' | 'firmware' | 'secureBoot'>): FirmwareFiles {
  if (firmware === 'uefi32') return FIRMWARE_32;
  return FIRMWARE[arch][secureBoot === true ? 'secure' : 'plain'];
}

/** QEMU's argv for a machine. UEFI machines have their own copy of the variables at DIR/NAME.vars. */
export function qemuArgv(options: MachineOptions): [string, ...string[]] {
  const { name, dir, arch = 'x86_64' } = options;
  const uefi = options.firmware?.startsWith('uefi') === true;
  const { code } = firmwareFiles(options);
  const nics = options.nics.flatMap((nic, index) => {
    const backend = netdevOf(nic, index);
    const device = [
      nic.model ?? 'virtio-net-pci',
      ...(backend === undefined ? [] : [`netdev=n${index}`]),
      `mac=${nic.mac}`,
      ...(nic.romfile === undefined ? [] : [`romfile=${nic.romfile}`]),
      ...(nic.bootindex === undefined ? [] : [`bootindex=${nic.bootindex}`]),
    ];
    const dump = `filter-dump,id=dump${index},netdev=n${index},maxlen=640,file=${join(dir, `${name}-nic${index}.pcap`)}`;
    return [
      ...(backend === undefined ? [] : ['-netdev', backend]),
      ...['-device', device.join(',')],
      ...(backend === undefined || options.pcap !== true ? [] : ['-object', dump]),
    ];
  });
  return [
    `qemu-system-${arch}`,
    ...['-name', name, '-accel', 'tcg', ...boardOf(options)],
    ...['-m', String(options.memoryMiB ?? 512)],
    ...['-display', 'none', '-monitor', 'none', '-nodefaults'],
    ...[
      '-chardev',
      `socket,id=console,path=${consoleSocket(dir, name)},server=on,wait=off,logfile=${consoleFile(options)}`,
    ],
    ...['-serial', 'chardev:console', '-qmp', `unix:${qmpSocket(dir, name)},server=on,wait=off`],
    // the board virt has no screen of its own, and its firmware is faster without
    ...(arch === 'aarch64' ? [] : ['-device', 'VGA']),
    ...(uefi ? ['-drive', `if=pflash,format=raw,readonly=on,file=${code}`] : []),
    ...(uefi ? ['-drive', `if=pflash,format=raw,file=${join(dir, `${name}.vars`)}`] : []),
    ...(options.noReboot === true ? ['-no-reboot'] : []),
    ...(options.nics.length === 0 ? ['-nic', 'none'] : nics),
    ...(options.args ?? []),
  ];
}

/** The board, and the processor where the board has none of its own. */
function boardOf({ arch, firmware, secureBoot, board }: MachineOptions): string[] {
  // the oldest of the 64-bit server processors that QEMU knows, without what costs an emulator most
  if (arch === 'aarch64') return ['-M', board ?? 'virt', '-cpu', 'cortex-a57'];
  const uefi = firmware?.startsWith('uefi') === true;
  const secure = firmware === 'uefi32' || (uefi && secureBoot === true);
  return [
    ...['-M', `${board ?? (uefi ? 'q35' : 'pc')}${secure ? ',smm=on' : uefi ? '' : ',graphics=off'}`],
    // the variables of Secure Boot can be written by the firmware alone, in System Management Mode
    ...(secure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
  ];
}

/** QEMU's network device `id` that sends frames as UDP datagrams from a port of the loopback to another one. */
export function wireNetdev(id: string, { from, to }: NonNullable<MachineNic['wire']>): string {
  const ends = { 'local.port': from, 'remote.port': to };
  const words = Object.entries(ends).flatMap(([key, port]) => {
    const end = key.split('.')[0] ?? '';
    return [`${end}.type=inet`, `${end}.host=127.0.0.1`, `${key}=${port}`];
  });
  return [`dgram,id=${id}`, ...words].join(',');
}

function netdevOf(nic: MachineNic, index: number): string | undefined {
  if (nic.wire !== undefined) return wireNetdev(`n${index}`, nic.wire);
  if (nic.user !== undefined) {
    const { tftp } = nic.user;
    return [`user,id=n${index}`, ...(tftp === undefined ? [] : [`tftp=${tftp}`, 'bootfile=razor.ipxe'])].join(',');
  }
  return nic.tap === undefined ? undefined : `tap,id=n${index},ifname=${nic.tap},script=no,downscript=no`;
}

/** Where a machine's serial console is connected. */
export function consoleSocket(dir: string, name: string): string {
  return join(dir, `${name}.sock`);
}

/** Where QEMU of a machine takes orders. */
function qmpSocket(dir: string, name: string): string {
  return join(dir, `${name}.qmp`);
}

function consoleFile(options: MachineOptions): string {
  return join(options.dir, `${options.name}.console`);
}

/** Powers a machine on inside the namespace. */
export async function startMachine(namespace: Namespace, options: MachineOptions): Promise<Machine> {
  const stderr: string[] = [];
  const daemon = await namespace.start(qemuArgv(options), { onLine: (line) => void stderr.push(line) });
  const file = consoleFile(options);
  let ended = false;
  void daemon.exited.then(() => (ended = true));
  const console = async (): Promise<string> => plain(await readWhole(file));
  return {
    name: options.name,
    consoleFile: file,
    consoleSocket: consoleSocket(options.dir, options.name),
    exited: daemon.exited,
    lastWords: () => (ended ? stderr.slice(-3).join('; ') || 'without a word' : undefined),
    async press(...keys) {
      for (const key of keys) {
        const line = { 'command-line': `sendkey ${key}` };
        await askQemu(qmpSocket(options.dir, options.name), 'human-monitor-command', line);
      }
    },
    async screenText() {
      const dump = join(options.dir, `${options.name}.vga`);
      const args = { val: TEXT_MEMORY.at, size: TEXT_MEMORY.bytes, filename: dump };
      await askQemu(qmpSocket(options.dir, options.name), 'pmemsave', args);
      return textOfScreen(await readFile(dump));
    },
    screen: (path) => screenshot(options.dir, options.name, path),
    console,
    async expect(pattern, { timeoutMs = 120_000, from = 0 } = {}) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const over = ended || performance.now() > deadline;
        const text = await console();
        const match = pattern.exec(text.slice(from));
        if (match) return from + match.index + match[0].length;
        if (over) {
          const why = ended
            ? `QEMU ended (${stderr.slice(-3).join('; ')})`
            : `not within ${Math.round(timeoutMs / 1000)} s`;
          const last = text.trim().split('\n').slice(-12).join('\n');
          throw new RazorMkError('RAZOR_MK_VM', `${options.name}: waited for ${String(pattern)}: ${why}\n${last}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    stop: () => daemon.stop(200),
  };
}

/** What a machine's screen shows, as a PNG file. Throws RAZOR_MK_VM where no such machine runs. */
export async function screenshot(dir: string, name: string, path: string): Promise<void> {
  await askQemu(qmpSocket(dir, name), 'screendump', { filename: path, format: 'png' });
}

/** Where PCs keep the text of their screen: a byte of text, a byte of colour, 80 columns; what is shown moves in it. */
const TEXT_MEMORY = { at: 0xb8000, bytes: 32_768 } as const;

/** The lines of text memory that are not empty, oldest first. */
export function textOfScreen(memory: Uint8Array): string {
  const cells = Array.from({ length: memory.length >> 1 }, (_, cell) => memory[cell * 2] ?? 0);
  const text = cells.map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ')).join('');
  return (text.match(/.{1,80}/g) ?? [])
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

async function readWhole(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    return await handle.readFile('latin1');
  } finally {
    await handle.close();
  }
}

/** Console text without escape sequences and carriage returns. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- terminal escapes are control characters
  return text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\r\x00]/g, '');
}
