/** iPXE scripts of a bound node: its installer, and afterwards its local disk. */
import type { LabCore } from '../lab-core.ts';
import { templateOf, type Template } from '../engine/models.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';
import type { Routes } from '../listeners/routes.ts';
import { answersFor, filesBase, type Answers } from './answers.ts';

/** What an installer's script is made of. */
interface InstallerInput {
  readonly core: LabCore;
  readonly node: NodeRecord;
  readonly active: ActiveModel;
  readonly routes: Routes;
  /** Whose words the console shows: razor, hanlon, razor-server. */
  readonly dialect: string;
}

const ON_ERROR = [':error', 'echo ERROR, will reboot in 60', 'sleep 60', 'reboot'];

/** What is shown on the console of a node before anything is loaded. */
function header(node: NodeRecord, active: ActiveModel, dialect: string): string[] {
  return [
    '#!ipxe',
    `echo ${dialect === 'hanlon' ? 'Hanlon' : 'Razor'} ${word(active.model.label)} model boot_call`,
    `echo Installation node UUID : ${node.uuid}`,
    `echo Installation image UUID: ${active.model.image ?? 'none'}`,
    `echo Active Model node state: ${active.state}`,
    'sleep 3',
  ];
}

/** Text that cannot end a line or start an expansion of an iPXE script. */
function word(text: string): string {
  return text.replaceAll(/[^\w .,:@/=+-]/g, '_');
}

/** The installer of a node in state init or preinstall. */
export function installerScript({ core, node, active, routes, dialect }: InstallerInput): string {
  const template = templateOf(active.model.template);
  const files = filesBase(active, routes);
  const load =
    template === undefined || files === undefined
      ? [`echo The model ${word(active.model.label)} has no image to install from`, 'goto error']
      : [...loadLines(core, template, files, node, active, routes), 'boot || goto error'];
  return `${[...header(node, active, dialect), ...load, ...ON_ERROR].join('\n')}\n`;
}

function loadLines(
  core: LabCore,
  template: Template,
  files: string,
  node: NodeRecord,
  active: ActiveModel,
  routes: Routes,
): string[] {
  const metadata = active.model.metadata;
  const answers = answersFor(active, routes);
  const image = core.store.images.get(active.model.image ?? '');
  const kernel = word(metadata['kernel'] ?? image?.kernel ?? template.kernel);
  const initrd = word(metadata['initrd'] ?? image?.initrd ?? template.initrd);
  const bootif = node.dhcpMac === undefined ? [] : [`BOOTIF=${node.dhcpMac}`];
  const extra = metadata['kernel_args'] === undefined ? [] : [word(metadata['kernel_args'])];
  if (template.family === 'esxi') {
    return [`kernel ${files}/${kernel} ${['-c', answers.callback('boot_cfg'), ...bootif].join(' ')} || goto error`];
  }
  if (template.family === 'xenserver') {
    const dom0 = [
      'xencons=hvc console=hvc0 console=tty0',
      `answerfile=${answers.callback('answerfile/file')}`,
      'install',
      ...extra,
    ];
    return [
      `kernel ${files}/${kernel} dom0_mem=1024M,max:1024M com1=115200,8n1 console=com1,vga || goto error`,
      `module ${files}/boot/vmlinuz ${dom0.join(' ')} || goto error`,
      `module ${files}/${initrd} || goto error`,
    ];
  }
  const args = [...linuxArguments(template, answers), ...bootif, ...extra, `initrd=${initrd.split('/').at(-1) ?? ''}`];
  return [`kernel ${files}/${kernel} ${args.join(' ')} || goto error`, `initrd ${files}/${initrd} || goto error`];
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
export function localScript(node: NodeRecord, active: ActiveModel, dialect: string): string {
  return `${[...header(node, active, dialect), 'sanboot --no-describe --drive 0x80'].join('\n')}\n`;
}
