import { insist, prepareToLeave } from './leave.ts';
import type { CommandHandler } from './command-registry.ts';

/** A policy is bound: the firmware shall boot from the network again, into the installer or the installed system. */
export const reboot: CommandHandler = {
  name: 'reboot',
  describe: 'Flush file systems and restart the machine.',
  destructive: true,
  plan: () => ['save the facts', 'flush file systems', 'restart the machine'],
  async run(context) {
    await prepareToLeave(context, 'the machine restarts');
    await context.system.reboot(`the server ${context.dialect.serverUrl} said so`);
    await insist(context, 'b');
    return { summary: context.system.live ? 'the machine restarts' : 'would restart the machine', leaving: true };
  },
};
