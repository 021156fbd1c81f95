/** Debian's own installer, started by the lab with the answers of the template `debian`: as far as its first packages, and to the end. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { debianTree } from '../../helpers/debian-tree.ts';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { aptMirror, lacksInstallerParts, openMirror, type DebianMirror } from '../debian-mirror.ts';
import { emptyDisk, readySite } from '../ready.ts';
import { isEvent, type ReadySite, type Scenario, type World } from '../scenario.ts';

const PACKAGE = 'debian-installer-12-netboot-amd64';
const BUILD = new URL('../../../build/debian-installer', import.meta.url).pathname;
const TEXT = 'usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64';
const PORT = 8090;

async function installerFiles(world: World): Promise<string> {
  const tree = await debianTree({ dir: BUILD, packages: [PACKAGE], tell: (line) => world.step(line) });
  if (typeof tree === 'string') throw new Error(tree);
  const files = join(tree.root, TEXT);
  if (!existsSync(join(files, 'linux'))) throw new Error(`${PACKAGE} has no ${TEXT}/linux`);
  return files;
}

interface Installing extends ReadySite {
  readonly mirror: DebianMirror;
  readonly machine: Machine;
  readonly node: string | undefined;
}

/** A machine that is bound to Debian and starts its installer. */
async function startInstaller(world: World, more: readonly string[]): Promise<Installing> {
  const files = await installerFiles(world);
  const { site, lab } = await readySite(world, { discoverOnly: true });
  const mirror = await openMirror(site, PORT);
  await addDebian(site, files, mirror.url, more);
  await site.lan.addTap('tap0');
  world.step('power on');
  const machine = await site.machine({
    name: 'node1',
    nics: [{ mac: '52:54:00:00:79:01', tap: 'tap0', bootindex: 1 }],
    memoryMiB: 1024,
    args: emptyDisk(site, 'disk', 8192),
  });
  const { node } = await lab.waitFor('bound', isEvent('bound'), 300_000);
  world.step('bound; it is rebooted into the installer');
  await lab.waitFor('installer served', (event) => event.type === 'boot' && event.details?.['boot'] === 'installer');
  world.step('Debian’s installer starts and asks for its answers');
  await lab.waitFor(
    'answers sent',
    (event) => event.type === 'callback' && event.message.startsWith('preseed/file'),
    400_000,
  );
  await lab.waitFor('the start is reported', (event) => event.message.startsWith('preseed/start'), 200_000);
  return { site, lab, mirror, machine, node };
}

async function addDebian(site: Site, files: string, mirror: string, more: readonly string[]): Promise<void> {
  const image = (await site.lab(
    ...['image', 'add', files, '--type', 'os', '--name', 'debian', '--image-version', '12'],
    ...['--kernel', 'linux', '--initrd', 'initrd.gz', '--force'],
  )) as { uuid: string };
  await site.lab(
    ...['model', 'add', '--label', 'bookworm', '--template', 'debian', '--image', image.uuid],
    ...['--set', `mirror=${mirror}`, 'root_password=sesame', ...more],
  );
  await site.lab('policy', 'add', '--label', 'install', '--model', 'bookworm');
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
    const { mirror } = await startInstaller(world, [CONSOLE]);
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

export const whole: Scenario = {
  id: 'debian-install',
  title: 'a whole Debian 12 from power-on to its login: discovered, bound, installed, booted from its own disk',
  gate: false,
  minutes: 90,
  lacks: lacksInstallerParts,
  async run(world) {
    const { site, mirror, machine, lab, node } = await startInstaller(world, [
      CONSOLE,
      'packages=openssh-server wget',
      'hostname_prefix=web',
    ]);
    try {
      const waiting = 85 * 60_000;
      world.step('the installer partitions, installs and reports its end');
      await lab.waitFor('installed', (event) => event.message.startsWith('preseed/end'), waiting);
      world.step('the machine boots its own disk');
      await lab.waitFor('local boot', (event) => event.type === 'boot' && event.details?.['boot'] === 'local', waiting);
      world.step('the new system reports that it is ready');
      await lab.waitFor('ready', (event) => event.message.startsWith('postinstall/final'), waiting);
      world.step('its console has a login with its host name');
      await machine.expect(/web1 login:/, { timeoutMs: 600_000 });
      assert.equal(await stateOf(site, node), 'complete_no_broker');
    } finally {
      await mirror.close();
    }
  },
};
