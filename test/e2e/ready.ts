/** The usual beginning of a scenario: a site with DHCP, TFTP and a lab that knows the microkernel and a policy. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import type { Machine, MachineOptions } from '../../lab/vm/machine.ts';
import type { Site } from '../../lab/vm/site.ts';
import type { ImageChoice } from './images.ts';
import type { ReadySite, World } from './scenario.ts';

export interface ReadyOptions {
  readonly image?: ImageChoice;
  /** Options of `razor-mk lab`. */
  readonly lab?: readonly string[];
  /** Words for the microkernel's kernel line besides the console. */
  readonly kernelArgs?: string;
  /** No policy: nodes register and are left alone. */
  readonly discoverOnly?: boolean;
  readonly dhcp?: boolean;
  /** Whose iPXE; Debian 13’s boots a local disk under UEFI. */
  readonly ipxe?: 'installed' | 'trixie';
}

export const CONSOLE = 'console=tty0 console=ttyS0,115200';
/** Of QEMU's board for arm64. */
export const ARM_CONSOLE = 'console=ttyAMA0,115200';

/** Opens a site and makes it ready. */
export async function readySite(world: World, options: ReadyOptions = {}): Promise<ReadySite> {
  const image = await world.images.microkernel(options.image ?? { kernel: 'cloud' });
  const installer = options.discoverOnly === true ? undefined : await world.images.installer();
  world.step('open the site');
  const site = await world.site();
  const args = [options.image?.arch === 'arm64' ? ARM_CONSOLE : CONSOLE, options.kernelArgs ?? ''].join(' ').trim();
  const lab = await site.startLab([
    '--mk',
    'mk_checkin_interval=3',
    'mk_checkin_skew=0',
    '--mk-kernel-args',
    args,
    ...(options.lab ?? []),
  ]);
  world.step('tell the lab of the image and the policy');
  await site.lab('image', 'add', image.iso);
  if (installer !== undefined) await addPolicy(site, installer);
  if (options.dhcp !== false) {
    const tftp = join(site.dir, 'tftp');
    mkdirSync(tftp, { recursive: true });
    // the lab's own script names the initrd, so the machine's iPXE will do; scenario b2 is about the other one
    await layOutTftp(
      world,
      tftp,
      '--ipxe',
      options.ipxe ?? (options.image?.arch === 'arm64' ? 'trixie' : 'installed'),
      '--server',
      site.address,
    );
    await site.lan.startDhcp({ tftpRoot: tftp, names: { 'razor.test': site.address } });
  }
  return { site, lab };
}

/** A policy that installs every machine that registers, told to a running lab. `installer` is a directory of `Images`. */
export async function addPolicy(site: Site, installer: string): Promise<void> {
  await installEverything(site, await addInstaller(site, installer));
}

/** Tells the lab of the installer's image; gives its UUID. */
export async function addInstaller(site: Site, installer: string): Promise<string> {
  const os = (await site.lab(
    ...['image', 'add', installer, '--type', 'os', '--name', 'installer', '--image-version', '1.0'],
    ...['--kernel', 'linux', '--initrd', 'initrd.gz'],
  )) as { uuid: string };
  return os.uuid;
}

/** From now on every node is bound to the installer of that UUID. */
export async function installEverything(site: Site, image: string): Promise<void> {
  await site.lab(
    ...['model', 'add', '--label', 'Ubuntu', '--template', 'ubuntu_precise', '--image', image],
    ...['--set', 'kernel=linux', 'initrd=initrd.gz'],
  );
  await site.lab('tag', 'add', '--name', 'any machine', '--tag', 'discovered', '--match', 'mk_hw_nic_count~\\d+');
  await site.lab('policy', 'add', '--label', 'install everything', '--model', 'Ubuntu', '--tags', 'discovered');
}

/** An empty disk of `mib` MiB as QEMU's arguments. */
export function emptyDisk(site: Site, name: string, mib: number): string[] {
  const file = join(site.dir, `${name}.raw`);
  writeFileSync(file, '');
  truncateSync(file, mib * 1024 * 1024);
  return ['-drive', `file=${file},format=raw,if=virtio`];
}

/** `razor-mk image ipxe` lays the TFTP root out, as a person would do it. Gives the directory. */
export async function layOutTftp(world: World, dir: string, ...options: readonly string[]): Promise<string> {
  world.step(`lay out the TFTP root: image ipxe ${options.join(' ')}`);
  const { self } = await import('./self.ts');
  const result = await run([...self, 'image', 'ipxe', '--out', dir, ...options], { timeoutMs: 180_000 });
  if (result.status !== 0) throw new Error(`razor-mk image ipxe: ${result.stderr.toString()}`);
  return dir;
}

export interface DirectOptions {
  readonly name: string;
  readonly firmware?: MachineOptions['firmware'];
  readonly nics: MachineOptions['nics'];
  /** Words for the kernel line besides the console. */
  readonly append?: string;
  readonly memoryMiB?: number;
  readonly board?: MachineOptions['board'];
  readonly noReboot?: boolean;
  readonly args?: readonly string[];
}

/** Boots kernel and initrd without firmware's and iPXE's part, for scenarios that are about what comes after. */
export async function bootDirectly(
  world: World,
  site: Site,
  choice: ImageChoice,
  options: DirectOptions,
): Promise<Machine> {
  const image = await world.images.microkernel(choice);
  return await site.machine({
    name: options.name,
    ...(options.firmware !== undefined && { firmware: options.firmware }),
    ...(choice.arch === 'arm64' && { arch: 'aarch64' as const }),
    nics: options.nics.map((nic) => ({ romfile: '', ...nic })),
    ...(options.memoryMiB !== undefined && { memoryMiB: options.memoryMiB }),
    ...(options.board !== undefined && { board: options.board }),
    ...(options.noReboot !== undefined && { noReboot: options.noReboot }),
    args: [
      ...['-kernel', image.kernel, '-initrd', image.initrd],
      ...['-append', `maxcpus=1 ${choice.arch === 'arm64' ? ARM_CONSOLE : CONSOLE} ${options.append ?? ''}`.trim()],
      ...(options.args ?? []),
    ],
  });
}
