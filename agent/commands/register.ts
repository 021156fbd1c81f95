import type { CommandHandler } from './command-handler.ts';

/** The server does not know this node (any more), or this is the first check-in. */
export const register: CommandHandler = {
  name: 'register',
  describe: 'Send all facts to the server.',
  destructive: false,
  plan: () => ['gather the facts', 'send them to the server', 'from then on, check in as a known node'],
  async run(_runtime, { register: send }) {
    await send();
    return { summary: 'registered' };
  },
};
