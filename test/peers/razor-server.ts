/** razor-server 1.x, step by step (docs/contracts/razor-server.md). */
import type { PeerNode } from './controls.ts';
import { mustBe, mustHold, objectOf } from './expect.ts';
import { createMachine } from './machine.ts';
import { NotTried, play, type Outcome, type Step } from './outcome.ts';
import { openStage, type Peer, type Stage } from './stage.ts';
import { turnSteps } from './turns-story.ts';

const PAGE = 'docs/contracts/razor-server.md';
const CHECKIN = /\/svc\/checkin\/(\d+)/;

/** Plays the whole story with one server. */
export async function playRazorServer(peer: Peer): Promise<readonly Outcome[]> {
  const stage = await openStage(peer, createMachine(), (url) => ['--dialect', 'razor-server', '--server', url]);
  try {
    return await play(stepsOf(stage));
  } finally {
    await stage.close();
  }
}

const numberOf = (stage: Stage): string => CHECKIN.exec(stage.exchange(CHECKIN).url)?.[1] ?? '';

function stepsOf(stage: Stage): readonly Step[] {
  const { macs, uuid } = stage.machine;
  const node = (): PeerNode => ({ id: numberOf(stage), macs, uuid });
  return [
    { name: 'register', contract: `${PAGE}#check-in`, act: () => register(stage) },
    {
      name: 'tag',
      contract: `${PAGE}#tag-rules`,
      act: () => Promise.reject(new NotTried('it shows no tags to a node: the policy of the step bind asks for one')),
    },
    {
      name: 'pushed configuration',
      contract: `${PAGE}#check-in`,
      act: () => {
        mustBe('keys of the answer', Object.keys(objectOf(stage.exchange(CHECKIN))), ['action']);
        return Promise.resolve('none, as it has none');
      },
    },
    ...turnSteps(stage, { page: PAGE, idle: 'none', rebootsAtOnce: true, node }),
    {
      name: 'node lost',
      contract: `${PAGE}#check-in`,
      async act() {
        const old = numberOf(stage);
        await stage.peer.controls.forget(node());
        stage.mark();
        await stage.next('checkin');
        const lost = stage.relay.exchanges.find(
          ({ url, status }) => url.endsWith(`/svc/checkin/${old}`) && status === 404,
        );
        if (lost === undefined)
          throw new Error(`/svc/checkin/${old} of a node that was removed was not answered by 404`);
        mustBe('the body of that 404', lost.body, '');
        return `404, then number ${numberOf(stage)} instead of ${old} by /svc/nodeid`;
      },
    },
  ];
}

async function register(stage: Stage): Promise<string> {
  const { command } = await stage.next('checkin');
  const exchange = stage.exchange(CHECKIN);
  mustBe('status', exchange.status, 200);
  mustBe('content type', exchange.type.split(';')[0], 'application/json');
  mustBe('the content type that it was sent with', exchange.sentType, 'application/json');
  const { action } = objectOf(exchange);
  mustHold('the action', ['none', 'reboot'], [String(action)]);
  const { facts = {} } = JSON.parse(exchange.sent) as { readonly facts?: Readonly<Record<string, unknown>> };
  return `node ${numberOf(stage)}, ${Object.keys(facts).length} facts with the check-in, ${command}`;
}
