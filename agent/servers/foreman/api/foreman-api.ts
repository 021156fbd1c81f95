/**
 * The API of the image while the agent runs: opened on the boot card's address when Foreman knows the machine, moved when that
 * address changes, and open only to the server that got the facts and to whom somebody wrote down.
 */
import { isIP } from 'node:net';
import { messageOf } from '../../../../platform/errors/errors.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import type { Log } from '../../../../platform/log/log.ts';
import type { System } from '../../../../platform/system.ts';
import { createKexec, type KexecOptions } from '../../../commands/kexec.ts';
import { admit, type LoopBreaker } from '../../../commands/loop-breaker.ts';
import { reboot } from '../../../commands/reboot.ts';
import type { Settings } from '../../../config/settings.ts';
import { foremanFacts, type ForemanExtras, type ForemanFacts } from '../foreman-facts.ts';
import type { ForemanParameters } from '../foreman-parameters.ts';
import type { Candidate } from '../../../discovery/candidate.ts';
import type { Emit } from '../../../loop/events.ts';
import type { Orders } from '../../../loop/command-runner.ts';
import { selfSigned, type SelfSigned } from '../../../http/tls/self-signed.ts';
import { createPeers, type Peers } from './allowed-peers.ts';
import type { ApiActions, Verdict } from './foreman-routes.ts';
import { listenForOrders, type Listening } from './foreman-listener.ts';

export interface ForemanApiOptions extends Pick<KexecOptions, 'openFiles'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly emit: Emit;
  readonly system: System;
  readonly breaker: LoopBreaker;
  readonly parameters: ForemanParameters;
  readonly release: string;
  /** What kexec there is, when it is allowed. */
  readonly kexec: string | undefined;
  /** All addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
}

export interface ForemanApi {
  /** The server of the next turn: whose calls are answered from now on, and what carries its orders out. */
  refresh(server: Candidate, settings: Settings, orders: Orders): Promise<void>;
  /** Facts were accepted: the machine's own address is known. */
  told(facts: ForemanFacts): void;
  close(): Promise<void>;
}

/** Foreman reads the answer, and a smart proxy in front of it too, before the machine goes down. */
const AFTER_ANSWER_MS = 2000;
/** The discovery image's figure: it lives as long as the machine is not rebooted. */
const CERTIFICATE_DAYS = 999;
/** Facts for "refresh facts" are at most this old. */
const FACTS_AGE_MS = 5000;
const STRANGERS_TOLD = 20;
const RETRY_MS = 10_000;

export function createForemanApi(options: ForemanApiOptions): ForemanApi {
  const { clock, log, emit, system, breaker } = options;
  const kexec = createKexec(options);
  let settings: Settings | undefined;
  let server: Candidate | undefined;
  let orders: Orders | undefined;
  let peers: Peers = createPeers([], []);
  let address: string | undefined;
  const doors = new Map<string, Listening>();
  let opened = '';
  let opening: Promise<void> = Promise.resolve();
  let waiting = false;
  let kexecParam: unknown;
  const underWay = new Set<string>();
  const strangers = new Set<string>();

  const extras = (): ForemanExtras => ({
    serverUrl: server?.url ?? '',
    release: options.release,
    kexec: options.kexec,
  });

  /** Nothing listens before the first turn, so that nobody can ask earlier. */
  function agent(): Orders {
    if (orders === undefined) throw new Error('no turn was taken yet');
    return orders;
  }

  const actions: ApiActions = {
    kexec: options.kexec,
    facts: async () => foremanFacts(await agent().report(FACTS_AGE_MS), options.parameters, extras()).facts,
    judge(order): Verdict {
      if (underWay.size > 0) return { kind: 'again' };
      const holdMs = admit(breaker, order, 'the host, its build and the discovery rules', { log, emit });
      if (holdMs > 0) return { kind: 'held', seconds: Math.ceil(holdMs / 1000) };
      underWay.add(order);
      return { kind: 'go' };
    },
    prepareKexec(param) {
      kexec.plan(param); // throws for what kexec would not take
      kexecParam = param;
    },
  };

  async function carryOut(order: 'reboot' | 'kexec'): Promise<void> {
    try {
      await clock.sleep(AFTER_ANSWER_MS, options.signal);
      await breaker.record(order);
      await (order === 'reboot' ? agent().order(reboot, {}) : agent().order(kexec, kexecParam));
    } catch (error) {
      if (options.signal.aborted) return;
      log.error(`the order ${order} failed: ${messageOf(error)}`);
      emit({ event: 'warning', message: `the order ${order} failed: ${messageOf(error)}` });
    } finally {
      underWay.delete(order);
    }
  }

  function stranger(remote: string): void {
    if (strangers.has(remote) || strangers.size >= STRANGERS_TOLD) return;
    strangers.add(remote);
    log.warn(`${remote} tried to give orders and was refused; razor.api_allow= lists who may besides the server`);
  }

  async function open(): Promise<void> {
    if (settings === undefined || address === undefined) return;
    // without --live nothing is opened to the network, and agents on one machine never meet
    const host = system.live ? address : '127.0.0.1';
    const { apiPort, apiPlainPort } = settings;
    const key = JSON.stringify([host, apiPort, apiPlainPort, peers.told]);
    if (key !== opened) {
      await closeDoors();
      opened = key;
    }
    if (!doors.has('https')) {
      const tls = selfSigned({ address: host, days: CERTIFICATE_DAYS, now: clock.wall() });
      await openDoor('https', host, apiPort, tls);
    }
    if (apiPlainPort !== 0 && !doors.has('http')) await openDoor('http', host, apiPlainPort, undefined);
  }

  async function openDoor(name: string, host: string, port: number, tls: SelfSigned | undefined): Promise<void> {
    try {
      const door = await listenForOrders({
        host,
        port: system.live ? port : 0,
        tls,
        actions,
        allows: (remote) => peers.allows(remote),
        onStranger: stranger,
        onRequest: (what, status) => log.info(`${what}: ${status}`),
        onOrder: (order) => void carryOut(order),
      });
      doors.set(name, door);
      emit({ event: 'listening', url: door.url, to: peers.told });
    } catch (error) {
      log.error(`no orders by ${name} on ${host} port ${port}: ${messageOf(error)}; it is tried again`);
      tryAgain();
    }
  }

  async function closeDoors(): Promise<void> {
    const closing = [...doors.values()];
    doors.clear();
    opened = '';
    await Promise.all(closing.map((door) => door.close()));
  }

  /** The port may be that of an agent that is on its way out, or the address not there yet. */
  function tryAgain(): void {
    if (waiting) return;
    waiting = true;
    const again = (): void => {
      waiting = false;
      if (!options.signal.aborted) void reopen();
    };
    void clock.sleep(RETRY_MS, options.signal).then(again, again);
  }

  /** One at a time. */
  function reopen(): Promise<void> {
    opening = opening.then(open).catch((error: unknown) => log.error(messageOf(error)));
    return opening;
  }

  return {
    async refresh(next, values, running) {
      [server, settings, orders] = [next, values, running];
      const host = new URL(next.url).hostname.replace(/^\[(.*)\]$/, '$1');
      const found = isIP(host) === 0 ? await options.resolve(host).catch(() => []) : [host];
      const known = next.address === undefined ? [] : [next.address];
      peers = createPeers([...known, ...found], values.apiAllow);
      for (const entry of peers.wrong) log.warn(`api_allow: ${entry.slice(0, 60)} is neither an address nor a network`);
      await reopen();
    },
    told(facts) {
      address = facts.bootNic.address;
      void reopen();
    },
    async close() {
      await opening;
      await closeDoors();
    },
  };
}
