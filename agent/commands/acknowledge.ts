import type { CommandHandler } from './command-handler.ts';

/** The server knows this node and wants nothing of it. */
export const acknowledge: CommandHandler = {
  name: 'acknowledge',
  describe: 'Do nothing until the next check-in.',
  destructive: false,
  plan: () => ['do nothing until the next check-in'],
  run: () => Promise.resolve({ summary: 'acknowledged' }),
};
