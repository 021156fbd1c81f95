/** Boot scripts of a bound node, for iPXE and GRUB: its installer, and afterwards its local disk. */
import type { LabCore } from '../lab-core.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';
import type { Routes } from '../listeners/routes.ts';
import { diskBoot } from '../../platform/netboot/scripts.ts';
import { answersFor, filesBase, wordsOf } from './answers.ts';
import { grubLoad, grubLocal, grubWait } from './grub-scripts.ts';
import type { Load } from './installer.ts';
import { installerOf } from './registry.ts';
import { templateOf, type Template } from './templates.ts';

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
  if (load === undefined) throw new Error(`the template ${template.name} has no installer`);
  if (loader === 'grub') {
    if (!('initrd' in load)) return grubWait(notes, `${template.name} cannot be started by GRUB: boot it by iPXE`, 60);
    return grubLoad(notes, { ...load, initrd: initrdsOf(load), retryS: 60 });
  }
  const lines =
    'initrd' in load
      ? [
          `kernel ${load.kernel} ${load.words.join(' ')} || goto error`,
          ...initrdsOf(load).map((url) => `initrd ${url} || goto error`),
        ]
      : load.lines;
  return `${[...header(node, active, dialect), ...lines, 'boot || goto error', ...ON_ERROR].join('\n')}\n`;
}

function loadOf({ core, node, active, routes }: InstallerInput, template: Template, files: string): Load | undefined {
  const { metadata } = active.model;
  const image = core.store.images.get(active.model.image ?? '');
  const below = (path: string): string => `${files}/${word(path)}`;
  const initrd = below(metadata['initrd'] ?? image?.initrd ?? template.initrd);
  const bootif = node.dhcpMac === undefined ? [] : [`BOOTIF=${node.dhcpMac}`];
  const extra = wordsOf(word(metadata['kernel_args'] ?? ''));
  const load = installerOf(template.name)?.load?.({
    answers: answersFor(active, routes),
    files,
    kernel: below(metadata['kernel'] ?? image?.kernel ?? template.kernel),
    initrd,
    words: [...bootif, ...extra],
  });
  if (load === undefined || !('initrd' in load)) return load;
  // under UEFI a kernel finds only the initrd that its own line names
  return { ...load, words: [...load.words, ...initrdsOf(load).map((url) => `initrd=${url.split('/').at(-1) ?? ''}`)] };
}

function initrdsOf({ before, initrd }: Extract<Load, { readonly initrd: string }>): readonly string[] {
  return [...(before === undefined ? [] : [before]), initrd];
}

/** Who asks for its own disk. */
export interface LocalBoot {
  readonly node: NodeRecord;
  readonly active: ActiveModel;
  readonly dialect: string;
  readonly loader: BootLoader;
  readonly faithful: boolean;
}

/** Boots the first disk. */
export function localScript({ node, active, dialect, loader, faithful }: LocalBoot): string {
  if (loader === 'grub') return grubLocal(notesFor(node, active, dialect));
  return `${[...header(node, active, dialect), diskBoot(faithful)].join('\n')}\n`;
}
