/**
 * What IPv6 needs beside the kernel's own addresses and routes: a lease of DHCPv6 where there is no address, and DNS servers
 * where nobody has named any. Never throws; runs beside the wait for the network, and after it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseResolvConf } from '../../../platform/resolv-conf.ts';
import { isUsableAddress, type UsableAddress } from '../assess.ts';
import type { NetworkState, NicState } from '../network-state.ts';
import { nameServers } from '../resolv-conf-writer.ts';
import { askRouters } from './advertised-dns.ts';
import { askInformation, leaseDhcpv6, mayAskDhcpv6, renewDhcpv6, type Dhcpv6Context } from './dhcpv6-client.ts';

/** Router advertisements and IPv4's DHCP go first. */
const GRACE_MS = 2000;
const LOOK_MS = 500;
const AGAIN_MS = 5000;
const REFRESH_LEAST_MS = 60_000;
const REFRESH_MOST_MS = 3_600_000;

/**
 * Asks for leases of DHCPv6 on the cards that `asked` names, until some interface has an address that can reach a server; then
 * keeps the lease that it got until the signal is aborted.
 */
export async function keepDhcpv6(
  observe: () => NetworkState,
  asked: (state: NetworkState) => readonly string[],
  context: Dhcpv6Context,
): Promise<void> {
  const { clock, signal, system, root } = context;
  const since = new Map<string, number>();
  const rest = async (ms: number): Promise<void> => await clock.sleep(ms, signal).catch(() => undefined);
  if (!system.live) return;
  for (; !signal.aborted; await rest(LOOK_MS)) {
    const state = observe();
    if (state.nics.some(({ addresses }) => addresses.some(isUsableAddress))) return;
    const names = new Set(asked(state));
    for (const nic of state.nics.filter((each) => names.has(each.name) && mayAskDhcpv6(each, root))) {
      const due = since.get(nic.name) ?? clock.now() + GRACE_MS;
      since.set(nic.name, due);
      if (clock.now() < due) continue;
      const lease = await leaseDhcpv6(nic, context).catch(() => undefined);
      if (lease !== undefined)
        return await renew(lease.renewS, () => renewOrAskAnew(nic, lease, context), rest, signal);
      since.set(nic.name, clock.now() + AGAIN_MS);
    }
  }
}

/** Renewals at the server's distance; one that nobody answers is tried again after a minute. */
async function renew(
  firstS: number,
  again: () => Promise<number | undefined>,
  rest: (ms: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let seconds: number | undefined = firstS; !signal.aborted;) {
    await rest(Math.min(2 ** 31 - 1, Math.max(10_000, (seconds ?? 60) * 1000)));
    if (!signal.aborted) seconds = await again().catch(() => undefined);
  }
}

async function renewOrAskAnew(
  nic: NicState,
  lease: Parameters<typeof renewDhcpv6>[1],
  context: Dhcpv6Context,
): Promise<number | undefined> {
  const next = (await renewDhcpv6(nic, lease, context)) ?? (await leaseDhcpv6(nic, context));
  return next?.renewS;
}

/**
 * DNS servers by IPv6, where none is named: those of router advertisements, else those of DHCPv6. Resolves when they were asked
 * once, at once where IPv4 brought an address; they are refreshed until the signal is aborted.
 */
export async function learnDnsServers(
  observe: () => NetworkState,
  usable: readonly UsableAddress[],
  context: Dhcpv6Context,
): Promise<void> {
  if (!context.system.live || namesResolver(context.root)) return;
  const first = askOnce(observe, context).catch(() => undefined);
  const alone = usable.every(({ address }) => address.includes(':'));
  // beside IPv4 that names no DNS server, routers that say nothing are not asked again
  void first
    .then((lifetime) => (alone || lifetime !== undefined ? refresh(lifetime, observe, context) : undefined))
    .catch(() => undefined);
  if (alone) await first;
}

async function refresh(first: number | undefined, observe: () => NetworkState, context: Dhcpv6Context): Promise<void> {
  const { clock, signal, root } = context;
  for (let lifetime = first; !signal.aborted;) {
    const half = lifetime === undefined ? 0 : lifetime * 500;
    await clock.sleep(Math.min(REFRESH_MOST_MS, Math.max(REFRESH_LEAST_MS, half)), signal);
    if (lifetime === undefined && namesResolver(root)) return;
    const next = await askOnce(observe, context);
    const expired = next === undefined && lifetime !== undefined && half * 2 < REFRESH_MOST_MS;
    if (expired)
      for (const { name, index } of observe().nics)
        await nameServers({ origin: `${name}+ra`, order: 1_000_000 + index, servers: [], search: [] }, context);
    lifetime = next;
  }
}

async function askOnce(observe: () => NetworkState, context: Dhcpv6Context): Promise<number | undefined> {
  const state = observe();
  const lifetime = await askRouters(state, context);
  if (lifetime !== undefined) return lifetime;
  for (const nic of state.nics.filter((each) => mayAskDhcpv6(each, context.root)))
    if (await askInformation(nic, context)) return undefined;
  return undefined;
}

function namesResolver(root = '/'): boolean {
  try {
    return parseResolvConf(readFileSync(join(root, 'etc/resolv.conf'), 'utf8')).named;
  } catch {
    return false;
  }
}
