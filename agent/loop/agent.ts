/** The agent: find a server, take turns, never give up. What a turn is stands in turn.ts; here is only when and with whom. */
import type { AgentControl, AgentEnd, AgentOptions } from './agent-options.ts';
import type { CommandRunner } from './command-runner.ts';
import { locate } from './locate.ts';
import {
  applySettings,
  createLoopState,
  endReason,
  guard,
  intervalsNow,
  pause,
  reportStore,
  type LoopState,
} from './loop-state.ts';
import type { Runtime } from './runtime.ts';
import { settleConfig, takeTurn, waitAfter, type TurnEnd } from './take-turn.ts';

export interface AgentRun {
  readonly control: AgentControl & CommandRunner;
  /** Resolves when the agent was stopped or has taken its turns. Never rejects. */
  readonly done: Promise<AgentEnd>;
}

/** Starts the agent. It goes on until it is stopped. */
export function startAgent(runtime: Runtime, options: AgentOptions): AgentRun {
  const state = createLoopState(runtime, options);
  return {
    control: {
      ...state.runner,
      offerConfig(map) {
        const { changes, refused } = state.push.offer(map, state.targets.current('')?.url ?? '');
        if (changes.length > 0) void applySettings(state).finally(() => state.waking.abort());
        return { changed: changes.length > 0, refused };
      },
      wake: () => state.waking.abort(),
      expireFacts: () => state.facts.expire(),
      get settings() {
        return state.resolved;
      },
    },
    done: loop(state),
  };
}

/**
 * 1. Locate a server. 2. Pause for the skew, before the first turn only. 3. Take a turn. 4. Settle the configuration: what was
 * pushed is taken over, or given up after failures. 5. Pause until the next turn.
 */
async function loop(state: LoopState): Promise<AgentEnd> {
  const { clock, emit, signal } = state.runtime;
  await begin(state);
  for (let first = true; !signal.aborted; first = false) {
    const server = await locate(state);
    if (server === undefined) break;
    if (first)
      await pause(
        state,
        state.schedule.first(intervalsNow(state), () => clock.random()),
      );
    if (signal.aborted) break;
    const end = await takeTurn(state, server);
    await settleConfig(state, end, server);
    if (isLast(state, end)) break;
    await pause(state, waitAfter(state, end));
  }
  state.calendar.close();
  const { turns, answered, lastError } = state;
  emit({ event: 'stopped', reason: endReason(state.runtime), turns });
  return { turns, answered, error: lastError };
}

async function begin(state: LoopState): Promise<void> {
  const { signal } = state.runtime;
  reportStore(state);
  await applySettings(state);
  await guard(state, 'boot', state.options.hooks?.boot?.(state.resolved.values, signal));
}

function isLast({ runtime, options, turns }: LoopState, { result }: TurnEnd): boolean {
  const asked = result !== undefined && options.stopAfter?.includes(result.command.name) === true;
  return runtime.signal.aborted || asked || turns >= (options.turns ?? Infinity);
}
