/** The agent: find a server, take turns, never give up. What a turn is stands in turn.ts; here is only when and with whom. */
import type { FactSet } from '../../facts/fact-types.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { redactText } from '../../platform/log/redact.ts';
import { createCalendar } from './calendar.ts';
import { createClockWatch } from './clock-watch.ts';
import type { CommandRegistry } from '../commands/command-registry.ts';
import { createPushTracker } from '../config/push-tracker.ts';
import type { PushedMap, Refusal } from '../config/pushed.ts';
import type { Resolved, Settings } from '../config/settings.ts';
import type { Dialect } from '../servers/dialect.ts';
import type { ServerService, TurnServer } from '../servers/server.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import { createErrorsFact } from '../state/errors-fact.ts';
import { createExclusions, exclusionPattern } from '../state/exclusion.ts';
import { createFactCache } from '../state/fact-cache.ts';
import type { AgentHooks } from './hooks.ts';
import { exchangeOf, type HttpClient } from '../http/http-client.ts';
import { HttpFailure } from '../http/http-failure.ts';
import { createSchedule, type Pace, type Wait } from '../../platform/time/schedule.ts';
import { createOrders, type Orders } from './command-runner.ts';
import { paceOf, tooSlow } from './turn-interval.ts';
import type { Store } from '../state/state-store.ts';
import type { Runtime } from './runtime.ts';
import { createTargets } from './targets.ts';
import { runTurn, type TurnResult } from './turn.ts';

export interface AgentOptions extends Runtime {
  readonly store: Store;
  readonly commands: CommandRegistry;
  /** Which kind of server is asked. */
  readonly descriptor: TurnServer;
  readonly kernel: CommandLine;
  /** What runs beside the turns for this server. */
  readonly service?: ServerService | undefined;
  /** Gathers the facts anew, by the settings of that moment. */
  readonly collect: (settings: Settings) => Promise<FactSet>;
  /** The settings, with a pushed map in its place of the order. */
  readonly settings: (pushed: PushedMap) => Resolved;
  /** Finds servers; those in `unanswered` were tried in vain. */
  readonly discover: (settings: Settings, signal: AbortSignal, unanswered: ReadonlySet<string>) => Promise<Discovery>;
  readonly httpFor: (settings: Settings, server: Candidate) => Promise<HttpClient>;
  readonly hooks?: AgentHooks;
  readonly extraErrors?: () => readonly string[];
  /** Ends after so many turns; never by default. */
  readonly turns?: number;
  /** Ends after a turn whose command has one of these names. */
  readonly stopAfter?: readonly string[];
}

/** What others in this process may ask of a running agent. */
export interface AgentControl {
  /** Pushed through the local interface: examined and applied like a server's. */
  offerConfig(map: PushedMap): { readonly changed: boolean; readonly refused: readonly Refusal[] };
  /** Ends the present wait. */
  wake(): void;
  readonly settings: Resolved;
}

export interface AgentRun {
  readonly control: AgentControl & Orders;
  /** Resolves when the agent was stopped or has taken its turns, to how many it took. Never rejects. */
  readonly done: Promise<number>;
}

const REGISTERS_IN_A_ROW = 3;

/** Starts the agent. It goes on until it is stopped. */
export function startAgent(options: AgentOptions): AgentRun {
  const { clock, log, emit, store, signal, descriptor, service } = options;
  const push = createPushTracker(options, { store, probation: () => resolved.values.probation });
  const targets = createTargets(clock);
  const facts = createFactCache(() => options.collect(resolved.values), clock);
  let resolved = options.settings(push.current);
  let talking: { readonly key: string; readonly dialect: Dialect } | undefined;
  let nodeId: string | undefined;
  let waking = new AbortController();
  let [turns, registersInARow, warnedInterval] = [0, 0, 0];
  const schedule = createSchedule(() => nodeId);
  signal.addEventListener('abort', () => waking.abort(signal.reason), { once: true });

  const exclusions = createExclusions();
  const extraFacts = createErrorsFact(facts, () => [...push.errors, ...(options.extraErrors?.() ?? [])]);
  const watchClock = createClockWatch(clock, warn);
  const calendar = createCalendar({
    forgetsAfterS: descriptor.turns.forgetsAfterS,
    warn,
    // not out of the wait after a failure, which the server may have asked for
    checkin: () => (schedule.failures === 0 ? waking.abort() : undefined),
    housekeeping: async () => (facts.expire(), await configure()),
  });
  const pace = (): Pace => paceOf(resolved, descriptor.turns.interval, options.kernel);
  const orders = createOrders({
    ...options,
    facts,
    exclusion: () => exclusions(resolved.values.factExclude),
    dialect: () => talking?.dialect,
  });

  function warn(message: string): void {
    log.warn(message);
    emit({ event: 'warning', message: redactText(message) });
  }

  function report(error: unknown): void {
    const known = error instanceof RazorMkError;
    const { code, remedy } = known
      ? error
      : { code: 'RAZOR_MK_INTERNAL', remedy: 'This is a defect of the agent: report it.' };
    if (known) log.error(error.message, { code, remedy });
    else log.error(`unexpected: ${messageOf(error)}`, { stack: error instanceof Error ? error.stack : undefined });
    const message = redactText(messageOf(error));
    emit({ event: 'error', code, message, remedy });
    // the server's own log of this node, where it keeps one; not about a server that cannot be reached
    if (code !== 'RAZOR_MK_HTTP') talking?.dialect.logToServer?.('error', message, signal).catch(() => undefined);
  }

  async function wait({ ms, reason }: Wait): Promise<void> {
    if (ms <= 0 || signal.aborted) return;
    emit({ event: 'waiting', ms: Math.round(ms), reason });
    waking = new AbortController();
    await clock.sleep(ms, waking.signal).catch(() => undefined);
  }

  async function hook(name: string, action: Promise<void> | undefined): Promise<void> {
    await action?.catch((error: unknown) => (signal.aborted ? undefined : report(error)));
    if (signal.aborted) log.debug(`${name} was stopped`);
  }

  async function configure(): Promise<void> {
    const before = resolved.values.factExclude;
    resolved = options.settings(push.current);
    for (const text of resolved.refused) warn(text);
    // the next turn sends what another pattern lets through
    if (exclusionPattern(before) !== exclusionPattern(resolved.values.factExclude)) facts.expire();
    const { checkinInterval } = resolved.values;
    const slow = tooSlow(resolved, descriptor.turns.forgetsAfterS);
    if (slow !== undefined && checkinInterval !== warnedInterval) warn(slow);
    warnedInterval = checkinInterval;
    await calendar.set(resolved.values);
    await hook('configured', options.hooks?.configured?.(resolved.values, signal));
  }

  async function dialectFor(server: Candidate): Promise<Dialect> {
    const { checkinPath, registerPath, httpTimeout } = resolved.values;
    const key = JSON.stringify([server, checkinPath, registerPath, httpTimeout]);
    if (talking?.key !== key) {
      const http = await options.httpFor(resolved.values, server);
      const openDialect = service?.openDialect ?? descriptor.openDialect;
      const made = await openDialect({
        kernel: options.kernel,
        serverUrl: server.url,
        exchange: exchangeOf(http, watchClock),
        ...(checkinPath === '' ? {} : { checkinPath }),
        ...(registerPath === '' ? {} : { registerPath }),
        onSwitch: (from, to) => warn(`the server knows this machine as ${to}, not as ${from ?? 'nothing'}`),
      });
      talking = { key, dialect: made };
    }
    return talking.dialect;
  }

  /** The server to ask now; discovers until there is one. Undefined when stopped. */
  async function findServer(): Promise<Candidate | undefined> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const server = targets.current(resolved.values.pushedUri);
      if (server !== undefined && !targets.expired()) return server;
      try {
        const discovery = await options.discover(resolved.values, signal, targets.unanswered());
        targets.found(discovery);
        // the one that answered last, if discovery names it again
        const first = targets.current('') ?? (discovery.candidates[0] as Candidate);
        const others = discovery.candidates.map(({ url }) => url).filter((url) => url !== first.url);
        const candidates = [first.url, ...others];
        emit({ event: 'discovered', server: first.url, source: first.source, candidates, steps: discovery.steps });
        if (turns === 0) await hook('ready', options.hooks?.ready?.(first, signal));
      } catch (error) {
        if (signal.aborted) return undefined;
        if (server !== undefined) return server; // the address expired, and DNS is gone: better the old one than none
        report(error);
        await wait({
          ...discoverySchedule.afterFailure(pace(), () => clock.random(), undefined),
          reason: 'discovery begins again',
        });
      }
    }
    return undefined;
  }
  const discoverySchedule = createSchedule(() => undefined);

  function afterTurn(result: TurnResult, server: Candidate): void {
    nodeId = result.nodeId;
    targets.answered(server);
    push.succeeded();
    registersInARow = result.command.name === 'register' && descriptor.turns.asksServer ? registersInARow + 1 : 0;
    if (registersInARow === REGISTERS_IN_A_ROW) {
      warn(
        `the server answered register ${REGISTERS_IN_A_ROW} times in a row: either the interval is longer than its register_timeout, or it does not recognise ${result.nodeId}`,
      );
    }
  }

  async function afterFailure(error: unknown, server: Candidate): Promise<void> {
    report(error);
    const { rediscoverAfter } = resolved.values;
    if ((schedule.failures + 1) % rediscoverAfter !== 0) return;
    if (push.failed(`${rediscoverAfter} check-ins in a row failed: ${messageOf(error)}`)) {
      facts.expire();
      await configure();
      if (server.source !== 'pushed mk_uri') return;
    }
    if (!targets.next(server))
      log.warn(`${server.url} failed ${rediscoverAfter} times in a row: discovery begins again`);
  }

  async function turn(server: Candidate): Promise<TurnResult | undefined> {
    const lastStart = clock.now();
    await hook('beforeTurn', service?.beforeTurn(server, resolved.values, orders));
    try {
      const result = await runTurn({
        ...options,
        turn: ++turns,
        facts,
        dialect: await dialectFor(server),
        maxFactAgeMs: resolved.values.factRefresh * 1000,
        exclusion: () => exclusions(resolved.values.factExclude),
        extraFacts,
      });
      afterTurn(result, server);
      if (result.clientConfig !== undefined) {
        const { changes, errorsMayDiffer } = push.offer(result.clientConfig, server.url);
        // the next turn tells what was refused, or that nothing is wrong any more
        if (errorsMayDiffer) facts.expire();
        if (changes.length > 0) await configure();
      }
      for (const text of store.takeProblems()) warn(text);
      if (!isLast(result)) await wait(calendar.wait(schedule.afterSuccess(pace(), clock.now(), lastStart)));
      return result;
    } catch (error) {
      if (signal.aborted) return undefined;
      await afterFailure(error, server);
      const asked = error instanceof HttpFailure ? error.retryAfterMs : undefined;
      const delay = schedule.afterFailure(pace(), () => clock.random(), asked);
      if (!isLast(undefined)) await wait(delay);
      return undefined;
    }
  }

  function isLast(result: TurnResult | undefined): boolean {
    const asked = result !== undefined && options.stopAfter?.includes(result.command.name) === true;
    return signal.aborted || asked || turns >= (options.turns ?? Infinity);
  }

  async function loop(): Promise<number> {
    for (const text of store.takeProblems()) warn(text);
    await configure();
    await hook('boot', options.hooks?.boot?.(resolved.values, signal));
    let first = true;
    while (!signal.aborted) {
      const server = await findServer();
      if (server === undefined) break;
      if (first) await wait(schedule.first(pace(), () => clock.random()));
      first = false;
      if (signal.aborted) break;
      if (isLast(await turn(server))) break;
    }
    calendar.close();
    const reason = signal.aborted ? messageOf(signal.reason) : 'the asked number of turns is done';
    emit({ event: 'stopped', reason, turns });
    return turns;
  }

  return {
    control: {
      ...orders,
      offerConfig(map) {
        const { changes, refused } = push.offer(map, targets.current('')?.url ?? '');
        if (changes.length > 0) void configure().finally(() => waking.abort());
        return { changed: changes.length > 0, refused };
      },
      wake: () => waking.abort(),
      get settings() {
        return resolved;
      },
    },
    done: loop(),
  };
}
