/** Foreman, directly or through a smart proxy, step by step (docs/contracts/foreman.md). */
import { call } from '../helpers/foreman/call.ts';
import { mustBe, mustHold } from './expect.ts';
import type { TestMachine } from './machine.ts';
import { NotTried, play, type Outcome, type Step } from './outcome.ts';
import { openStage, type Peer, type Stage } from './stage.ts';

const PAGE = 'docs/contracts/foreman.md';
const MAC = '02:fc:00:db:02:41';
const CAPTURE = new URL('../fixtures/captures/firecracker.tar.gz', import.meta.url).pathname;
const FACTS = /\/(api\/v2\/discovered_hosts\/facts|discovery\/create)$/;

/** Foreman identifies a machine by the address of its boot card, which a recorded machine has. */
export function recordedMachine(cmdline: string): TestMachine {
  return { macs: [MAC], uuid: '', args: ['--from', CAPTURE, '--cmdline', cmdline, '--resolv-conf', '/dev/null'] };
}

/** The kernel line of a machine that boots for the server at `url`. */
export function foremanLine(url: string, type: 'foreman' | 'proxy'): string {
  return `quiet proxy.url=${url} proxy.type=${type} BOOTIF=01-${MAC.replaceAll(':', '-')}\n`;
}

/** Plays the whole story; `writeLine` writes the kernel line of the machine for the relay's address. */
export async function playForeman(
  peer: Peer,
  machine: TestMachine,
  writeLine: (relayUrl: string) => void,
): Promise<readonly Outcome[]> {
  const line = (url: string): readonly string[] => {
    writeLine(url);
    return [];
  };
  const stage = await openStage(peer, machine, line, { down: true });
  try {
    return await play(stepsOf(stage));
  } finally {
    await stage.close();
  }
}

function stepsOf(stage: Stage): readonly Step[] {
  const none = (name: string, why: string): Step => ({
    name,
    contract: PAGE,
    act: () => Promise.reject(new NotTried(why)),
  });
  const orders = async (method: 'GET' | 'PUT', path: string): Promise<string> => {
    const { url } = await stage.next('listening');
    const { status, body } = await call(method, `${url}${path}`);
    mustBe(`${method} ${path}: status`, status, 200);
    return body;
  };
  return [
    {
      name: 'server down',
      contract: `${PAGE}#facts`,
      async act() {
        const { message } = await stage.next('error');
        await stage.relay.up();
        return `told (${message})`;
      },
    },
    { name: 'register', contract: `${PAGE}#facts`, act: () => register(stage) },
    none('tag', 'Foreman has no tags'),
    none('bind', 'Foreman decides by itself and calls the node'),
    {
      name: 'orders',
      contract: `${PAGE}#orders`,
      async act() {
        const facts = JSON.parse(await orders('GET', '/inventory/facter')) as Readonly<Record<string, string>>;
        mustBe('discovery_bootif of the refreshed facts', facts['discovery_bootif'], MAC);
        return `GET /inventory/facter: ${Object.keys(facts).length} facts`;
      },
    },
    {
      name: 'reboot',
      contract: `${PAGE}#orders`,
      async act() {
        mustBe('PUT /power/reboot', JSON.parse(await orders('PUT', '/power/reboot')), { result: true });
        const { what } = await stage.next('would', (event) => event.what.startsWith('reboot'));
        return what;
      },
    },
    none('node lost', 'Foreman answers no check-ins: a host that was deleted is back with its next upload'),
    none('pushed configuration', 'Foreman has none'),
  ];
}

async function register(stage: Stage): Promise<string> {
  const { facts } = await stage.next('registered');
  const exchange = stage.exchange(FACTS);
  mustHold('status', ['200', '201'], [String(exchange.status)]);
  mustBe('the content type that it was sent with', exchange.sentType.split(';')[0], 'application/json');
  mustBe('keys of the body', Object.keys(JSON.parse(exchange.sent) as object), ['facts']);
  return `${facts} facts, HTTP ${exchange.status}`;
}
