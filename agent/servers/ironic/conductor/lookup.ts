/**
 * Who this node is to Ironic, and the token that it is given once. It goes on until there is an answer
 * (docs/contracts/ironic.md#lookup).
 */
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import type { Log } from '../../../../platform/log/log.ts';
import { ApiRefusal, type IronicApi, type LookupReply } from './ironic-api.ts';
import type { Memory } from '../ironic-state.ts';

export interface LookupOptions {
  /** Asked in turn. */
  readonly apis: readonly IronicApi[];
  readonly macs: () => Promise<readonly string[]>;
  readonly memory: Memory;
  /** Of virtual media, known before the first lookup. */
  readonly presharedToken: string | undefined;
  /** After so long a person is told. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each failure, before the wait. */
  readonly onFailure: (error: unknown, waitMs: number) => void;
  readonly signal: AbortSignal;
}

export interface FoundNode {
  readonly api: IronicApi;
  readonly lookup: LookupReply;
  /** Undefined only for servers that hand none out. */
  readonly token: string | undefined;
}

const LONGEST_MS = 60_000;
/** A locked node is free again soon. */
const LOCKED_MS = [5000, 10_000, 30_000] as const;
/** What is handed out instead of a token that was handed out before. */
const HIDDEN = '******';
const SHORTEST_TOKEN = 32;

/** Looks up until it is known. Rejects only when it is stopped. */
export async function lookUp(options: LookupOptions, uuid?: string): Promise<FoundNode> {
  const { clock, signal } = options;
  const started = clock.now();
  let told = false;
  for (let attempt = 0, locked = 0; ; attempt++) {
    try {
      return await lookUpOnce(options, uuid);
    } catch (error) {
      signal.throwIfAborted();
      let wait = exponential(attempt, options);
      if (error instanceof ApiRefusal && error.status === 409) {
        wait = LOCKED_MS[Math.min(locked++, LOCKED_MS.length - 1)] ?? LONGEST_MS;
      }
      if (!told && clock.now() - started + wait > options.timeoutMs) {
        told = true;
        options.log.warn(
          `lookup: no node for this machine within ${options.timeoutMs / 1000} s; it goes on, more slowly`,
        );
      }
      options.onFailure(error, told ? LONGEST_MS : wait);
      await clock.sleep(told ? LONGEST_MS : wait, signal);
    }
  }
}

/** At least the interval, at most a minute, and between them a random part of a doubling span. */
function exponential(attempt: number, { intervalMs, clock }: LookupOptions): number {
  const span = Math.min(LONGEST_MS, intervalMs * 2 ** Math.min(attempt, 16));
  return intervalMs + clock.random() * Math.max(0, span - intervalMs);
}

/** One question to each API. Throws what the last one said; a refusal counts more than silence. */
export async function lookUpOnce(options: LookupOptions, uuid?: string): Promise<FoundNode> {
  const macs = await options.macs();
  if (macs.length === 0) {
    throw new RazorMkError(
      'RAZOR_MK_NO_IDENTITY',
      'no network card has a MAC address that Ironic could know this machine by',
    );
  }
  let refused: unknown;
  let failed: unknown;
  for (const api of options.apis) {
    try {
      const lookup = await api.lookup(macs, uuid);
      return { api, lookup, token: keepToken(lookup, options) };
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof ApiRefusal) refused = error;
      else failed = error;
      if (options.apis.length > 1) options.log.debug(`lookup at ${api.url}: ${messageOf(error)}`);
    }
  }
  throw refused ?? failed;
}

/** The token of this answer, or the one that is known already. Throws RAZOR_MK_REFUSED where it is with somebody else. */
function keepToken(
  { node, token, tokenRequired }: LookupReply,
  { memory, presharedToken }: LookupOptions,
): string | undefined {
  // the stars that stand for a hidden one are shorter
  if (token !== undefined && token.length >= SHORTEST_TOKEN) {
    memory.keep({ uuid: node.uuid, token });
    return token;
  }
  const { uuid, token: kept } = memory.value;
  if (kept !== undefined && uuid === node.uuid) return kept;
  if (presharedToken !== undefined && presharedToken.length >= SHORTEST_TOKEN) {
    memory.keep({ uuid: node.uuid, token: presharedToken });
    return presharedToken;
  }
  if (token === undefined && !tokenRequired) return undefined;
  const what = token === HIDDEN ? 'was handed out before, and not to this agent' : 'is not one';
  throw new RazorMkError('RAZOR_MK_REFUSED', `the agent token of node ${node.uuid} ${what}`, {
    remedy: 'Ironic hands the token out once per boot: restart the machine through Ironic.',
  });
}
