/** The listeners of the image's API: opened on the boot card's address, moved with it, and tried again where one failed. */
import { messageOf } from '../../../../platform/errors/errors.ts';
import { selfSigned, type SelfSigned } from '../../../http/tls/self-signed.ts';
import type { Runtime } from '../../../loop/runtime.ts';
import type { Peers } from './allowed-peers.ts';
import { listenForOrders, type ListenOptions, type Listening } from './order-listener.ts';

/** The discovery image's figure: it lives as long as the machine is not rebooted. */
const CERTIFICATE_DAYS = 999;
const RETRY_MS = 10_000;

/** What is to be listened on. */
interface WantedListeners {
  /** The boot card's. */
  readonly address: string;
  readonly apiPort: number;
  /** 0 for none. */
  readonly apiPlainPort: number;
  readonly peers: Peers;
}

interface OrderListeners {
  /** Opens what `wanted` says at that moment, one call at a time; nothing while it is undefined. Never rejects. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** How requests are answered. */
type Served = Pick<ListenOptions, 'actions' | 'allows' | 'onStranger' | 'onRequest' | 'onOrder'>;

interface State {
  readonly open: Map<'http' | 'https', Listening>;
  /** What the open ones were opened for. */
  key: string;
  /** The last opening. */
  opening: Promise<void>;
  retrying: boolean;
}

/** State: what is open, for which address, ports and peers. */
export function createOrderListeners(
  runtime: Runtime,
  wanted: () => WantedListeners | undefined,
  serve: Served,
): OrderListeners {
  const { clock, log, system, signal } = runtime;
  const state: State = { open: new Map(), key: '', opening: Promise.resolve(), retrying: false };

  async function openWanted(): Promise<void> {
    const now = wanted();
    if (now === undefined) return;
    // without --live nothing is opened to the network, and agents on one machine never meet
    const host = system.live ? now.address : '127.0.0.1';
    const openOne = async (at: At): Promise<void> => {
      if (!(await openAt(at, { runtime, state, serve, peers: now.peers }))) retry();
    };
    const key = JSON.stringify([host, now.apiPort, now.apiPlainPort, now.peers.entries]);
    if (key !== state.key) {
      await closeAll(state);
      state.key = key;
    }
    if (!state.open.has('https')) {
      const tls = selfSigned({ address: host, days: CERTIFICATE_DAYS, now: clock.wall() });
      await openOne({ host, port: now.apiPort, tls });
    }
    if (now.apiPlainPort !== 0 && !state.open.has('http')) {
      await openOne({ host, port: now.apiPlainPort, tls: undefined });
    }
  }

  /** The port may be that of an agent that is just ending, or the address not there yet. */
  function retry(): void {
    if (state.retrying) return;
    state.retrying = true;
    const again = (): void => {
      state.retrying = false;
      if (!signal.aborted) void reopen();
    };
    void clock.sleep(RETRY_MS, signal).then(again, again);
  }

  function reopen(): Promise<void> {
    state.opening = state.opening.then(openWanted).catch((error: unknown) => log.error(messageOf(error)));
    return state.opening;
  }

  return {
    reopen,
    async close() {
      await state.opening;
      await closeAll(state);
    },
  };
}

interface At {
  readonly host: string;
  readonly port: number;
  /** Undefined for plain http. */
  readonly tls: SelfSigned | undefined;
}

interface Opening {
  readonly runtime: Runtime;
  readonly state: State;
  readonly serve: Served;
  readonly peers: Peers;
}

/** Whether it listens now; why not is logged. */
async function openAt({ host, port, tls }: At, { runtime, state, serve, peers }: Opening): Promise<boolean> {
  const { system, emit, log } = runtime;
  const scheme = tls === undefined ? 'http' : 'https';
  try {
    const listener = await listenForOrders({ ...serve, host, tls, port: system.live ? port : 0 });
    state.open.set(scheme, listener);
    emit({ event: 'listening', url: listener.url, to: peers.entries });
    return true;
  } catch (error) {
    log.error(`no orders by ${scheme} on ${host} port ${port}: ${messageOf(error)}; it is tried again`);
    return false;
  }
}

async function closeAll(state: State): Promise<void> {
  const closing = [...state.open.values()];
  state.open.clear();
  state.key = '';
  await Promise.all(closing.map((listener) => listener.close()));
}
