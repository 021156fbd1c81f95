/** Which server the next turn asks: the one that is known, or what discovery finds, however long that takes. */
import type { Candidate } from '../discovery/candidate.ts';
import { failureIntervals, guard, pause, reportFailure, type LoopState } from './loop-state.ts';

/** Discovers until there is a server. Undefined when the agent is stopped. */
export async function locate(state: LoopState): Promise<Candidate | undefined> {
  const { clock, signal } = state.runtime;
  while (!signal.aborted) {
    const known = state.targets.current(state.resolved.values.pushedUri);
    if (known !== undefined && !state.targets.expired()) {
      tellMove(state, known);
      return known;
    }
    try {
      await discover(state);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (known !== undefined) return known; // the address expired, and DNS is gone: better the old one than none
      reportFailure(state, error);
      const { discoverySchedule: schedule } = state;
      const intervals = failureIntervals(state, schedule.failures, error);
      const { ms } = schedule.afterFailure(intervals, () => clock.random(), undefined);
      await pause(state, { ms, reason: 'discovery begins again' });
    }
  }
  return undefined;
}

/** Says when another address is asked than before, and why: a push that moves nodes would be a riddle otherwise. */
function tellMove(state: LoopState, { url, source }: Candidate): void {
  if (state.asked !== undefined && state.asked !== url)
    state.runtime.log.info(`from now on ${url} is asked (${source}) in place of ${state.asked}`);
  state.asked = url;
}

/** Throws RAZOR_MK_NO_SERVER. */
async function discover(state: LoopState): Promise<void> {
  const { runtime, options, targets } = state;
  const { candidates, steps } = await options.discover(state.resolved.values, runtime.signal, targets.unanswered());
  targets.found({ candidates, steps });
  // the one that answered last, if discovery names it again
  const first = targets.current('') ?? (candidates[0] as Candidate);
  const others = candidates.map(({ url }) => url).filter((url) => url !== first.url);
  runtime.emit({
    event: 'discovered',
    server: first.url,
    source: first.source,
    candidates: [first.url, ...others],
    steps,
  });
  if (state.turns === 0) await guard(state, 'ready', options.hooks?.ready?.(first, runtime.signal));
}
