/**
 * Connections to servers. The one of a question (GET, HEAD) is kept for a few seconds, so that a turn a second and the
 * questions of one turn share it; what changes something on the server (POST) always has a new one, because a kept
 * connection may be cut at the moment of writing, and then nobody knows whether the server has read it.
 */
import { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/**
 * A connection that nobody used for this long is closed, or earlier where the server names a shorter time. Shorter than
 * what firewalls and servers allow, and than a turn a minute: a node at rest holds none.
 */
const KEPT_MS = 15_000;

/** Options of Node's connection makers. `kept`: connections are used again. */
export function keeping(kept: boolean): {
  readonly keepAlive: boolean;
  readonly maxFreeSockets?: number;
  readonly timeout?: number;
} {
  return kept ? { keepAlive: true, maxFreeSockets: 1, timeout: KEPT_MS } : { keepAlive: false };
}

/** Makers of connections: with `kept` those that are used again, otherwise a new connection for each request. */
export interface Connections {
  http(kept: boolean): HttpAgent;
  https(kept: boolean): Promise<HttpsAgent>;
}

/** Makers that are made once each, when they are first needed. */
export function connections(
  http: (kept: boolean) => HttpAgent,
  https: (kept: boolean) => Promise<HttpsAgent>,
): Connections {
  return { http: both(http), https: both(https) };
}

/** Without trust, keys or proxies of their own. */
export function plainConnections(): Connections {
  return connections(
    (kept) => new HttpAgent(keeping(kept)),
    async (kept) => new (await import('node:https')).Agent(keeping(kept)),
  );
}

function both<T>(make: (kept: boolean) => T): (kept: boolean) => T {
  const made = new Map<boolean, T>();
  return (kept) => {
    const known = made.get(kept) ?? make(kept);
    made.set(kept, known);
    return known;
  };
}
