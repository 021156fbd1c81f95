/**
 * Waits for a usable network. No time limit ends it (the original stopped for good after two minutes): round after round
 * it looks, does what is due, and says what is missing and what to check.
 */
import type { Clock } from '../../platform/time/clock.ts';
import { assessNetwork, type Assessment, type UsableAddress } from './assess.ts';
import { planRecovery, remember, type RecoveryAction, type RecoveryMemory, type RecoveryOptions } from './recovery.ts';
import type { NetworkState } from './network-state.ts';

interface NetworkWait {
  readonly clock: Clock;
  readonly observe: () => NetworkState;
  /** Does one action. Must not throw. */
  readonly act: (action: RecoveryAction) => Promise<void>;
  /** Static addresses and VLANs; what they wait for, in words. Called each round while there is no usable address. */
  readonly configure?: (state: NetworkState) => Promise<readonly string[]>;
  /** The kernel line has an ip= with an address. */
  readonly addressGiven?: boolean;
  /** A line for the console. */
  readonly say: (line: string) => void;
  readonly onRound?: (assessment: Assessment, round: number) => void;
  readonly recovery?: RecoveryOptions;
  readonly signal?: AbortSignal;
}

const POLL_FIRST_MS = 250;
const POLL_CAP_MS = 1500;
const SAY_FIRST_MS = 5000;
const SAY_CAP_MS = 60_000;

/** Resolves with the usable addresses; rejects only when the signal is aborted. */
export async function waitForNetwork(wait: NetworkWait): Promise<readonly UsableAddress[]> {
  const { clock } = wait;
  const memory: RecoveryMemory = new Map();
  const linkSince = new Map<string, number>();
  const started = clock.now();
  let said = { text: '', at: -Infinity, times: 0 };
  for (let round = 1; ; round++) {
    wait.signal?.throwIfAborted();
    const state = wait.observe();
    const assessment = assessNetwork(state, wait.addressGiven);
    wait.onRound?.(assessment, round);
    if (assessment.stage === 'ready') return assessment.usable;
    noteLinks(state, linkSince, clock.now());
    const waitingFor = (await wait.configure?.(state)) ?? [];
    for (const action of planRecovery(state, memory, clock.now(), linkSince, wait.recovery)) {
      remember(memory, action, clock.now());
      await wait.act(action);
    }
    const missing = [assessment.missing, ...waitingFor.map((what) => `waiting for ${what}`)].join('; ');
    const due = Math.min(SAY_CAP_MS, SAY_FIRST_MS * 2 ** Math.max(0, said.times - 1));
    // the first second is every healthy boot's own: nothing is wrong yet
    const now = clock.now();
    if (now - started >= 1000 && (missing !== said.text || now - said.at >= due)) {
      wait.say(
        `network, ${Math.round((now - started) / 1000)} s: ${missing}. Check: ${assessment.check}. Trying again, without end.`,
      );
      said = { text: missing, at: now, times: missing === said.text ? said.times + 1 : 1 };
    }
    await clock.sleep(Math.min(POLL_CAP_MS, POLL_FIRST_MS * 2 ** Math.min(round - 1, 10)), wait.signal);
  }
}

function noteLinks(state: NetworkState, linkSince: Map<string, number>, now: number): void {
  for (const nic of state.nics) {
    if (!nic.carrier) linkSince.delete(nic.name);
    else if (!linkSince.has(nic.name)) linkSince.set(nic.name, now);
  }
}
