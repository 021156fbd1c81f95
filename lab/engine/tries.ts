/**
 * Tries of an installation: each boot of the installer is one, and each order to write an image. A policy says how many there may be and how long each may
 * take; what is over the limit stops with the microkernel, so that no machine is installed again and again for ever. A
 * faithful lab counts nothing: the original has no end.
 */
import type { LabCore } from '../lab-core.ts';
import type { ActiveModel } from '../store/records.ts';
import { familyOf } from '../installers/templates.ts';
import { isModelState, nextState, stateEntry, type ModelState } from './models.ts';

/** What a policy allows that says nothing else. */
export const DEFAULT_LIMITS = { tries: 2, installTimeoutS: 7200 } as const;

/** A loader that asks again so soon has not booted in between. */
const SAME_BOOT_MS = 15_000;

/** How often, and for how long each time; 0 for no limit. */
interface TryLimits {
  readonly tries: number;
  readonly timeoutMs: number;
}

/** The limits of the policy as it is now, the usual ones where it is gone. */
export function tryLimits(core: LabCore, active: ActiveModel): TryLimits {
  const policy = core.store.policies.get(active.policy);
  const timeoutS = policy?.installTimeout ?? DEFAULT_LIMITS.installTimeoutS;
  return { tries: policy?.tries ?? DEFAULT_LIMITS.tries, timeoutMs: timeoutS * 1000 };
}

/** `2 of 2`, `1` without a limit, empty before the first. */
export function triesText(core: LabCore, active: ActiveModel): string {
  const { tries } = tryLimits(core, active);
  if (active.tries === 0) return '';
  return tries === 0 ? String(active.tries) : `${active.tries} of ${tries}`;
}

/** Notes that a node asks for its boot script, and stops an installation that has had its tries. Resolves to what is booted now. */
export async function noteBoot(core: LabCore, active: ActiveModel): Promise<ActiveModel> {
  const stopped = await core.store.write(() => {
    const current = core.store.activeModels.get(active.uuid) ?? active;
    const { boot } = stateEntry(current.state, familyOf(current.model.template));
    if (boot === 'installer' && !core.settings.faithful && !countTry(core, current)) {
      const why = `the installer was booted ${current.tries} times and has not come to an end`;
      stop(core, current, 'boot_call', why);
      return why;
    }
    const { state } = current;
    const entry = { oldState: state, state, action: 'boot_call', method: 'boot_call', result: boot };
    core.store.activeModels.record(current, { at: core.wall(), ...entry });
    return undefined;
  });
  const now = core.store.activeModels.get(active.uuid) ?? active;
  if (stopped !== undefined) say(core, now, active.state, stopped);
  return now;
}

/**
 * Counts an order to write an image, and stops what has had its tries; undefined where it may go out, else why it may not. Call within
 * `Store.write`.
 */
export function noteOrder(core: LabCore, active: ActiveModel): string | undefined {
  if (countTry(core, active)) return undefined;
  const why = `the order to write the image was given ${active.tries} times and has not come to an end`;
  stop(core, active, 'mk_call', why);
  say(core, active, active.state, why);
  return why;
}

/** Counts a boot of the installer; false where there is no try left. */
function countTry(core: LabCore, active: ActiveModel): boolean {
  const now = core.wall();
  if (active.tried !== undefined && now - active.tried < SAME_BOOT_MS) return true;
  const { tries } = tryLimits(core, active);
  if (tries > 0 && active.tries >= tries) return false;
  core.store.activeModels.setTry(active, { tries: active.tries + 1, tried: now, overdue: false });
  return true;
}

function stop(core: LabCore, active: ActiveModel, method: string, why: string): void {
  const entry = { oldState: active.state, state: 'timeout_error', action: 'tries_timeout', method, result: why };
  core.store.activeModels.record(active, { at: core.wall(), ...entry });
}

function say(core: LabCore, active: ActiveModel, from: string, why: string): void {
  const node = core.store.nodes.byId(active.node);
  const next = `lab active-model retry ${active.uuid} starts again`;
  core.events.emit({
    type: 'state',
    ...(node && { node: node.uuid }),
    message: `${active.policyLabel}: stopped in state ${from}: ${why}; ${next}`,
    details: { from, to: 'timeout_error', action: 'tries_timeout', activeModel: active.uuid },
  });
}

/** Looks at every installation that is under way: the last try that takes too long is stopped, each other one is shown as late. */
export async function stopOverdue(core: LabCore): Promise<void> {
  if (core.settings.faithful) return;
  const now = core.wall();
  const late = core.store.activeModels.installing().filter((active) => {
    const { timeoutMs } = tryLimits(core, active);
    return timeoutMs > 0 && now - (active.tried ?? now) > timeoutMs;
  });
  for (const active of late) {
    const { tries, timeoutMs } = tryLimits(core, active);
    const why = `try ${triesText(core, active)} takes longer than ${timeoutMs / 1000} s`;
    if (tries > 0 && active.tries >= tries) {
      const stopped = await core.store.write(() => {
        const now = core.store.activeModels.get(active.uuid);
        // another lab may have heard of it since
        if (now?.state !== active.state || now.tries !== active.tries) return false;
        stop(core, now, 'timer', why);
        return true;
      });
      if (stopped) say(core, active, active.state, why);
    } else if (!active.overdue) await showLate(core, active, why);
  }
}

async function showLate(core: LabCore, active: ActiveModel, why: string): Promise<void> {
  const { state, tries, tried } = active;
  await core.store.write(() => {
    core.store.activeModels.setTry(active, { tries, tried, overdue: true });
    const entry = { oldState: state, state, action: 'try_timeout', method: 'timer', result: why };
    core.store.activeModels.record(active, { at: core.wall(), ...entry });
  });
  const node = core.store.nodes.byId(active.node);
  core.events.emit({
    type: 'state',
    ...(node && { node: node.uuid }),
    message: `${active.policyLabel}: ${why}: its next boot from the network tries again`,
    details: { from: state, to: state, action: 'try_timeout', activeModel: active.uuid },
  });
}

/** The state after an action. An installer that was given up and ends after all is believed: it is only slow. */
export function stateAfter(core: LabCore, state: ModelState, action: string): ModelState {
  if (state !== 'timeout_error' || core.settings.faithful) return nextState(state, action);
  const late = action.startsWith('postinstall_');
  const ended = nextState(late ? 'postinstall' : 'preinstall', action);
  return ended === (late ? 'os_complete' : 'postinstall') ? ended : state;
}

/** Why an installation is not started again without force; undefined where it has failed. */
export function retryObstacle(core: LabCore, active: ActiveModel): string | undefined {
  if (active.state === 'timeout_error' || active.state === 'error_catch') return undefined;
  const { meaning } = stateEntry(active.state, familyOf(active.model.template));
  const under = ['init', 'preinstall', 'postinstall'].includes(active.state);
  const what = `it is in state ${active.state}: ${meaning}`;
  return `${what}; ${under ? `it is at work (try ${triesText(core, active) || 'none yet'})` : 'a retry overwrites its disks'}`;
}

/** Starts an installation from its beginning, with all its tries. */
export async function retryInstallation(core: LabCore, active: ActiveModel): Promise<void> {
  await core.store.write(() => {
    core.store.activeModels.setTry(active, { tries: 0, tried: undefined, overdue: false });
    const oldState = isModelState(active.state) ? active.state : 'error_catch';
    const entry = { oldState, state: 'init', action: 'retry', method: 'person', result: 'all tries again' };
    core.store.activeModels.record(active, { at: core.wall(), ...entry });
    core.store.nodes.update(active.node, { installed: null });
  });
  const node = core.store.nodes.byId(active.node);
  core.events.emit({
    type: 'state',
    ...(node && { node: node.uuid }),
    message: `${active.policyLabel}: started again by hand, from state ${active.state}`,
    details: { from: active.state, to: 'init', action: 'retry', activeModel: active.uuid },
  });
}
