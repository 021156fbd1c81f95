/**
 * The API of the image while the agent runs: opened on the boot card's address when Foreman knows the machine, moved when that
 * address changes, and open only to the server that got the facts and to whom somebody wrote down.
 */
import { isIP } from 'node:net';
import type { Settings } from '../../../config/settings.ts';
import type { Candidate } from '../../../discovery/candidate.ts';
import type { CommandRunner } from '../../../loop/command-runner.ts';
import type { Runtime } from '../../../loop/runtime.ts';
import { foremanFacts, type ForemanFacts } from '../foreman-facts.ts';
import type { ForemanParameters } from '../foreman-parameters.ts';
import { createPeers, type Peers } from './allowed-peers.ts';
import { createForemanOrders, type ForemanOrdersOptions } from './foreman-orders.ts';
import type { ApiActions } from './foreman-routes.ts';
import { createOrderListeners } from './order-listeners.ts';

export interface ForemanApiOptions extends Runtime, ForemanOrdersOptions {
  readonly parameters: ForemanParameters;
  readonly release: string;
  /** What kexec there is, when it is allowed. */
  readonly kexec: string | undefined;
  /** All addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
}

export interface ForemanApi {
  /** The server of the next turn: whose calls are answered from now on, and what carries its orders out. */
  refresh(server: Candidate, settings: Settings, agent: CommandRunner): Promise<void>;
  /** Facts were accepted: the machine's own address is known. */
  accepted(facts: ForemanFacts): void;
  close(): Promise<void>;
}

/** Facts for "refresh facts" are at most this old. */
const FACTS_AGE_MS = 5000;
const MOST_STRANGERS_LOGGED = 20;

/** What the API knows of the turn that was taken last. */
interface State {
  settings: Settings | undefined;
  server: Candidate | undefined;
  agent: CommandRunner | undefined;
  peers: Peers;
  /** The boot card's. */
  address: string | undefined;
}

/** State: server, settings and peers of the last turn, and what listens. Nothing listens before facts were accepted. */
export function createForemanApi(options: ForemanApiOptions): ForemanApi {
  const { log } = options;
  const state: State = {
    settings: undefined,
    server: undefined,
    agent: undefined,
    peers: createPeers([], []),
    address: undefined,
  };
  const orders = createForemanOrders(options, options);
  const actions: ApiActions = {
    kexec: options.kexec,
    facts: async () => await factsFor(state, options),
    judge: (order) => orders.judge(order),
    prepareKexec: (param) => orders.prepareKexec(param),
  };
  const listeners = createOrderListeners(
    options,
    () => {
      const { settings, address, peers } = state;
      return settings && address !== undefined ? { ...settings, address, peers } : undefined;
    },
    {
      actions,
      allows: (remote) => state.peers.allows(remote),
      onStranger: strangerLog(options),
      onRequest: (what, status) => log.info(`${what}: ${status}`),
      onOrder: (order) => void orders.carryOut(order, agentOf(state)),
    },
  );
  return {
    async refresh(server, settings, agent) {
      Object.assign(state, { server, settings, agent, peers: await peersOf(server, settings, options) });
      await listeners.reopen();
    },
    accepted(facts) {
      state.address = facts.bootNic.address;
      void listeners.reopen();
    },
    close: () => listeners.close(),
  };
}

function agentOf({ agent }: State): CommandRunner {
  if (agent === undefined) throw new Error('no turn was taken yet');
  return agent;
}

async function factsFor(
  state: State,
  { parameters, release, kexec }: ForemanApiOptions,
): Promise<ForemanFacts['facts']> {
  const report = await agentOf(state).report(FACTS_AGE_MS);
  return foremanFacts(report, parameters, { serverUrl: state.server?.url ?? '', release, kexec }).facts;
}

/** Who may give orders: the server's own addresses, and those of the settings. */
async function peersOf(server: Candidate, { apiAllow }: Settings, { resolve, log }: ForemanApiOptions): Promise<Peers> {
  const host = new URL(server.url).hostname.replace(/^\[(.*)\]$/, '$1');
  const found = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host];
  const known = server.address === undefined ? [] : [server.address];
  const peers = createPeers([...known, ...found], apiAllow);
  for (const entry of peers.wrong) log.warn(`api_allow: ${entry.slice(0, 60)} is neither an address nor a network`);
  return peers;
}

/** Logs each stranger once, and not more of them than a log can bear. */
function strangerLog({ log }: ForemanApiOptions): (remote: string) => void {
  const logged = new Set<string>();
  return (remote) => {
    if (logged.has(remote) || logged.size >= MOST_STRANGERS_LOGGED) return;
    logged.add(remote);
    log.warn(`${remote} tried to give orders and was refused; razor.api_allow= lists who may besides the server`);
  };
}
