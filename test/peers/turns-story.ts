/** Steps that are the same with every server that takes check-ins. */
import { NotTried, type Step } from './outcome.ts';
import type { PeerNode } from './controls.ts';
import type { Stage } from './stage.ts';

interface TurnsWords {
  readonly page: string;
  /** Command of a check-in of a node that nobody wants anything of. */
  readonly idle: string;
  /** Whether the check-in that binds already says reboot. */
  readonly rebootsAtOnce: boolean;
  readonly node: () => PeerNode;
}

/** A server that cannot be reached, and is back. */
export function serverDown(stage: Stage, page: string): Step {
  return {
    name: 'server down',
    contract: page,
    async act() {
      await stage.relay.down();
      stage.mark();
      const { message } = await stage.next('error');
      await stage.relay.up();
      stage.mark();
      const { command } = await stage.next('checkin', ({ asked }) => asked !== false);
      return `told (${message}), back with ${command}`;
    },
  };
}

/** Known and not wanted; bound by a policy; rebooted; forgotten by the server. */
export function turnSteps(stage: Stage, words: TurnsWords): readonly Step[] {
  let bound = false;
  return [
    {
      name: 'acknowledge',
      contract: `${words.page}#check-in`,
      async act() {
        stage.mark();
        const { command } = await stage.next('checkin');
        if (command === 'reboot') throw new NotTried('a policy of the server already binds this machine');
        if (command !== words.idle) throw new Error(`a known node is told ${command} instead of ${words.idle}`);
        return command;
      },
    },
    serverDown(stage, `${words.page}#check-in`),
    {
      name: 'bind',
      contract: `${words.page}#check-in`,
      async act() {
        stage.mark();
        await stage.peer.controls.bind(words.node());
        await stage.next('checkin', ({ command }) => command === 'reboot');
        bound = true;
        const told = stage.commands().filter((command) => command !== words.idle);
        if (told[0] !== 'reboot') throw new Error(`told ${told.join(', ')} instead of ${words.idle} and reboot`);
        return words.rebootsAtOnce ? 'reboot with the check-in that binds' : `${words.idle} until bound, then reboot`;
      },
    },
    {
      name: 'reboot',
      contract: `${words.page}#check-in`,
      async act() {
        if (!bound) throw new NotTried('it is not bound');
        const { what } = await stage.next('would', (event) => event.what.startsWith('reboot'));
        return what;
      },
    },
  ];
}
