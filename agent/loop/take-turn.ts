/** A turn within the loop: the exchanges are opened, the turn is taken, and what follows from its end is noted. */
import { messageOf } from '../../platform/errors/errors.ts';
import type { Wait } from '../../platform/time/schedule.ts';
import type { Candidate } from '../discovery/candidate.ts';
import { exchangeOf } from '../http/exchange.ts';
import { HttpFailure } from '../http/http-failure.ts';
import type { Dialect } from '../servers/dialect.ts';
import {
  applySettings,
  failureIntervals,
  guard,
  intervalsNow,
  isFirstContact,
  reportFailure,
  reportStore,
  type LoopState,
} from './loop-state.ts';
import { reportWarning } from './report-error.ts';
import { runTurn, type TurnResult } from './turn.ts';

/** How a turn ended: with a result, or with what was thrown. */
export interface TurnEnd {
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly result?: TurnResult;
  readonly error?: unknown;
}

const REGISTERS_IN_A_ROW = 3;

/** Takes one turn with a server. Never throws: a failure is reported, and is the turn's end. */
export async function takeTurn(state: LoopState, server: Candidate): Promise<TurnEnd> {
  const { runtime, options } = state;
  const { store, descriptor, commands, service } = options;
  const { facts, exclusion, extraFacts } = state;
  const startedAt = runtime.clock.now();
  const { values } = state.resolved;
  await guard(state, 'beforeTurn', service?.beforeTurn(server, values, state.runner));
  try {
    const turn = ++state.turns;
    const dialect = await exchangesWith(state, server);
    const maxFactAgeMs = values.factRefresh * 1000;
    const result = await runTurn(runtime, {
      turn,
      store,
      descriptor,
      dialect,
      commands,
      facts,
      maxFactAgeMs,
      exclusion,
      extraFacts,
    });
    noteAnswer(state, result, server);
    return { startedAt, result };
  } catch (error) {
    state.lastError = error;
    if (!runtime.signal.aborted) reportFailure(state, error);
    return { startedAt, error };
  }
}

/** The exchanges with a server, opened anew when it or what they depend on is another. */
async function exchangesWith(state: LoopState, server: Candidate): Promise<Dialect> {
  const { runtime, options, resolved } = state;
  const { checkinPath, registerPath, httpTimeout } = resolved.values;
  const key = JSON.stringify([server, checkinPath, registerPath, httpTimeout]);
  if (state.exchanges?.key !== key) {
    const http = await options.httpFor(resolved.values, server);
    const openDialect = options.service?.openDialect ?? options.descriptor.openDialect;
    const dialect = await openDialect({
      kernel: options.kernel,
      serverUrl: server.url,
      exchange: exchangeOf(http, state.watchClock),
      checkinPath: checkinPath || undefined,
      registerPath: registerPath || undefined,
      onSwitch: (from, to) =>
        reportWarning(runtime, `the server knows this machine as ${to}, not as ${from ?? 'nothing'}`),
    });
    state.exchanges = { key, dialect };
  }
  return state.exchanges.dialect;
}

function noteAnswer(state: LoopState, { nodeId, command }: TurnResult, server: Candidate): void {
  state.answered++;
  state.lastError = undefined;
  state.nodeId = nodeId;
  state.targets.answered(server);
  state.push.succeeded();
  const isRegister = command.name === 'register' && state.options.descriptor.turns.asksServer;
  state.registersInARow = isRegister ? state.registersInARow + 1 : 0;
  if (state.registersInARow !== REGISTERS_IN_A_ROW) return;
  reportWarning(
    state.runtime,
    `the server answered register ${REGISTERS_IN_A_ROW} times in a row: either the interval is longer than its register_timeout, or it does not recognise ${nodeId}`,
  );
}

/** Takes over what an answer pushed; after so many failures in a row, gives up what was pushed before, or this server. Never throws. */
export async function settleConfig(state: LoopState, { result, error }: TurnEnd, server: Candidate): Promise<void> {
  if (state.runtime.signal.aborted) return;
  if (result === undefined) return await giveUp(state, error, server);
  if (result.clientConfig !== undefined) {
    const { changes, errorsMayDiffer } = state.push.offer(result.clientConfig, server.url);
    // the next turn sends what was refused, or that nothing is wrong any more
    if (errorsMayDiffer) state.facts.expire();
    if (changes.length > 0) await applySettings(state);
  }
  reportStore(state);
}

async function giveUp(state: LoopState, error: unknown, server: Candidate): Promise<void> {
  // a name or a lease may lead anywhere: as long as nobody has answered, each is tried once
  const stranger = isFirstContact(state, error) && !server.given && server.source !== 'pushed mk_uri';
  const rediscoverAfter = stranger ? 1 : state.resolved.values.rediscoverAfter;
  if ((state.schedule.failures + 1) % rediscoverAfter !== 0) return;
  if (state.push.failed(`${rediscoverAfter} check-ins in a row failed: ${messageOf(error)}`)) {
    state.facts.expire();
    await applySettings(state);
    if (server.source !== 'pushed mk_uri') return;
  }
  if (!state.targets.next(server))
    state.runtime.log.warn(
      `${server.url} failed${stranger ? '' : ` ${rediscoverAfter} times in a row`}: discovery begins again`,
    );
}

/** The wait until the next turn: by interval or calendar after an answer, by back-off or the server's wish after a failure. */
export function waitAfter(state: LoopState, { startedAt, result, error }: TurnEnd): Wait {
  const { clock } = state.runtime;
  const { schedule } = state;
  if (result !== undefined)
    return state.calendar.wait(schedule.afterSuccess(intervalsNow(state), clock.now(), startedAt));
  const retryAfterMs = error instanceof HttpFailure ? error.retryAfterMs : undefined;
  return schedule.afterFailure(failureIntervals(state, schedule.failures, error), () => clock.random(), retryAfterMs);
}
