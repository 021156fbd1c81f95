import { forceDown, prepareToLeave } from './leave.ts';
import type { CommandHandler } from './command-handler.ts';

/** Hanlon's discover-only policy says this when a node is known. */
export const poweroff: CommandHandler = {
  name: 'poweroff',
  describe: 'Flush file systems and turn the machine off.',
  destructive: true,
  plan: () => ['save the facts', 'flush file systems', 'turn the machine off'],
  async run(runtime, request) {
    await prepareToLeave(runtime, request, 'the machine is turned off');
    await runtime.system.poweroff(`the server ${request.dialect.serverUrl} said so`);
    await forceDown(runtime, 'o');
    return { summary: runtime.system.live ? 'the machine goes off' : 'would turn the machine off', leaving: true };
  },
};
