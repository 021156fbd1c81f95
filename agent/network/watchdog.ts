/**
 * The hardware watchdog (Documentation/watchdog/watchdog-api.rst): the machine restarts when nobody writes to the device.
 * It is fed while the agent gets anywhere: a turn, a round of waiting, a step of the boot. An agent that hangs, or whose
 * work stands still for `stallMs`, does not feed it. An orderly end disarms it with the magic character.
 */
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';

export interface Watchdog {
  /** The device was opened. */
  readonly armed: boolean;
  /** The agent got somewhere. */
  progress(): void;
  /** Milliseconds that the work may stand still from now on. */
  allow(stallMs: number): void;
  /** Disarms the device and stops feeding. */
  stop(): void;
}

interface WatchdogOptions {
  readonly system: System;
  readonly log: Log;
  readonly clock: Clock;
  /** /dev/watchdog by default. */
  readonly device?: string;
  /** How often it is fed; 5 s by default (devices of 10 s exist). */
  readonly feedMs?: number;
  /** How long the work may stand still; 15 minutes by default. */
  readonly stallMs?: number;
}

/** Opens the device, where there is one, and begins to feed it. Never throws. */
export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const { clock, log, system } = options;
  const device = options.device ?? '/dev/watchdog';
  const stop = new AbortController();
  let fd: number | undefined;
  let stallMs = options.stallMs ?? 900_000;
  let last = clock.now();
  let failed = false;
  let stalled = false;
  if (existsSync(device)) {
    try {
      fd = await system.change(`arm the watchdog ${device}`, () => openSync(device, 'w'));
    } catch (error) {
      log.warn(`watchdog ${device}: ${messageOf(error)}`);
    }
  }
  const write = (text: string): void => {
    if (fd === undefined) return;
    try {
      writeSync(fd, text);
    } catch (error) {
      if (!failed) log.warn(`watchdog ${device}: ${messageOf(error)}`);
      failed = true;
    }
  };
  const feed = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const still = clock.now() - last;
      if (still <= stallMs) write('\0');
      else if (!stalled)
        log.error(`the work stands still since ${Math.round(still / 1000)} s: the watchdog is not fed any more`);
      stalled = still > stallMs;
      await clock.sleep(options.feedMs ?? 5000, stop.signal).catch(() => undefined);
    }
  };
  if (fd !== undefined) void feed();
  return {
    get armed() {
      return fd !== undefined;
    },
    progress: () => void (last = clock.now()),
    allow: (ms) => void (stallMs = Math.max(60_000, ms)),
    stop() {
      if (stop.signal.aborted) return;
      stop.abort();
      write('V'); // without it the device goes on counting after close
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
