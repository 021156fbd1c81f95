/**
 * DNS servers of router advertisements, where no lease and no kernel line names any: a network of IPv6 alone. Asked at boot, and
 * again while there are none and before they expire.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../platform/time/clock.ts';
import { messageOf } from '../../../platform/errors/errors.ts';
import type { Log } from '../../../platform/log/log.ts';
import type { System } from '../../../platform/system.ts';
import type { NetworkState, NicState } from '../network-state.ts';
import { nameServers } from '../resolv-conf-writer.ts';
import { EarFailure, openEar, type Ear } from '../neighbours/ear.ts';
import { parseAdvertisement, solicitation, type AdvertisedDns } from './router-advertisement.ts';

interface AdvertisedContext {
  readonly system: System;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `/` by default. */
  readonly root?: string;
}

/** A router answers within half a second (RFC 4861, MAX_RA_DELAY_TIME); three questions, four seconds apart, are the rule for hosts. */
const QUESTIONS = 3;
const ANSWER_MS = 2000;
const POLL_MS = 50;
/** Behind all leases. */
const LAST = 1_000_000;

/** Asks the routers of each card with a link and an IPv6 address. The shortest lifetime in seconds; undefined where none told. */
export async function askRouters(state: NetworkState, context: AdvertisedContext): Promise<number | undefined> {
  const cards = state.nics.filter((nic) => nic.carrier && nic.addresses.some((address) => address.includes(':')));
  const lifetimes = await Promise.all(cards.map((nic) => askOn(nic, context)));
  const told = lifetimes.filter((lifetime) => lifetime !== undefined);
  return told.length === 0 ? undefined : Math.min(...told);
}

async function askOn(nic: NicState, context: AdvertisedContext): Promise<number | undefined> {
  const { system, log } = context;
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-'));
  try {
    await system.run('load the module macvtap', ['modprobe', 'macvtap']);
    const ear = await openEar(nic.name, nic.index, { system, log, dir, to: 'routers' });
    const found = await listen(ear, context).finally(() => ear.close());
    if (found === undefined) return undefined;
    // an address of the link means something with its interface alone
    const servers = found.servers.map((address) => (/^fe[89ab]/.test(address) ? `${address}%${nic.name}` : address));
    const named = found.lifetimeS === 0 ? [] : servers;
    const origin = `${nic.name}+ra`;
    await nameServers({ origin, order: LAST + nic.index, servers: named, search: found.search }, context);
    return found.lifetimeS;
  } catch (error) {
    if (!(error instanceof EarFailure)) context.signal.throwIfAborted();
    log.warn(`router advertisements of ${nic.name}: ${messageOf(error)}`);
    return undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The first advertisement with DNS in it, or undefined when none came. */
async function listen(ear: Ear, { clock, signal }: AdvertisedContext): Promise<AdvertisedDns | undefined> {
  for (let question = 0; question < QUESTIONS; question++) {
    ear.say(solicitation(ear.mac));
    for (const end = clock.now() + ANSWER_MS; clock.now() < end; await clock.sleep(POLL_MS, signal)) {
      const frames = ear.hear();
      if (frames === undefined) return undefined; // the device is gone
      const found = frames.map(parseAdvertisement).find((each) => each !== undefined && each.servers.length > 0);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
