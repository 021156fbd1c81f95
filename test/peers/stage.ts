/** Agent, relay and operator of one story, and how a step waits for what the agent does. */
import type { AgentEvent } from '../../agent/loop/events.ts';
import { agentProcess, type AgentProcess } from '../helpers/agent-process.ts';
import type { PeerControls } from './controls.ts';
import type { TestMachine } from './machine.ts';
import { startRelay, type Exchange, type Relay } from './relay.ts';

/** A server to play a story with. */
export interface Peer {
  readonly url: string;
  readonly controls: PeerControls;
  /** How long a step may take, milliseconds. */
  readonly patienceMs: number;
}

type EventOf<K> = AgentEvent & { readonly event: K };

export interface Stage {
  readonly peer: Peer;
  readonly relay: Relay;
  readonly machine: TestMachine;
  readonly agent: AgentProcess;
  /** The first event of this kind from `mark` on, waited for. */
  next<K extends AgentEvent['event']>(kind: K, test?: (event: EventOf<K>) => boolean): Promise<EventOf<K>>;
  /** From now on `next` looks at later events only. */
  mark(): void;
  /** Commands of the check-ins since the mark. */
  commands(): readonly string[];
  /** The last exchange whose path fits. Throws where there is none. */
  exchange(path: RegExp): Exchange;
  close(): Promise<void>;
}

const TURNS = ['--checkin-interval', '0.4', '--checkin-skew', '0', '--http-timeout', '30', '--backoff-cap', '1'];

/**
 * Starts a relay to the peer and the agent behind it; `args` are further options of `run`, told the relay's address. With `down` the
 * server cannot be reached at first.
 */
export async function openStage(
  peer: Peer,
  machine: TestMachine,
  args: (relayUrl: string) => readonly string[],
  { down = false } = {},
): Promise<Stage> {
  const relay = await startRelay(peer.url);
  if (down) await relay.down();
  const agent = await agentProcess([...machine.args, ...TURNS, ...args(relay.url)]);
  let from = 0;
  return {
    peer,
    relay,
    machine,
    agent,
    async next(kind, test = () => true) {
      type Wanted = EventOf<typeof kind>;
      const find = (): Wanted | undefined =>
        agent.events.slice(from).find((event): event is Wanted => event.event === kind && test(event as Wanted));
      await agent.until(`event ${kind}`, () => find() !== undefined, peer.patienceMs);
      return find() as Wanted;
    },
    mark: () => void (from = agent.events.length),
    commands: () => agent.events.slice(from).flatMap((event) => (event.event === 'checkin' ? [event.command] : [])),
    exchange(path) {
      const found = relay.exchanges.findLast(({ url }) => path.test(url));
      if (found === undefined) throw new Error(`nothing was asked at ${path.source}`);
      return found;
    },
    async close() {
      await agent.stop();
      await relay.close();
    },
  };
}
