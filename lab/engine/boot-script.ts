/** Boot scripts (iPXE, GRUB): the microkernel's, the installers', the local disk's (docs/contracts/razor-0.x.md#boot). */
import type { LabCore } from '../lab-core.ts';
import { findNode } from './decide.ts';
import type { KernelArch } from '../../platform/netboot/kernel-arch.ts';
import { versionFault } from '../images/images.ts';
import { microkernelsByArch, type Microkernel } from '../images/microkernels.ts';
import { grubAskAgain, grubLoad, grubWait } from '../installers/grub-scripts.ts';
import { installerScript, localScript, type BootLoader } from '../installers/scripts.ts';
import { stateEntry } from './models.ts';
import { familyOf } from '../installers/templates.ts';
import { noteBoot } from './tries.ts';
import type { Routes } from '../listeners/routes.ts';
import { checkinInterval } from '../lab-settings.ts';
import type { Image, NodeRecord } from '../store/records.ts';

interface BootInput {
  readonly dialect: string;
  readonly hwIds: readonly string[];
  readonly dhcpMac: string | undefined;
  readonly routes: Routes;
  /** iPXE by default. */
  readonly loader?: BootLoader;
  /** What the loader says of its processor; asked for where the lab has microkernels of several. */
  readonly arch?: KernelArch | undefined;
  /** Address of this question, for asking again with the processor; undefined where that is not possible. */
  readonly again?: string | undefined;
  /** A question in advance (HEAD), as firmware asks before each GET: nothing is noted. */
  readonly peek?: boolean;
}

/** The script for a machine that asks; notes the boot in its model's log. */
export async function bootScript(core: LabCore, input: BootInput): Promise<string> {
  const node = findNode(core, input.hwIds);
  if (node && input.peek !== true && input.dhcpMac !== undefined && node.dhcpMac !== input.dhcpMac) {
    const dhcpMac = input.dhcpMac;
    await core.store.write(() => core.store.nodes.update(node.id, { dhcpMac }));
  }
  const bound = node && core.store.activeModels.ofNode(node.id);
  if (!node || !bound) return await mkScript(core, input, node, node ? 'no active model' : 'nobody knows it');
  const active = input.peek === true ? bound : await noteBoot(core, bound);
  const { boot, meaning } = stateEntry(active.state, familyOf(active.model.template));
  if (boot === 'mk')
    return mkScript(core, input, node, `${active.policyLabel} is in state ${active.state}: ${meaning}`);
  note(core, input, {
    type: 'boot',
    dialect: input.dialect,
    node: node.uuid,
    message: `boots ${boot === 'local' ? 'its local disk' : `the installer of ${active.model.label}`}: state ${active.state}, ${meaning}`,
    details: { boot, state: active.state, hwIds: input.hwIds },
  });
  const loader = input.loader ?? 'ipxe';
  if (boot === 'local')
    return localScript({ node, active, dialect: input.dialect, loader, faithful: core.settings.faithful });
  return installerScript({
    node: { ...node, dhcpMac: input.dhcpMac ?? node.dhcpMac },
    active,
    routes: input.routes,
    dialect: input.dialect,
    loader,
    core,
  });
}

function note(core: LabCore, { peek }: BootInput, event: Parameters<LabCore['events']['emit']>[0]): void {
  if (peek !== true) core.events.emit(event);
}

async function mkScript(core: LabCore, input: BootInput, node: NodeRecord | undefined, why: string): Promise<string> {
  const fault = core.settings.faithful ? versionFault(core.store.images.list()) : undefined;
  if (fault !== undefined) throw new NoMicrokernel(fault);
  const kernels = await microkernelsByArch(core.store.images.list());
  const ask = core.settings.faithful ? undefined : questionOfArch(core, input, kernels);
  if (ask !== undefined) return ask;
  const image = await bootable(core, kernels, input.arch);
  note(core, input, {
    type: 'boot',
    dialect: input.dialect,
    ...(node && { node: node.uuid }),
    message: image ? `boots the microkernel ${image.version}: ${why}` : `there is no microkernel image to boot: ${why}`,
    details: { boot: image ? 'mk' : 'none', hwIds: input.hwIds },
  });
  if (image) return microkernelScript(core, image, input);
  if (core.settings.faithful) throw new NoMicrokernel("undefined method 'uuid' for nil");
  return noImageScript(checkinInterval(core.settings), input.loader);
}

/** A faithful lab without an image, or with one that its original stumbles over: the dialect answers as that does. */
export class NoMicrokernel extends Error {}

/** The best microkernel whose files are what they were when it was added, for a processor where that is known. */
export async function bootable(
  core: LabCore,
  kernels?: readonly Microkernel[],
  arch?: KernelArch,
): Promise<Image | undefined> {
  for (const { image, arch: own } of kernels ?? (await microkernelsByArch(core.store.images.list()))) {
    if (arch !== undefined && own !== arch && !core.settings.faithful) continue;
    const wrong = await core.verifyImage(image);
    if (wrong === undefined) return image;
    core.events.emit({ type: 'failed', message: `microkernel ${image.version} is passed over: ${wrong}` });
  }
  return undefined;
}

/** A script that asks again and names the loader's processor; undefined where that is known, or all microkernels are for one. */
function questionOfArch(
  core: LabCore,
  { arch, again, loader }: BootInput,
  kernels: readonly Microkernel[],
): string | undefined {
  if (arch !== undefined || again === undefined || !/^https?:\/\/[\w.:[\]-]+\/[\w./?&=%:-]+$/.test(again))
    return undefined;
  if (new Set(kernels.map((each) => each.arch)).size < 2) return undefined;
  const interval = checkinInterval(core.settings);
  if (loader === 'grub') return grubAskAgain(again, interval);
  const lines = ['#!ipxe', `chain ${again}&arch=\${buildarch} || goto error`, ':error'];
  return `${[...lines, `echo ERROR, will reboot in ${interval}`, `sleep ${interval}`, 'reboot'].join('\n')}\n`;
}

/** Exactly the script of docs/contracts/razor-0.x.md#microkernel-boot-script. */
function microkernelScript(core: LabCore, image: Image, { routes, loader }: BootInput): string {
  const base = routes.files('mk', image.uuid);
  const { debugLevel: level, kernelArgs: args } = core.settings.microkernel;
  const words = ['maxcpus=1'];
  if (level === 'quiet' || level === 'debug') words.push(level);
  if (args !== '') words.push(args);
  // under UEFI a kernel finds only the initrd that its own line names
  if (!core.settings.faithful) words.push(`initrd=${(image.initrd ?? '').split('/').at(-1) ?? ''}`);
  const interval = checkinInterval(core.settings);
  const [kernel, initrd] = [`${base}/${image.kernel ?? ''}`, `${base}/${image.initrd ?? ''}`];
  if (loader === 'grub') {
    const each = words.flatMap((text) => text.split(' ')).filter((one) => one !== '');
    return grubLoad([`Razor Microkernel ${image.version}`], { kernel, initrd, words: each, retryS: interval });
  }
  return (
    `#!ipxe\nkernel ${kernel} ${words.join(' ')} || goto error\n` +
    `initrd ${initrd} || goto error\nboot || goto error\n\n\n\n` +
    `:error\necho ERROR, will reboot in ${interval}\nsleep ${interval}\nreboot\n`
  );
}

function noImageScript(interval: number, loader?: BootLoader): string {
  const reason = 'The lab has no microkernel image: razor-mk lab image add FILE';
  if (loader === 'grub') return grubWait([], reason, interval);
  return (
    `#!ipxe\necho ${reason}\n` +
    `goto error\n:error\necho ERROR, will reboot in ${interval}\nsleep ${interval}\nreboot\n`
  );
}
