/** From what an image is to what is said about it, and to the command that makes a model of it. */
import { templateOf } from '../../installers/templates.ts';
import type { Architecture, Recognition, Unfit } from './recognition.ts';

/** The template of each kind, and the processors whose machines it can install. The only list of both. */
export const PROPOSED_TEMPLATES: Readonly<Record<string, readonly [string, ...Architecture[]]>> = {
  debian: ['debian', 'amd64', 'arm64'],
  debian_7: ['debian_wheezy', 'amd64'],
  ubuntu: ['ubuntu', 'amd64', 'arm64'],
  ubuntu_oneiric: ['ubuntu_oneiric', 'amd64'],
  ubuntu_precise: ['ubuntu_precise', 'amd64'],
  redhat: ['redhat', 'amd64', 'arm64'],
  redhat_6: ['redhat_6', 'amd64'],
  centos_6: ['centos_6', 'amd64'],
  oraclelinux_6: ['oraclelinux_6', 'amd64'],
  scientificlinux_6: ['scientificlinux_6', 'amd64'],
  fedora: ['fedora', 'amd64', 'arm64'],
  sles: ['sles', 'amd64', 'arm64'],
  sles_11: ['sles_11', 'amd64'],
  opensuse_leap: ['opensuse_leap', 'amd64', 'arm64'],
  agama: ['agama', 'amd64', 'arm64'],
  opensuse_12: ['opensuse_12', 'amd64'],
  fedora_coreos: ['fedora_coreos', 'amd64', 'arm64'],
  flatcar: ['flatcar', 'amd64', 'arm64'],
  talos: ['talos', 'amd64', 'arm64'],
  proxmox: ['proxmox', 'amd64'],
  esxi_5: ['vmware_esxi_5', 'amd64'],
  esxi_7: ['vmware_esxi_7', 'amd64'],
  xenserver_boston: ['xenserver_boston', 'amd64'],
  xenserver_tampa: ['xenserver_tampa', 'amd64'],
  windows: ['windows', 'amd64'],
};

/** What the person who adds an image is told. */
export interface Proposal {
  /** `this is Debian 12.5 amd64, netboot: use template debian`. */
  readonly says: string;
  readonly template: string | undefined;
  /** The next command; undefined where no template fits. */
  readonly next: string | undefined;
  readonly notes: readonly string[];
}

/** A recognition in a few words: `Debian 12.5 amd64, netinst`. */
export function describeImage({ system, version, arch, medium }: Recognition): string {
  const words = [system, version, arch === 'other' ? 'for another processor' : arch].filter(Boolean).join(' ');
  return medium === undefined ? words : `${words}, ${medium}`;
}

/** Why nothing can be installed from it: what its reader found, or a processor that no template is for. */
export function unfitness(found: Recognition): Unfit | undefined {
  if (found.unfit !== undefined || found.kind === undefined || found.arch === undefined) return found.unfit;
  const row = PROPOSED_TEMPLATES[found.kind];
  if (row === undefined) return undefined;
  const [template, ...processors] = row;
  if (processors.includes(found.arch)) return undefined;
  return {
    why: `it is for ${found.arch === 'other' ? 'a processor that the lab does not know' : found.arch}, and the template ${template} is for ${processors.join(' and ')} only`,
    remedy: `Take the medium for ${processors.join(' or ')}.`,
  };
}

/** A name for it, with letters that every file of the lab takes: `debian-12.5.0`. */
export function proposedName({ system, version, arch }: Recognition): string {
  const other = arch === undefined || arch === 'amd64' ? '' : arch;
  const words = [system, version, other].filter((word) => word !== '').join('-');
  return (
    words
      .toLowerCase()
      .replaceAll(/[^\w.]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 60) || 'image'
  );
}

/** The proposal for an image that was added; `id` names it in the command. */
export function propose(found: Recognition, image: { readonly name: string; readonly id: string }): Proposal {
  const named = found.kind === undefined ? undefined : PROPOSED_TEMPLATES[found.kind]?.[0];
  const template = named === undefined ? undefined : templateOf(named);
  const what = `this is ${describeImage(found)}`;
  const notes = found.arch === 'arm64' ? [...found.notes, ARM] : found.notes;
  if (template === undefined)
    return { says: `${what}: no template is for it`, template: undefined, next: undefined, notes };
  const password = found.type === 'os' ? '' : ' --set root_password=…';
  return {
    says: `${what}: use template ${template.name}`,
    template: template.name,
    next: `razor-mk lab model add --label ${image.name} --template ${template.name} --image ${image.id}${password}`,
    notes,
  };
}

const ARM = 'It is for arm64: give its policy a tag that only those machines have.';
