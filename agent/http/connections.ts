/**
 * Connections to servers. The one of a question (GET, HEAD) is kept for a few seconds, so that a turn a second and the
 * questions of one turn share it; what changes something on the server (POST) always has a new one, because a kept
 * connection may be cut at the moment of writing, and then nobody knows whether the server has read it.
 */
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/**
 * A connection that nobody used for this long is closed, or earlier where the server names a shorter time. Shorter than
 * what firewalls and servers allow, and than a turn a minute: a node at rest holds none.
 */
const KEPT_MS = 15_000;

/** What a request needs of its connection. */
export interface ConnectionRoute {
  readonly secure: boolean;
  /** The connection is used again. */
  readonly kept: boolean;
  /** To the origin that the client's own credentials belong to: its client certificate is shown there and nowhere else. */
  readonly own: boolean;
  /** URL of the proxy. */
  readonly proxy: string | undefined;
}

/** Makes the connections of a route; asked once for each route. */
export type Connections = (route: ConnectionRoute) => HttpAgent | Promise<HttpsAgent>;

/** Options of Node's connection pools for a route: whether connections are kept, and the proxy. */
export function poolOptions({ secure, kept, proxy }: Omit<ConnectionRoute, 'own'>): AgentOptions {
  return {
    ...(kept ? { keepAlive: true, maxFreeSockets: 1, timeout: KEPT_MS } : { keepAlive: false }),
    proxyEnv: proxy === undefined ? {} : { [secure ? 'https_proxy' : 'http_proxy']: proxy },
  };
}

/** Connections without certificates or pins of their own. */
export const plainConnections: Connections = (route) =>
  route.secure
    ? import('node:https').then(({ Agent }) => new Agent(poolOptions(route)))
    : new HttpAgent(poolOptions(route));

/** Connections to a Unix socket, whatever the URL's host is. */
export function socketConnections(path: string): Connections {
  return (route) => {
    const options: AgentOptions & { readonly socketPath: string } = { ...poolOptions(route), socketPath: path };
    return new HttpAgent(options);
  };
}
