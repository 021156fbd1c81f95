/** When to do something again: pure functions of what they are given. The cap comes first and the noise after it. */
import { createHash } from 'node:crypto';

interface BackoffOptions {
  /** Upper bound of the first delay, in milliseconds. */
  readonly baseMs: number;
  /** Upper bound of every delay. */
  readonly capMs: number;
  /** No delay is shorter than this; 0 by default. Never above the cap. */
  readonly floorMs?: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/**
 * The delay before the next attempt, in milliseconds, with full jitter: anything between the floor and
 * min(cap, base * 2^attempt). `attempt` is 0 after the first failure. Were the cap applied after the noise, every node
 * would wait exactly the cap in a long outage, and a rack would come back as one.
 */
export function backoffDelay(attempt: number, options: BackoffOptions): number {
  const growth = options.baseMs * 2 ** Math.min(Math.max(0, attempt), 40);
  const bound = Math.min(options.capMs, growth);
  const floor = Math.min(options.floorMs ?? 0, bound);
  return floor + options.random() * (bound - floor);
}

/**
 * Where in the interval this node has its place: a number of milliseconds in [0, intervalMs) that depends on the id only,
 * evenly spread over ids.
 */
export function nodePhase(id: string, intervalMs: number): number {
  const digest = createHash('sha256').update(id).digest();
  return (digest.readUIntBE(0, 6) / 2 ** 48) * intervalMs;
}

interface NextTurn {
  /** Monotonic milliseconds: now, and when the last turn began. */
  readonly now: number;
  readonly lastStart: number;
  readonly intervalMs: number;
  /** This node's place in the interval (nodePhase); undefined keeps plain intervals from the last start. */
  readonly phaseMs?: number;
}

/**
 * Milliseconds until the next turn: the interval minus the time that was used. With a phase the turn falls on the next
 * moment of this node's place in the interval that is at least half an interval after the last start, so that nodes
 * powered on together drift apart at their second turn and stay apart. A turn that took longer than the interval is
 * followed at once, never by several to catch up.
 */
export function nextTurnDelay(options: NextTurn): number {
  const { now, lastStart, intervalMs, phaseMs } = options;
  if (phaseMs === undefined) return Math.max(0, lastStart + intervalMs - now);
  const earliest = lastStart + intervalMs / 2;
  const place = Math.ceil((earliest - phaseMs) / intervalMs) * intervalMs + phaseMs;
  return Math.max(0, place - now);
}
