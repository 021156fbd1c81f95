import type { CommandHandler } from './command-handler.ts';

/** The server knows this node and wants nothing of it (docs/contracts/razor-0.x.md#check-in). */
export const acknowledge: CommandHandler = nothing('acknowledge');

/** The same word of razor-server's (docs/contracts/razor-server.md#commands). */
export const none: CommandHandler = nothing('none');

function nothing(name: string): CommandHandler {
  return {
    name,
    describe: 'Do nothing until the next check-in.',
    destructive: false,
    plan: () => ['do nothing until the next check-in'],
    run: () => Promise.resolve({ summary: 'nothing to do' }),
  };
}

/** Whether a command asks for nothing. */
export function asksNothing(command: string): boolean {
  return command === acknowledge.name || command === none.name;
}
