/** What ends an operation: sync, power_off, and run_image, which is a restart. */
import { sync } from '../../../../platform/process/sync.ts';
import type { CommandContext, IronicCommand } from '../ironic-options.ts';
import { changed } from '../live.ts';

/** The conductor waits for the machine to go, so that this is answered first and done a moment later. */
const LATER_MS = 2000;

export const standbySync: IronicCommand = {
  name: 'standby.sync',
  async: false,
  run: async (_, { system }) => void (await changed(system, 'write everything to the disks', sync)),
};

export const powerOff: IronicCommand = {
  name: 'standby.power_off',
  async: true,
  run: (_, context) => leave(context, 'turn this machine off', (why) => context.system.poweroff(why)),
};

/** Named after what the first ramdisks did (kexec); since then it is a restart into what lies on the disk. */
export const runImage: IronicCommand = {
  name: 'standby.run_image',
  async: true,
  run: (_, context) => leave(context, 'restart this machine', (why) => context.system.reboot(why)),
};

async function leave(context: CommandContext, what: string, act: (why: string) => Promise<void>): Promise<void> {
  const { system, clock, log, say, signal } = context;
  if (!system.live) await changed(system, what, () => undefined);
  say(`Ironic: ${what}`);
  context.endService(what);
  void clock
    .sleep(LATER_MS, signal)
    .then(() => act('Ironic asked for it'))
    .catch((error: unknown) => log.error(`cannot ${what}: ${String(error)}`));
}
