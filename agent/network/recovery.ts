/**
 * What to try while there is no usable network. Pure decisions with a memory: given the state, what was tried and when,
 * which actions are due. Each has its own capped exponential back-off, and DHCP is never restarted on all NICs at once:
 * where one NIC has a slow switch port, the others keep what they have.
 */
import { candidateNics, isUsableAddress } from './assess.ts';
import type { NetworkState } from './network-state.ts';

export type RecoveryAction =
  | { readonly kind: 'link-up'; readonly nic: string }
  | { readonly kind: 'reload-module'; readonly module: string }
  | { readonly kind: 'start-dhcp'; readonly nic: string }
  | { readonly kind: 'restart-dhcp'; readonly nic: string };

/** What was tried: key of the action to count and time. */
export type RecoveryMemory = Map<string, { readonly count: number; readonly at: number }>;

export interface RecoveryOptions {
  /** Modules that may have missed their firmware at boot, because it arrives with an extension. */
  readonly reloadable?: readonly string[];
  /** The interfaces that DHCP is asked on (line-cards.ts); all cards by default. */
  readonly dhcpNics?: (state: NetworkState) => readonly string[];
  /** Whether a DHCP client is missing there, of those that the image's own script starts; never by default. */
  readonly lacksClient?: (nic: string) => boolean;
}

/** The original's list (bnx2), and its kin that load firmware when they are probed. */
export const RELOADABLE_MODULES: readonly string[] = ['bnx2', 'bnx2x', 'netxen_nic', 'qlcnic', 'cxgb4', 'cxgb3'];

const FIRST_MS = { 'link-up': 2000, 'reload-module': 10_000, 'start-dhcp': 5000, 'restart-dhcp': 15_000 } as const;
const CAP_MS = 300_000;
/** A link needs time for spanning tree and for the DHCP client that is running already. */
const DHCP_GRACE_MS = 10_000;

function actionKey(action: RecoveryAction): string {
  return `${action.kind} ${action.kind === 'reload-module' ? action.module : action.nic}`;
}

/** Milliseconds that must lie between the nth try of an action and the next: doubled each time, capped at 5 minutes. */
export function recoveryDelay(kind: RecoveryAction['kind'], count: number): number {
  return Math.min(CAP_MS, FIRST_MS[kind] * 2 ** Math.max(0, count - 1));
}

/**
 * Actions that are due now, to be done in this order. `now` is monotonic; `linkSince` says since when a NIC has had its
 * link. At most one DHCP restart and one module reload are returned at a time.
 */
export function planRecovery(
  state: NetworkState,
  memory: RecoveryMemory,
  now: number,
  linkSince: ReadonlyMap<string, number>,
  options: RecoveryOptions = {},
): RecoveryAction[] {
  const due = (action: RecoveryAction): boolean => {
    const last = memory.get(actionKey(action));
    return last === undefined || now - last.at >= recoveryDelay(action.kind, last.count);
  };
  const nics = candidateNics(state);
  const actions: RecoveryAction[] = nics
    .filter((nic) => !nic.up)
    .map((nic) => ({ kind: 'link-up' as const, nic: nic.name }))
    .filter(due);
  const driven = new Set(state.nics.map((nic) => nic.driver));
  const reload = (options.reloadable ?? RELOADABLE_MODULES)
    .filter((module) => state.modules.has(module) && !driven.has(module))
    .map((module) => ({ kind: 'reload-module' as const, module }))
    .find(due);
  if (reload) actions.push(reload);
  const asked = options.dhcpNics?.(state) ?? nics.map(({ name }) => name);
  // a card that came after the boot script had looked, whether it has a link yet or not
  const starts = state.nics
    .filter(({ name }) => asked.includes(name) && options.lacksClient?.(name) === true)
    .map(({ name }) => ({ kind: 'start-dhcp' as const, nic: name }))
    .filter(due);
  if (starts.length > 0) return [...actions, ...starts];
  const dhcp = state.nics
    .filter((nic) => asked.includes(nic.name) && nic.carrier && !nic.addresses.some(isUsableAddress))
    .filter((nic) => now - (linkSince.get(nic.name) ?? now) >= DHCP_GRACE_MS)
    .map((nic) => ({ kind: 'restart-dhcp' as const, nic: nic.name }))
    .filter(due)
    // the one that was tried longest ago first: NICs take turns
    .sort((a, b) => (memory.get(actionKey(a))?.at ?? -1) - (memory.get(actionKey(b))?.at ?? -1))[0];
  if (dhcp) actions.push(dhcp);
  return actions;
}

/** Notes that an action was done. */
export function remember(memory: RecoveryMemory, action: RecoveryAction, now: number): void {
  const key = actionKey(action);
  memory.set(key, { count: (memory.get(key)?.count ?? 0) + 1, at: now });
}
