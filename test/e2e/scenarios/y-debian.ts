/** Debian's own installer, started by the lab with the answers of the template `debian`: as far as its first packages, and to the end. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { debianTree } from '../../helpers/debian-tree.ts';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { aptMirror, fromMirror, openMirror, type DebianMirror } from '../debian-mirror.ts';
import { makeParts } from '../debian-parts.ts';
import { emptyDisk, readySite } from '../ready.ts';
import { isEvent, type ReadySite, type Scenario, type World } from '../scenario.ts';

const RELEASES = { 12: undefined, 13: 'trixie' } as const;
type Version = keyof typeof RELEASES;
const BUILD = new URL('../../../build/', import.meta.url).pathname;
const PARTS = join(BUILD, 'debian-parts');
const PORT = 8090;
const WAITING = 110 * 60_000;

/** The directory with the installer's kernel and initrd, from its package. */
async function installerFiles(
  world: World,
  version: Version,
): Promise<{ readonly files: string; readonly release: string }> {
  const name = `debian-installer-${version}-netboot-amd64`;
  const dir = join(BUILD, version === 12 ? 'debian-installer' : `debian-installer-${version}`);
  const suite = RELEASES[version];
  const tree = await debianTree({ dir, packages: [name], suite, tell: (line) => world.step(line) });
  if (typeof tree === 'string') throw new Error(tree);
  const files = join(tree.root, `usr/lib/debian-installer/images/${version}/amd64/text/debian-installer/amd64`);
  if (!existsSync(join(files, 'linux'))) throw new Error(`${name} has no ${files}/linux`);
  return { files, release: suite ?? 'bookworm' };
}

interface Installing extends ReadySite {
  readonly mirror: DebianMirror;
  readonly machine: Machine;
  readonly node: string | undefined;
}

interface StartOptions {
  readonly files: string;
  readonly version: Version;
  readonly settings: readonly string[];
  /** Files of the mirror that are made here. */
  readonly made?: ReadonlyMap<string, string>;
  readonly firmware?: 'bios' | 'uefi';
}

/** A machine that is bound to Debian and starts its installer. */
async function startInstaller(world: World, options: StartOptions): Promise<Installing> {
  const ready = await readySite(world, {
    discoverOnly: true,
    ipxe: options.firmware === 'uefi' ? 'trixie' : 'installed',
  });
  const mirror = await openMirror(ready.site, PORT, options.made);
  try {
    return { ...ready, mirror, ...(await bootInstaller(world, ready, mirror, options)) };
  } catch (error) {
    await mirror.close();
    throw error;
  }
}

async function bootInstaller(
  world: World,
  { site, lab }: ReadySite,
  mirror: DebianMirror,
  options: StartOptions,
): Promise<Pick<Installing, 'machine' | 'node'>> {
  // a whole installation may take its time, also on a machine that does something else
  const slow = (ms: number): number => (options.made === undefined ? ms : WAITING);
  await addDebian(site, options, mirror.url);
  await site.lan.addTap('tap0');
  world.step('power on');
  const machine = await site.machine({
    name: 'node1',
    nics: [{ mac: '52:54:00:00:79:01', tap: 'tap0', bootindex: 1 }],
    memoryMiB: 1536,
    firmware: options.firmware ?? 'bios',
    args: quickDisk(site),
  });
  const { node } = await lab.waitFor('bound', isEvent('bound'), slow(300_000));
  world.step('bound; it is rebooted into the installer');
  await lab.waitFor('installer served', (event) => event.type === 'boot' && event.details?.['boot'] === 'installer');
  world.step('Debian’s installer starts and asks for its answers');
  await lab.waitFor(
    'answers sent',
    (event) => event.type === 'callback' && event.message.startsWith('preseed/file'),
    slow(400_000),
  );
  await lab.waitFor('the start is reported', (event) => event.message.startsWith('preseed/start'), slow(200_000));
  return { machine, node };
}

/** An empty disk, of which nothing has to outlive this machine. */
function quickDisk(site: Site): string[] {
  const [, drive = ''] = emptyDisk(site, 'disk', 8192);
  const backend = drive.replace('if=virtio', 'if=none,id=disk,cache=unsafe,discard=unmap');
  return ['-drive', backend, '-device', 'virtio-blk-pci,drive=disk,bootindex=2'];
}

async function addDebian(site: Site, { files, version, settings }: StartOptions, mirror: string): Promise<void> {
  const image = (await site.lab(
    ...['image', 'add', files, '--type', 'os', '--name', 'debian', '--image-version', String(version)],
    ...['--kernel', 'linux', '--initrd', 'initrd.gz', '--force'],
  )) as { uuid: string };
  await site.lab(
    ...['model', 'add', '--label', 'debian', '--template', 'debian', '--image', image.uuid],
    ...['--set', `mirror=${mirror}`, 'root_password=sesame', ...settings],
  );
  await site.lab('policy', 'add', '--label', 'install', '--model', 'debian');
}

async function stateOf(site: Site, node: string | undefined): Promise<unknown> {
  const known = (await site.lab('node', 'get', node ?? '')) as { readonly state?: unknown };
  return known.state;
}

const lacks = async (): Promise<string | undefined> => {
  const found = await aptMirror();
  return 'lack' in found ? found.lack : undefined;
};

const CONSOLE = 'kernel_args=console=ttyS0,115200 DEBIAN_FRONTEND=text';

export const answers: Scenario = {
  id: 'y',
  title:
    'Debian 12’s own installer takes the answers of its template, reads the lists of a mirror and asks for its first part',
  gate: false,
  minutes: 9,
  lacks,
  async run(world) {
    const { files } = await installerFiles(world, 12);
    const { mirror } = await startInstaller(world, { files, version: 12, settings: [CONSOLE] });
    try {
      world.step('it reads the mirror’s lists and asks for the first of its own parts');
      const until = Date.now() + 240_000;
      while (!mirror.asked.some((path) => path.endsWith('.udeb'))) {
        if (Date.now() > until) throw new Error(`the mirror was asked only: ${mirror.asked.join(' ')}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } finally {
      await mirror.close();
    }
  },
};

/** A small Debian: what an emulator need not do twice, it does not do. */
const SMALL = [
  'packages=wget',
  'tasks=none',
  // the machine reaches nothing but its mirror
  'security_mirror=none',
  'hostname_prefix=web',
];
const SMALL_KERNEL_LINE = [
  ...['base-installer/install-recommends=false', 'base-installer/kernel/image=linux-image-cloud-amd64'],
  ...['base-installer/initramfs-tools/driver-policy=dep', 'pkgsel/upgrade=none'],
].join(' ');

function wholeDebian(id: string, firmware: 'bios' | 'uefi'): Scenario {
  return {
    id,
    title: `a whole Debian 13 by ${firmware.toUpperCase()} from power-on to its login: discovered, bound, installed, booted from its own disk`,
    gate: false,
    minutes: 120,
    lacks,
    async run(world) {
      const { files, release } = await installerFiles(world, 13);
      world.step('the parts of the installer');
      const made = await makeParts({
        release,
        kernel: join(files, 'linux'),
        initrd: join(files, 'initrd.gz'),
        dir: PARTS,
        fetch: fromMirror,
      });
      world.step(`made of packages: ${made.made.join(' ') || 'none'}; left out: ${made.left.join(' ') || 'none'}`);
      const parts = `mirror/udeb/suite=${made.suite} debian-installer/allow_unauthenticated=true`;
      const { site, mirror, machine, lab, node } = await startInstaller(world, {
        files,
        version: 13,
        made: made.files,
        firmware,
        settings: [`${CONSOLE} ${SMALL_KERNEL_LINE} ${parts}`, ...SMALL],
      });
      try {
        await asked(world, mirror, /\.udeb$/, 'it fetches its parts');
        await asked(
          world,
          mirror,
          /\/main\/binary-amd64\//,
          'it has partitioned the disk, and installs the base system',
        );
        await asked(world, mirror, /linux-image-/, 'the base system is there; it installs the kernel');
        await asked(world, mirror, /\/grub/, 'it installs the boot loader');
        await lab.waitFor('installed', (event) => event.message.startsWith('preseed/end'), WAITING);
        world.step('installed, and reported; it restarts');
        await lab.waitFor(
          'local boot',
          (event) => event.type === 'boot' && event.details?.['boot'] === 'local',
          WAITING,
        );
        world.step('the lab has it boot its own disk');
        await lab.waitFor('ready', (event) => event.message.startsWith('postinstall/final'), WAITING);
        world.step('the new system reports that it is ready');
        await machine.expect(/web1 login:/, { timeoutMs: 600_000 });
        world.step('its console has a login with its host name');
        assert.equal(await stateOf(site, node), 'complete_no_broker');
      } finally {
        await mirror.close();
      }
    },
  };
}

/** Waits until the mirror was asked for such a file. */
async function asked(world: World, mirror: DebianMirror, file: RegExp, then: string): Promise<void> {
  const until = Date.now() + WAITING;
  while (!mirror.asked.some((path) => file.test(path))) {
    if (Date.now() > until) throw new Error(`the mirror was not asked for ${String(file)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  world.step(then);
}

export const whole = wholeDebian('debian-install', 'bios');
export const wholeByUefi = wholeDebian('debian-install-uefi', 'uefi');
