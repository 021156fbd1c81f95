/**
 * How much one address may ask of the nodes' listeners. A node asks once a minute, boots with a few requests and an installer with
 * thousands; whoever asks without end is answered 429 until it has waited, and everybody else is served meanwhile.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LabEvents } from '../lab-events.ts';
import { createBucket } from './buckets.ts';

/** So many seconds of the rate may come at once. */
const BURST_SECONDS = 10;
/** An address is told of once in this time. */
const TOLD_MS = 60_000;
const TOLD_ADDRESSES = 1000;

/** Answers what is too much, and returns true. */
export type AddressLimit = (request: IncomingMessage, reply: ServerResponse) => boolean;

/**
 * The limit, in requests a second and address, by milliseconds of a clock that never jumps; undefined for 0. Loopback is not limited: there a proxy speaks for all nodes, or the
 * lab's owner.
 */
export function createAddressLimit(perSecond: number, events: LabEvents, now: () => number): AddressLimit | undefined {
  if (perSecond === 0) return undefined;
  const buckets = createBucket({ most: perSecond * BURST_SECONDS, perSecond, now });
  const told = new Map<string, number>();
  return ({ socket }, reply) => {
    const address = socket.remoteAddress ?? '';
    if (/^(::ffff:)?127\.|^::1$/.test(address) || buckets.take(address)) return false;
    const at = now();
    if (at - (told.get(address) ?? -Infinity) > TOLD_MS) {
      if (told.size >= TOLD_ADDRESSES) told.clear();
      told.set(address, at);
      const message = `${address} asks more than ${perSecond} times a second and is answered 429 (--address-rate)`;
      events.emit({ type: 'refused', message });
    }
    reply.writeHead(429, { 'content-type': 'application/json', 'retry-after': '10' });
    reply.end('{"error":"too many requests of this address"}\n');
    return true;
  };
}
