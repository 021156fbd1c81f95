/**
 * The loop breaker. A node that is told to reboot again and again (a policy that never finishes, an installer that fails)
 * wears out hardware and hides the fault. The same destructive command more than `limit` times within `windowMs` is held
 * back, longer each time, loudly. It is counted within one boot in the agent's state, and across boots in an EFI variable
 * or, where there are none, in the kernel argument razor.loop, which kexec hands on.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { StateStore } from '../state/state-store.ts';

interface LoopVerdict {
  /** Milliseconds that the command is held back from now on; 0: go ahead. */
  readonly holdMs: number;
  /** Times within the window, this one included. */
  readonly count: number;
  /** The hold begins with this one. */
  readonly begins: boolean;
}

export interface LoopBreaker {
  /** Whether a command may be carried out now. */
  judge(command: string): LoopVerdict;
  /** Notes that it is carried out. Never throws. */
  record(command: string): Promise<void>;
  /** Parameter for the kernel line of a kernel that is booted by kexec; undefined where the count is kept otherwise. */
  readonly kernelParameter: string | undefined;
  /** In words, for status; undefined while nothing is held back. */
  readonly holding: string | undefined;
}

/** Wall times in seconds, oldest first, by command. */
type LoopHistory = Readonly<Record<string, readonly number[]>>;

const History = z.record(z.string().check(z.maxLength(64)), z.array(z.number()).check(z.maxLength(100)));

/** Until when a command is held back, wall time in seconds, and how often it had come. */
const Holds = z.record(
  z.string().check(z.maxLength(64)),
  z.object({ until: z.number(), count: z.int().check(z.minimum(1)) }),
);

const FIRST_HOLD_MS = 60_000;
const CAP_HOLD_MS = 1_800_000;
const KEPT = 20;

/** Times of a command that lie within the window. Times in the future count: the clock was wrong then, or is now. Pure. */
function withinWindow(times: readonly number[], nowS: number, windowMs: number): readonly number[] {
  return times.filter((at) => at > nowS - windowMs / 1000);
}

/** How long the nth command (n counts this one) is held back: nothing up to the limit, then 1, 2, 4 … 30 minutes. Pure. */
export function holdFor(count: number, limit: number): number {
  return count <= limit ? 0 : Math.min(CAP_HOLD_MS, FIRST_HOLD_MS * 2 ** Math.min(20, count - limit - 1));
}

/**
 * Both histories in one, the newest 20 of a command. What both have is the same; what one has twice within a second, as when an
 * agent dies at once and is started again, happened twice. Pure.
 */
export function mergeHistories(a: LoopHistory, b: LoopHistory): Record<string, number[]> {
  const merged: Record<string, number[]> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const times = [...(a[name] ?? [])];
    const left = [...times];
    for (const at of b[name] ?? []) {
      const same = left.indexOf(at);
      if (same === -1) times.push(at);
      else left.splice(same, 1);
    }
    merged[name] = times.sort((x, y) => x - y).slice(-KEPT);
  }
  return merged;
}

/** Reads `razor.loop=reboot:1795000000,1795000060;kexec:…`. What is not understood is nothing. Pure. */
export function parseLoopArgument(text: string): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const part of text.slice(0, 2000).split(';')) {
    const match = /^([a-z][a-z0-9_-]{0,63}):(\d{1,11}(?:,\d{1,11}){0,19})$/.exec(part);
    if (match) found[match[1] as string] = (match[2] as string).split(',').map(Number);
  }
  return found;
}

/** The kernel argument's value for a history, the last five of each command. Pure. */
export function loopArgument(history: LoopHistory): string {
  return Object.entries(history)
    .map(([name, times]) => `${name}:${times.slice(-5).map(Math.round).join(',')}`)
    .join(';');
}

/** 1st, 2nd, 3rd, 4th, 11th, 21st. Pure. */
export function ordinal(count: number): string {
  const teen = Math.floor(count / 10) % 10 === 1;
  return `${count}${(teen ? undefined : ['th', 'st', 'nd', 'rd'][count % 10]) ?? 'th'}`;
}

interface LoopBreakerOptions {
  readonly store: StateStore;
  /** Times within the window that are carried out at once; 5 by default. */
  readonly limit?: number;
  /** 30 minutes by default. */
  readonly windowMs?: number;
  /** Value of the kernel argument razor.loop, if there is one. */
  readonly kernelArgument?: string;
  /** Directory of EFI variables; /sys/firmware/efi/efivars by default. */
  readonly efivars?: string;
}

/**
 * Under Linux' own vendor GUID (LINUX_EFI_CRASH_GUID): efivarfs makes variables of others immutable, and a node has no chattr
 * (Documentation/filesystems/efivarfs.rst; the list is variable_validate[] of drivers/firmware/efi/vars.c). efi-pstore, whose
 * GUID it is, passes over names that do not begin with dump-type.
 */
export const LOOP_VARIABLE = 'RazorMkLoop-cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0';
/** EFI_VARIABLE_NON_VOLATILE | BOOTSERVICE_ACCESS | RUNTIME_ACCESS (UEFI 2.10, 8.2), in front of the value in efivarfs. */
const EFI_ATTRIBUTES = Buffer.from([7, 0, 0, 0]);

/** A breaker that knows what the store, the EFI variable and the kernel argument say of earlier boots and agents. */
export function createLoopBreaker(
  { clock, log, system }: Pick<Runtime, 'clock' | 'log' | 'system'>,
  options: LoopBreakerOptions,
): LoopBreaker {
  const { store, limit = 5, windowMs = 1_800_000, efivars = '/sys/firmware/efi/efivars' } = options;
  const variable = `${efivars}/${LOOP_VARIABLE}`;
  let known: LoopHistory | undefined;
  // not before it is asked for: the boot sequence makes the variables readable
  const history = (): LoopHistory => {
    if (known !== undefined) return known;
    const stored = History.safeParse(store.note('loop'));
    const kept = mergeHistories(stored.success ? stored.data : {}, readVariable(variable));
    return (known = mergeHistories(kept, parseLoopArgument(options.kernelArgument ?? '')));
  };
  const nowS = (): number => Math.round(clock.wall().getTime() / 1000);
  let holds: Map<string, { readonly until: number; readonly count: number }> | undefined;
  // what an earlier agent of this boot began goes on; no clock that was set makes it longer than it was
  const held = (): NonNullable<typeof holds> => {
    if (holds !== undefined) return holds;
    const stored = Holds.safeParse(store.note('holds'));
    holds = new Map();
    for (const [command, { until, count }] of Object.entries(stored.success ? stored.data : {})) {
      const leftMs = Math.max(0, Math.min((until - nowS()) * 1000, holdFor(count, limit)));
      holds.set(command, { until: clock.now() + leftMs, count });
    }
    return holds;
  };
  const saveHolds = (): void => {
    const rows = [...held()].map(([command, { until, count }]) => {
      return [command, { until: nowS() + Math.ceil((until - clock.now()) / 1000), count }] as const;
    });
    store.setNote('holds', Object.fromEntries(rows));
  };

  return {
    get kernelParameter() {
      const text = existsSync(efivars) ? '' : loopArgument(history());
      return text === '' ? undefined : `razor.loop=${text}`;
    },
    get holding() {
      for (const [name, { until, count }] of held()) {
        const left = Math.ceil((until - clock.now()) / 1000);
        if (left > 0)
          return `${name} is held back for another ${left} s: it came ${count} times in ${windowMs / 60_000} minutes`;
      }
      return undefined;
    },
    judge(command) {
      const holding = held().get(command);
      if (holding !== undefined) {
        const { until, count } = holding;
        const holdMs = Math.max(0, until - clock.now());
        if (holdMs === 0) {
          held().delete(command);
          saveHolds();
        }
        return { holdMs, count, begins: false };
      }
      const count = withinWindow(history()[command] ?? [], nowS(), windowMs).length + 1;
      const holdMs = holdFor(count, limit);
      if (holdMs > 0) {
        held().set(command, { until: clock.now() + holdMs, count });
        saveHolds();
      }
      return { holdMs, count, begins: holdMs > 0 };
    },
    async record(command) {
      known = mergeHistories(history(), { [command]: [...(history()[command] ?? []), nowS()] });
      store.setNote('loop', known);
      if (!existsSync(efivars)) return;
      const value = Buffer.concat([EFI_ATTRIBUTES, Buffer.from(JSON.stringify(known))]);
      try {
        // attributes and value must come in one write
        await system.change(`count ${command} in the EFI variable ${LOOP_VARIABLE}`, () =>
          writeFileSync(variable, value),
        );
      } catch (error) {
        log.warn(`the loop breaker cannot count across boots: ${messageOf(error)}`);
      }
    },
  };
}

/**
 * Asks the breaker whether a command may go ahead: 0, or the milliseconds that it is held back. A hold is reported once, with
 * what to look at on the server; the command comes again with every check-in, and is then only logged.
 */
export function admit(
  breaker: LoopBreaker,
  command: string,
  lookAt: string,
  { log, emit }: Pick<Runtime, 'log' | 'emit'>,
): number {
  const { holdMs, count, begins } = breaker.judge(command);
  if (holdMs === 0) return 0;
  const seconds = Math.ceil(holdMs / 1000);
  if (!begins) {
    log.info(`${command} is held back for ${seconds} s more`);
    return holdMs;
  }
  const message = `${command} for the ${ordinal(count)} time: this looks like a loop, it is held back for ${seconds} s`;
  log.error(`${message}. Look at ${lookAt} on the server.`);
  emit({ event: 'warning', message });
  return holdMs;
}

function readVariable(path: string): LoopHistory {
  try {
    const parsed = History.safeParse(JSON.parse(readFileSync(path).subarray(4).toString('utf8')));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}
