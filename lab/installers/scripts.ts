/** Boot scripts of a bound node, for iPXE and GRUB: its installer, and afterwards its local disk. */
import type { LabCore } from '../lab-core.ts';
import { templateOf, type Template } from '../engine/models.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';
import type { Routes } from '../listeners/routes.ts';
import { answersFor, filesBase, type Answers } from './answers.ts';
import { grubLoad, grubLocal, grubWait } from './grub-scripts.ts';

/** Who asks: each has a language of its own. */
export type BootLoader = 'ipxe' | 'grub';

/** What an installer's script is made of. */
interface InstallerInput {
  readonly core: LabCore;
  readonly node: NodeRecord;
  readonly active: ActiveModel;
  readonly routes: Routes;
  /** Whose words the console shows: razor, hanlon, razor-server. */
  readonly dialect: string;
  readonly loader: BootLoader;
}

const ON_ERROR = [':error', 'echo ERROR, will reboot in 60', 'sleep 60', 'reboot'];

/** What is shown on the console of a node before anything is loaded. */
function notesFor(node: NodeRecord, active: ActiveModel, dialect: string): string[] {
  return [
    `${dialect === 'hanlon' ? 'Hanlon' : 'Razor'} ${word(active.model.label)} model boot_call`,
    `Installation node UUID : ${node.uuid}`,
    `Installation image UUID: ${active.model.image ?? 'none'}`,
    `Active Model node state: ${active.state}`,
  ];
}

function header(node: NodeRecord, active: ActiveModel, dialect: string): string[] {
  return ['#!ipxe', ...notesFor(node, active, dialect).map((note) => `echo ${note}`), 'sleep 3'];
}

/** Text that cannot end a line or start an expansion of an iPXE script. */
function word(text: string): string {
  return text.replaceAll(/[^\w .,:@/=+-]/g, '_');
}

/** The installer of a node in state init or preinstall. */
export function installerScript(input: InstallerInput): string {
  const { node, active, routes, dialect, loader } = input;
  const template = templateOf(active.model.template);
  const files = filesBase(active, routes);
  const notes = notesFor(node, active, dialect);
  if (template === undefined || files === undefined) {
    const reason = `The model ${word(active.model.label)} has no image to install from`;
    if (loader === 'grub') return grubWait(notes, reason, 60);
    return `${[...header(node, active, dialect), `echo ${reason}`, 'goto error', ...ON_ERROR].join('\n')}\n`;
  }
  const load = loadOf(input, template, files);
  if (loader === 'grub') {
    if (!('initrd' in load))
      return grubWait(notes, `${template.family} cannot be started by GRUB: boot it by iPXE`, 60);
    return grubLoad(notes, { ...load, retryS: 60 });
  }
  const lines =
    'initrd' in load
      ? [`kernel ${load.kernel} ${load.words.join(' ')} || goto error`, `initrd ${load.initrd} || goto error`]
      : load.lines;
  return `${[...header(node, active, dialect), ...lines, 'boot || goto error', ...ON_ERROR].join('\n')}\n`;
}

/** A Linux kernel with its initrd, or the lines of iPXE for what only that can start. */
type Load =
  | { readonly kernel: string; readonly initrd: string; readonly words: readonly string[] }
  | { readonly lines: readonly string[] };

function loadOf({ core, node, active, routes }: InstallerInput, template: Template, files: string): Load {
  const metadata = active.model.metadata;
  const answers = answersFor(active, routes);
  const image = core.store.images.get(active.model.image ?? '');
  const kernel = word(metadata['kernel'] ?? image?.kernel ?? template.kernel);
  const initrd = word(metadata['initrd'] ?? image?.initrd ?? template.initrd);
  const bootif = node.dhcpMac === undefined ? [] : [`BOOTIF=${node.dhcpMac}`];
  const extra = metadata['kernel_args'] === undefined ? [] : [word(metadata['kernel_args'])];
  if (template.family === 'esxi') {
    const words = ['-c', answers.callback('boot_cfg'), ...bootif];
    return { lines: [`kernel ${files}/${kernel} ${words.join(' ')} || goto error`] };
  }
  if (template.family === 'xenserver') {
    const dom0 = [
      'xencons=hvc console=hvc0 console=tty0',
      `answerfile=${answers.callback('answerfile/file')}`,
      'install',
      ...extra,
    ];
    return {
      lines: [
        `kernel ${files}/${kernel} dom0_mem=1024M,max:1024M com1=115200,8n1 console=com1,vga || goto error`,
        `module ${files}/boot/vmlinuz ${dom0.join(' ')} || goto error`,
        `module ${files}/${initrd} || goto error`,
      ],
    };
  }
  const texts = [...linuxArguments(template, answers), ...bootif, ...extra, `initrd=${initrd.split('/').at(-1) ?? ''}`];
  const words = texts.flatMap((text) => text.split(' ')).filter((one) => one !== '');
  return { kernel: `${files}/${kernel}`, initrd: `${files}/${initrd}`, words };
}

/** How each family of installers is pointed at its answers. */
function linuxArguments({ answers: kind }: Template, answers: Answers): string[] {
  const file = answers.callback(`${kind}/file`);
  switch (kind) {
    case 'preseed':
      return [
        'auto=true priority=critical',
        `url=${file}`,
        'debian-installer/locale=en_US.UTF-8 keyboard-configuration/xkb-keymap=us netcfg/choose_interface=auto',
        `hostname=${answers.hostname} domain=${answers.domain}`,
      ];
    case 'kickstart':
      return [`ks=${file} inst.ks=${file}`, `inst.repo=${answers.files ?? ''}`, 'ksdevice=bootif ip=dhcp'];
    case 'autoyast':
      return [`install=${answers.files ?? ''}`, `autoyast=${file}`];
    case 'answerfile':
      return [];
  }
}

/** Boots the first disk. */
export function localScript(node: NodeRecord, active: ActiveModel, dialect: string, loader: BootLoader): string {
  if (loader === 'grub') return grubLocal(notesFor(node, active, dialect));
  return `${[...header(node, active, dialect), 'sanboot --no-describe --drive 0x80'].join('\n')}\n`;
}
