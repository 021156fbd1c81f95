/** iPXE scripts of a bound node: its installer, and afterwards its local disk. */
import type { Addresses, LabCore } from './core.ts';
import { templateOf } from './models.ts';
import type { ActiveModel, NodeRecord } from './store.ts';

export interface InstallerInput {
  readonly core: LabCore;
  readonly node: NodeRecord;
  readonly active: ActiveModel;
  readonly addresses: Addresses;
}

/** What is shown on the console of a node before anything is loaded. */
function header(node: NodeRecord, active: ActiveModel): string[] {
  return [
    '#!ipxe',
    `echo Razor ${word(active.model.label)} model boot_call`,
    `echo Installation node UUID : ${node.uuid}`,
    `echo Installation image UUID: ${active.model.image ?? 'none'}`,
    `echo Active Model node state : ${active.state}`,
    'sleep 3',
  ];
}

/** Text that cannot end a line or start an expansion of an iPXE script. */
function word(text: string): string {
  return text.replaceAll(/[^\w .,:@/=+-]/g, '_');
}

/** The installer of a node in state init or preinstall. */
export function installerScript({ node, active, addresses }: InstallerInput): string {
  const template = templateOf(active.model.template);
  const files = `${addresses.images}/razor/image/os/${active.model.image ?? 'none'}`;
  const answers = `${addresses.nodes}/razor/api/policy/callback/${active.uuid}/${template?.answers ?? 'preseed'}/file`;
  const kernel = active.model.metadata['kernel'] ?? template?.kernel ?? '';
  const initrd = active.model.metadata['initrd'] ?? template?.initrd ?? '';
  return `${[
    ...header(node, active),
    `kernel ${files}/${word(kernel)} url=${answers} || goto error`,
    `initrd ${files}/${word(initrd)} || goto error`,
    'boot || goto error',
    ':error',
    'echo ERROR, will reboot in 60',
    'sleep 60',
    'reboot',
  ].join('\n')}\n`;
}

/** Boots the first disk. */
export function localScript(node: NodeRecord, active: ActiveModel): string {
  return `${[...header(node, active), 'sanboot --no-describe --drive 0x80'].join('\n')}\n`;
}
