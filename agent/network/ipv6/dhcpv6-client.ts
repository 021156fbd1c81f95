/**
 * A client of DHCPv6 for bases whose busybox has no udhcpc6: one address and the DNS servers of a card (RFC 8415, 18). Where
 * udhcpc6 runs, it is left to that.
 */
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import type { Clock } from '../../../platform/time/clock.ts';
import { messageOf } from '../../../platform/errors/errors.ts';
import type { Log } from '../../../platform/log/log.ts';
import type { System } from '../../../platform/system.ts';
import type { NicState } from '../network-state.ts';
import { nameServers } from '../resolv-conf-writer.ts';
import * as message from './dhcpv6-message.ts';
import type { Dhcpv6Answer, Dhcpv6Question } from './dhcpv6-message.ts';

export interface Dhcpv6Context {
  readonly system: System;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `/` by default. */
  readonly root?: string;
}

const [CLIENT_PORT, SERVER_PORT] = [546, 547] as const;
const SERVERS = 'ff02::1:2';
/** A question is repeated after one second, then twice as long (15; the first ones only). */
const TRIES = 4;
const FIRST_MS = 1000;
/** Behind the leases of IPv4, before what routers advertise. */
const ORDER = 900_000;

/** Whether it may ask on this card: it has a link and its link-local address, and no udhcpc6 of the boot script runs there. */
export function mayAskDhcpv6({ name, carrier, addresses }: NicState, root = '/'): boolean {
  return (
    carrier &&
    addresses.some((address) => /^fe[89ab]/i.test(address)) &&
    !existsSync(`${root}/var/run/udhcpc6.${name}.pid`)
  );
}

/** The DNS servers of a server that gives no addresses. False where nobody answered, or named any. Never throws. */
export async function askInformation(nic: NicState, context: Dhcpv6Context): Promise<boolean> {
  const answer = await conversation(nic, context, (ask) => ask(message.INFORMATION_REQUEST));
  if (answer === undefined || answer.servers.length === 0) return false;
  await name(nic, answer, context);
  return true;
}

/** Asks for an address and sets it. The lease, or undefined where nobody offered one. Never throws. */
export async function leaseDhcpv6(nic: NicState, context: Dhcpv6Context): Promise<Dhcpv6Answer | undefined> {
  const lease = await conversation(nic, context, async (ask) => {
    const offer = await ask(message.SOLICIT);
    if (offer?.address === undefined || offer.committed) return offer;
    return await ask(message.REQUEST, offer);
  });
  return await take(nic, lease, context);
}

/** Renews a lease. Undefined where its server does not answer any more. Never throws. */
export async function renewDhcpv6(
  nic: NicState,
  lease: Dhcpv6Answer,
  context: Dhcpv6Context,
): Promise<Dhcpv6Answer | undefined> {
  return await take(nic, await conversation(nic, context, (ask) => ask(message.RENEW, lease)), context);
}

async function take(
  nic: NicState,
  lease: Dhcpv6Answer | undefined,
  context: Dhcpv6Context,
): Promise<Dhcpv6Answer | undefined> {
  if (lease?.address === undefined || !lease.committed) return undefined;
  const argv = ['ip', '-6', 'addr', 'replace', `${lease.address}/128`, 'dev', nic.name] as const;
  const { status, stderr, failure } = await context.system.run(`set ${lease.address} on ${nic.name}`, argv);
  if (status !== 0) {
    context.log.warn(`DHCPv6 on ${nic.name}: ${argv.join(' ')}: ${failure ?? stderr.toString().trim().slice(0, 200)}`);
    return undefined;
  }
  await name(nic, lease, context);
  return lease;
}

async function name(nic: NicState, { servers, search }: Dhcpv6Answer, context: Dhcpv6Context): Promise<void> {
  if (servers.length > 0)
    await nameServers({ origin: `${nic.name}+6`, order: ORDER + nic.index, servers, search }, context);
}

type Ask = (type: number, offer?: Dhcpv6Answer) => Promise<Dhcpv6Answer | undefined>;

/** Opens the client's port on the card for some questions. */
async function conversation(
  nic: NicState,
  context: Dhcpv6Context,
  talk: (ask: Ask) => Promise<Dhcpv6Answer | undefined>,
): Promise<Dhcpv6Answer | undefined> {
  const { system, log } = context;
  if (!system.live) return undefined;
  const own = nic.addresses.find((address) => /^fe[89ab]/i.test(address))?.replace(/%.*/, '');
  if (own === undefined) return undefined;
  const socket = createSocket('udp6');
  try {
    socket.bind({ port: CLIENT_PORT, address: `${own}%${nic.name}` });
    await once(socket, 'listening');
    const started = context.clock.now();
    return await talk((type, offer) => ask(socket, nic, context, { type, offer, started }));
  } catch (error) {
    context.signal.throwIfAborted();
    log.warn(`DHCPv6 on ${nic.name}: ${messageOf(error)}`);
    return undefined;
  } finally {
    socket.close();
  }
}

async function ask(
  socket: Socket,
  { name: card, mac }: NicState,
  { clock, signal }: Dhcpv6Context,
  { type, offer, started }: { type: number; offer: Dhcpv6Answer | undefined; started: number },
): Promise<Dhcpv6Answer | undefined> {
  const transaction = randomBytes(3);
  const answers: Dhcpv6Answer[] = [];
  const { serverId, address } = offer ?? {};
  const base: Dhcpv6Question = { type, transaction, mac, elapsed: 0, serverId, address };
  const hear = (bytes: Buffer): void => {
    const answer = message.decodeDhcpv6(bytes, base);
    if (answer !== undefined) answers.push(answer);
  };
  socket.on('message', hear);
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const elapsed = Math.round((clock.now() - started) / 10);
      const bytes = message.encodeDhcpv6(Object.assign({}, base, { elapsed }));
      await new Promise<void>((resolve, reject) =>
        socket.send(bytes, SERVER_PORT, `${SERVERS}%${card}`, (error) => (error === null ? resolve() : reject(error))),
      );
      for (const end = clock.now() + FIRST_MS * 2 ** attempt; clock.now() < end; await clock.sleep(20, signal)) {
        const [answer] = answers;
        if (answer !== undefined) return answer;
      }
    }
    return undefined;
  } finally {
    socket.off('message', hear);
  }
}
