import { forceDown, prepareToLeave } from './leave.ts';
import type { CommandHandler } from './command-handler.ts';

/** A policy is bound: the firmware shall boot from the network again, into the installer or the installed system. */
export const reboot: CommandHandler = {
  name: 'reboot',
  describe: 'Flush file systems and restart the machine.',
  destructive: true,
  plan: () => ['save the facts', 'flush file systems', 'restart the machine'],
  async run(runtime, request) {
    await prepareToLeave(runtime, request, 'the machine restarts');
    await runtime.system.reboot(`the server ${request.dialect.serverUrl} said so`);
    await forceDown(runtime, 'b');
    return { summary: runtime.system.live ? 'the machine restarts' : 'would restart the machine', leaving: true };
  },
};
