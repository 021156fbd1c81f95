import { insist, prepareToLeave } from './leave.ts';
import type { CommandHandler } from './command-registry.ts';

/** Hanlon's discover-only policy says this when a node is known. */
export const poweroff: CommandHandler = {
  name: 'poweroff',
  describe: 'Flush file systems and turn the machine off.',
  destructive: true,
  plan: () => ['save the facts', 'flush file systems', 'turn the machine off'],
  async run(context) {
    await prepareToLeave(context, 'the machine is turned off');
    await context.system.poweroff(`the server ${context.dialect.serverUrl} said so`);
    await insist(context, 'o');
    return { summary: context.system.live ? 'the machine goes off' : 'would turn the machine off', leaving: true };
  },
};
