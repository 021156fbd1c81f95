/**
 * What the client's two faces share: how one exchange is begun (http-client.ts for small replies, file-client.ts for files).
 * Here it is decided through which proxy a URL is asked, on which connection, and whether the client's own credentials go with it:
 * they belong to one origin (RFC 6454) and are sent nowhere else. Nothing here follows a redirect or tries again.
 */
import { lookup } from 'node:dns';
import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import got, { type Got } from 'got';
import { plainConnections, type Connections, type ConnectionRoute } from './connections.ts';
import { endedBy } from './body.ts';
import { NO_PROXIES, proxyFor, type Proxies, type Proxy } from './proxy.ts';

interface Credentials {
  /** Whom they belong to: `https://host:port`. */
  readonly origin: string;
  /** Sent with every request to that origin (the bearer token). */
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpTransportOptions {
  readonly userAgent?: string;
  /** Plain ones by default. */
  readonly connections?: Connections;
  readonly credentials?: Credentials;
  readonly proxies?: Proxies;
  /** A host name whose address DNS has given already; others are looked up by the system. */
  readonly address?: { readonly host: string; readonly address: string };
}

interface Begin {
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** got's time limits, in milliseconds. */
  readonly timeout: {
    readonly request?: number;
    readonly connect?: number;
    readonly response?: number;
    readonly socket?: number;
  };
  /** Whether the connection may be one that was used before, and is used again. */
  readonly kept: boolean;
  /** The body as it is stored on the server, not decoded. */
  readonly identity: boolean;
  /** Instead of the client's own. */
  readonly proxies?: Proxies;
  readonly signal?: AbortSignal | undefined;
  /** Called when the request was sent, and whether on a connection that was used before. */
  readonly onRequest?: (reused: boolean) => void;
  readonly onResponse: (status: number, headers: IncomingHttpHeaders, proxy: Proxy | undefined) => void;
}

export interface Begun {
  /** The decoded body. Ends with an error when anything goes wrong. */
  readonly stream: Duplex;
  /** Stops listening to the signal; to be called when the exchange is over. */
  readonly done: () => void;
}

export interface HttpTransport {
  begin(request: Begin): Promise<Begun>;
}

/** Begins exchanges with these connections, credentials and proxies. State: got's instances by route. */
export function createTransport(options: HttpTransportOptions): HttpTransport {
  const instances = new Map<string, Got>();

  /** The library with everything set that is the same for all requests: merging options is a third of its work. */
  async function instance(route: ConnectionRoute, identity: boolean): Promise<Got> {
    const key = JSON.stringify([route, identity]);
    const known = instances.get(key);
    if (known !== undefined) return known;
    const made = await extended(options, route, identity);
    instances.set(key, made);
    return made;
  }

  return {
    async begin(request) {
      const { url, method, headers, body, timeout, kept, identity, signal } = request;
      const proxy = proxyFor(url, request.proxies ?? options.proxies ?? NO_PROXIES);
      const { protocol, origin } = new URL(url);
      const own = origin === options.credentials?.origin;
      const route = { secure: protocol === 'https:', kept, own, proxy: proxy?.url };
      // an empty object would make got merge its options anew
      const more = Object.keys(headers).length === 0 ? {} : { headers: { ...headers } };
      const stream = (await instance(route, identity)).stream(url, { method, timeout, body, ...more });
      const done = endedBy(signal, stream);
      stream.once('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
        request.onResponse(response.statusCode, response.headers, proxy);
      });
      stream.once('request', (sent: ClientRequest) => {
        request.onRequest?.(sent.reusedSocket);
        // 101 has no body and no end: nothing was asked to be upgraded
        sent.once('upgrade', (_, socket) => {
          socket.destroy();
          stream.destroy(new Error('the server changes to another protocol, which nobody asked for'));
        });
      });
      return { stream, done };
    },
  };
}

async function extended(options: HttpTransportOptions, route: ConnectionRoute, identity: boolean): Promise<Got> {
  const agent = await (options.connections ?? plainConnections)(route);
  return got.extend({
    agent: { [route.secure ? 'https' : 'http']: agent },
    headers: {
      'user-agent': options.userAgent ?? 'razor-mk',
      accept: '*/*',
      'accept-encoding': identity ? 'identity' : 'gzip, deflate',
      ...(route.kept ? {} : { connection: 'close' }),
      ...(route.own ? options.credentials?.headers : {}),
    },
    ...lookupOf(options.address),
    decompress: !identity,
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    maxHeaderSize: 16 * 1024,
  });
}

/** got's option for a name that needs no lookup. */
function lookupOf(known: HttpTransportOptions['address']): { readonly dnsLookup?: LookupFunction } {
  if (known === undefined) return {};
  const family = isIP(known.address) === 6 ? 6 : 4;
  return {
    dnsLookup: (host, options, callback) => {
      if (host !== known.host) lookup(host, options, callback);
      else if (options.all === true) callback(null, [{ address: known.address, family }]);
      else callback(null, known.address, family);
    },
  };
}
