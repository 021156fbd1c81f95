/** The clock, by SNTP (RFC 5905 section 14 and its on-wire test): one question, one answer, one step. */
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { System } from '../../platform/system.ts';
import { LEASES, leaseValue } from './dhcp.ts';

/** Seconds from 1900 (NTP) to 1970 (Unix). */
const NTP_TO_UNIX = 2_208_988_800;

interface SntpAnswer {
  /** Milliseconds to add to the local clock. */
  readonly offsetMs: number;
  readonly delayMs: number;
  readonly stratum: number;
  readonly server: string;
}

/** A 64-bit NTP timestamp as Unix milliseconds. Seconds below 2^31 belong to era 1, from 2036 on (RFC 4330 section 3). */
export function ntpToUnixMs(packet: Buffer, at: number): number {
  const seconds = packet.readUInt32BE(at);
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0;
  return (seconds + era - NTP_TO_UNIX) * 1000 + (packet.readUInt32BE(at + 4) / 2 ** 32) * 1000;
}

/** Reads a reply; throws RAZOR_MK_NTP for what is not the answer to `cookie`. Times in Unix milliseconds. */
export function readSntpReply(
  packet: Buffer,
  cookie: Buffer,
  sentMs: number,
  receivedMs: number,
  server: string,
): SntpAnswer {
  const refuse = (why: string): never => {
    throw new RazorMkError('RAZOR_MK_NTP', `${server} is not a usable clock: ${why}`);
  };
  if (packet.length < 48) refuse('short reply');
  const first = packet[0] ?? 0;
  if ((first & 7) !== 4) refuse('not a server’s reply');
  if (!packet.subarray(24, 32).equals(cookie)) refuse('the answer is to another question');
  const stratum = packet[1] ?? 0;
  if (stratum === 0) refuse(`kiss-o’-death ${packet.subarray(12, 16).toString('latin1').replaceAll(/\W/g, '')}`);
  if (stratum > 15 || first >> 6 === 3) refuse('it is not synchronised itself');
  const t2 = ntpToUnixMs(packet, 32);
  const t3 = ntpToUnixMs(packet, 40);
  return {
    offsetMs: (t2 - sentMs + (t3 - receivedMs)) / 2,
    delayMs: Math.max(0, receivedMs - sentMs - (t3 - t2)),
    stratum,
    server,
  };
}

/** Asks one server, given by its address. Throws RAZOR_MK_NTP after `timeoutMs` (2,000). */
export async function askSntp(
  address: string,
  options: { readonly port?: number; readonly timeoutMs?: number; readonly wall?: () => Date } = {},
): Promise<SntpAnswer> {
  const wall = options.wall ?? ((): Date => new Date());
  // our transmit time is a random cookie: it comes back as the originate time, and nobody else knows it
  const cookie = randomBytes(8);
  const request = Buffer.alloc(48);
  request[0] = 0x23; // version 4, client
  cookie.copy(request, 40);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    return await new Promise<SntpAnswer>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new RazorMkError('RAZOR_MK_NTP', `no answer from the NTP server ${address}`)),
        options.timeoutMs ?? 2000,
      );
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        action();
      };
      let sentMs = 0;
      socket.on('error', (error) => settle(() => reject(error)));
      socket.on('message', (packet) => {
        try {
          const answer = readSntpReply(packet, cookie, sentMs, wall().getTime(), address);
          settle(() => resolve(answer));
        } catch (error) {
          settle(() => reject(error as Error));
        }
      });
      // without a route the callback is called with an error, and the socket stays unconnected: sending would throw
      socket.connect(options.port ?? 123, address, (...failed: readonly unknown[]) => {
        if (failed[0] instanceof Error) return settle(() => reject(noWay(address, failed[0])));
        sentMs = wall().getTime();
        socket.send(request);
      });
    });
  } finally {
    socket.close();
  }
}

function noWay(address: string, cause: unknown): RazorMkError {
  return new RazorMkError('RAZOR_MK_NTP', `no way to the NTP server ${address}: ${messageOf(cause)}`, { cause });
}

/** Below this the clock is left alone. */
const STEP_MS = 500;

/** Steps the clock with date(1), busybox's or GNU's. True when a step was needed. Throws RAZOR_MK_RUN. */
export async function stepClock(answer: SntpAnswer, system: System, wall = new Date()): Promise<boolean> {
  if (Math.abs(answer.offsetMs) < STEP_MS) return false;
  const seconds = Math.round((wall.getTime() + answer.offsetMs) / 1000);
  const what = `step the clock by ${(answer.offsetMs / 1000).toFixed(1)} s, as ${answer.server} says`;
  const result = await system.run(what, ['date', '-u', '-s', `@${seconds}`], { timeoutMs: 5000 });
  if (result.status !== 0) {
    throw new RazorMkError(
      'RAZOR_MK_RUN',
      `date -u -s @${seconds} failed: ${result.stderr.toString().trim().slice(0, 200)}`,
    );
  }
  return true;
}

/** More than this many silent servers would keep a node from its first check-in for too long. */
const MOST_OF_LEASES = 2;

/** NTP servers that DHCP leases named (option 42), where the DHCP client's script puts them. */
export function leaseNtpServers(root = '/'): readonly string[] {
  try {
    const words = readdirSync(join(root, LEASES)).flatMap((card) => leaseValue(card, 'ntp', root).split(/\s+/));
    return [...new Set(words.filter((word) => isIP(word) !== 0))].slice(0, MOST_OF_LEASES);
  } catch {
    return [];
  }
}
