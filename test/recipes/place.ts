/**
 * Where recipes are run: a network on which 192.0.2.1 is this machine's address on eth1, and directories of this run in the places
 * that the page names (/srv, /mnt, build/base, build/image), so that its commands work as they stand.
 */
import { closeSync, copyFileSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';
import { createSegment } from '../../lab/vm/segment.ts';
import { firmwareFiles, startMachine, type Machine } from '../../lab/vm/machine.ts';
import { startLabProcess, type LabProcess } from '../../lab/vm/site-lab.ts';
import { createTimeline } from '../../lab/vm/timeline/timeline.ts';
import { PROJECT } from '../../packaging/project-paths.ts';
import { tool } from '../../packaging/tools.ts';
import type { Daemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { machineOptions, type RecipeMachine } from './recipes.ts';
import type { RecipeStep } from './page.ts';

export interface Place {
  /** Does what a step says. A command that stays in the foreground is left running. Throws when one fails. */
  carryOut(step: RecipeStep): Promise<void>;
  /** Another DHCP server on the same network, as a router has one: it gives out addresses and names itself. */
  router(): Promise<void>;
  powerOn(machine: RecipeMachine): Promise<{ readonly machine: Machine; readonly mac: string }>;
  /** Resolves when the machine with that MAC has registered with the lab. */
  registered(mac: string, timeoutMs: number): Promise<void>;
  /** What dnsmasq, httpd and the lab said. */
  readonly said: readonly string[];
  close(): Promise<void>;
}

interface PlaceOptions {
  /** Of this run alone. */
  readonly dir: string;
  /** Directories that stand in the places of build/base and build/image. */
  readonly base: string;
  readonly image: string;
}

/** Binds the directories of a run over the places that the page names, in a mount namespace of the command alone. */
const IN_PLACE = `set -e
dir=$1 base=$2 image=$3 clone=$4
shift 4
mkdir -p "$clone/build/base" "$clone/build/image" /var/lib/misc
for place in srv mnt run var/lib/misc; do mount --bind "$dir/$place" "/$place"; done
mount --bind "$base" "$clone/build/base"
mount --bind "$image" "$clone/build/image"
cd "$clone"
exec "$@"`;

/** The stick of the page is no file of anybody's machine: it is this one. */
const STICK = '/srv/stick';
const STICK_BYTES = 256 * 1024 * 1024;

export async function createPlace({ dir, base, image }: PlaceOptions): Promise<Place> {
  for (const path of ['srv', 'mnt', 'run', 'var/lib/misc']) mkdirSync(join(dir, path), { recursive: true });
  const stick = openSync(join(dir, STICK), 'w');
  ftruncateSync(stick, STICK_BYTES);
  closeSync(stick);
  const said: string[] = [];
  const namespace = await createNamespace();
  const others: Namespace[] = [];
  const daemons: Daemon[] = [];
  let lab: LabProcess | undefined;
  const lan = await createSegment(namespace, { bridge: 'eth1', net: '192.0.2' });
  await lan.addTap('tap0');
  const env = ['env', `HOME=${process.env['HOME'] ?? '/root'}`];
  const inPlace = (argv: readonly string[]): [string, ...string[]] => [
    ...(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', IN_PLACE, 'sh'] as [string, ...string[]]),
    ...[dir, base, image, PROJECT, ...env, ...argv],
  ];
  const startLab = async (command: string): Promise<void> => {
    await lab?.stop();
    // the options beyond the page's only make it tell what happens, and ask sooner
    const words = [process.execPath, 'agent/main.ts', 'lab', ...(command.split(' -- lab ')[1]?.split(' ') ?? [])];
    const more = ['--events', '--image-dir', '/srv/images', '--mk', 'mk_checkin_interval=3', 'mk_checkin_skew=0'];
    const inside: Namespace = { ...namespace, start: (argv, options) => namespace.start(inPlace(argv), options) };
    const timeline = createTimeline(() => performance.now());
    const sinks = { decisions: said, byMac: new Map<string, string>(), timeline };
    lab = await startLabProcess(inside, [...words, ...more] as [string, ...string[]], sinks);
  };
  return {
    said,
    async carryOut(step) {
      if ('write' in step) {
        const path = join(dir, step.write);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, step.text);
        return;
      }
      const command = step.command.replaceAll('/dev/sdX', STICK);
      if (command.startsWith('npm run -s razor-mk -- lab --host')) return await startLab(command);
      const argv = inPlace(['sh', '-c', command]);
      if (step.foreground) {
        const name = command.split(' ', 1)[0] ?? '';
        const daemon = await namespace.start(argv, { onLine: (line) => void said.push(`${name}: ${line}`) });
        daemons.push(daemon);
        // one that cannot start ends at once
        const ended = await Promise.race([daemon.exited, new Promise((resolve) => setTimeout(resolve, 700))]);
        if (ended !== undefined) throw new Error(`${command} ended: ${said.slice(-5).join('; ')}`);
        return;
      }
      const result = await run(namespace.inside(argv), { timeoutMs: 300_000 });
      if (result.status === 0) return;
      throw new Error(`${command}: status ${String(result.status)}: ${result.stderr.toString().slice(-1500)}`);
    },
    async router() {
      const other = await createNamespace();
      others.push(other);
      const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(other.pid)];
      await tool(['ip', 'link', 'add', 'router', 'netns', String(namespace.pid), ...ends]);
      await namespace.must(['ip', 'link', 'set', 'router', 'master', 'eth1', 'up']);
      await other.must(['ip', 'addr', 'add', '192.0.2.254/24', 'dev', 'eth0']);
      await other.must(['ip', 'link', 'set', 'eth0', 'up']);
      const range = '--dhcp-range=192.0.2.200,192.0.2.250,255.255.255.0,5m';
      const files = ['--conf-file=/dev/null', '--pid-file=', '--leasefile-ro', '--log-facility=-', '--log-dhcp'];
      const argv = ['dnsmasq', '--keep-in-foreground', '--user=root', '--port=0', '--interface=eth0', range, ...files];
      await other.start(argv as [string, ...string[]], { onLine: (line) => void said.push(`router: ${line}`) });
    },
    async powerOn(kind) {
      const { mac, ...options } = machineOptions(kind, { stick: join(dir, STICK), files: join(dir, 'mnt') });
      const name = `${kind.firmware}-${kind.boots}`;
      if (kind.firmware === 'uefi') copyFileSync(firmwareFiles(options).vars, join(dir, `${name}.vars`));
      return { machine: await startMachine(namespace, { name, dir, ...options }), mac };
    },
    async registered(mac, timeoutMs) {
      const hwId = mac.replaceAll(':', '').toUpperCase();
      const knows = (details: unknown): boolean => JSON.stringify(details ?? {}).includes(hwId);
      if (lab === undefined) throw new Error('no lab was started');
      await lab.waitFor(`${mac} registered`, (event) => event.type === 'registered' && knows(event.details), timeoutMs);
    },
    async close() {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      await lab?.stop();
      await namespace.close();
      for (const other of others) await other.close();
    },
  };
}
