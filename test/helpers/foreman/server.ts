/** The stand-ins as servers: Foreman's one route for facts, and a smart proxy that hands facts up and orders down. */
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { call, type Called } from './call.ts';
import { DEFAULT_SETTINGS, discover, Refusal, type DiscoveredHost, type ForemanSettings } from './rules.ts';

export interface Upload {
  readonly status: number;
  readonly message: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly facts: Readonly<Record<string, unknown>> | undefined;
}

export interface ListenOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface ForemanOptions extends ListenOptions {
  readonly settings?: Partial<ForemanSettings>;
  /** Foreman below a path of its web server: `/foreman`. */
  readonly prefix?: string;
  readonly onUpload?: (upload: Upload, host: DiscoveredHost | undefined) => void;
}

export interface ForemanStandIn {
  readonly url: string;
  readonly uploads: readonly Upload[];
  /** By MAC. */
  readonly hosts: ReadonlyMap<string, DiscoveredHost>;
  settings: ForemanSettings;
  close(): Promise<void>;
}

const FACTS_PATH = '/api/v2/discovered_hosts/facts';

export async function startForeman(options: ForemanOptions = {}): Promise<ForemanStandIn> {
  const uploads: Upload[] = [];
  const hosts = new Map<string, DiscoveredHost>();
  const state = { settings: { ...DEFAULT_SETTINGS, ...options.settings } };
  const prefix = options.prefix ?? '';
  const listening = await listen(options, async (request, response) => {
    const body = await read(request);
    if (request.method !== 'POST' || request.url !== `${prefix}${FACTS_PATH}`) {
      return json(response, 404, { error: { message: `Resource ${request.url ?? ''} not found` } });
    }
    let host: DiscoveredHost | undefined;
    let status = 201;
    let message: string | undefined;
    let parsed: { facts?: Record<string, unknown> } | undefined;
    try {
      if (!/^application\/json/.test(request.headers['content-type'] ?? ''))
        throw new Refusal('Unsupported media type');
      parsed = JSON.parse(body) as typeof parsed;
      host = discover(parsed, state.settings);
      hosts.set(host.mac, host);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof SyntaxError)) throw error;
      [status, message] = [422, error.message];
    }
    const upload = { status, message, headers: request.headers, facts: parsed?.facts };
    uploads.push(upload);
    json(response, status, host === undefined ? { message } : { id: hosts.size, name: host.name, mac: host.mac });
    options.onUpload?.(upload, host);
  });
  return {
    url: `${listening.url}${prefix}`,
    uploads,
    hosts,
    get settings() {
      return state.settings;
    },
    set settings(settings) {
      state.settings = settings;
    },
    close: listening.close,
  };
}

export interface NodeAddress {
  /** Base URL of a node's API, by its IP address; port 8443 by default. */
  readonly nodeUrl?: (ip: string) => string;
}

/**
 * Foreman's order to reboot: kexec when the host has the fact for it, the legacy API for images before 3.0.0, which is
 * plain http on the same port.
 */
export async function rebootHost(
  host: DiscoveredHost,
  options: NodeAddress & { readonly kexec?: unknown } = {},
): Promise<Called & { readonly route: string }> {
  const url = options.nodeUrl?.(host.ip) ?? `https://${host.ip}:8443`;
  const major = Number.parseInt(host.facts['discovery_version'] ?? '1', 10);
  if (major < 3) {
    const route = `/bmc/${host.ip}/chassis/power/cycle`;
    return { route, ...(await call('PUT', `${url.replace('https:', 'http:')}${route}`)) };
  }
  if (host.facts['discovery_kexec'] !== undefined) {
    return { route: '/power/kexec', ...(await call('PUT', `${url}/power/kexec`, JSON.stringify(options.kexec ?? {}))) };
  }
  return { route: '/power/reboot', ...(await call('PUT', `${url}/power/reboot`, '{}')) };
}

export interface SmartProxyOptions extends ListenOptions, NodeAddress {
  readonly foreman: string;
}

export interface SmartProxy {
  readonly url: string;
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Facts go up unchanged, and every answer but 2xx becomes a 500 of one line; orders go down to the node. */
export async function startSmartProxy(options: SmartProxyOptions): Promise<SmartProxy> {
  const requests: string[] = [];
  const listening = await listen(options, async (request, response) => {
    const body = await read(request);
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.method === 'POST' && request.url === '/discovery/create') {
      const reply = await call('POST', `${options.foreman}${FACTS_PATH}`, body);
      if (reply.status >= 200 && reply.status < 300) return void response.writeHead(200).end();
      const reason = (JSON.parse(reply.body) as { message?: string }).message ?? reply.body;
      return void response.writeHead(500).end(`Discovery failed, code ${reply.status}, reason: ${reason}`);
    }
    const order = /^\/discovery\/([^/]+)(\/(?:power\/(?:reboot|kexec)|inventory\/facter))$/.exec(request.url ?? '');
    if (order === null) return void response.writeHead(404).end('not found');
    const [, ip = '', route = ''] = order;
    const node = options.nodeUrl?.(ip) ?? `https://${ip}:8443`;
    const reply = await call(request.method ?? 'GET', `${node}${route}`, request.method === 'PUT' ? body : undefined);
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
  });
  return { url: listening.url, requests, close: listening.close };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function listen(options: ListenOptions, handle: Handler): Promise<{ url: string; close: () => Promise<void> }> {
  const listener: RequestListener = (request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  };
  // as a smart proxy comes: it asks for a certificate, takes everybody without one, and speaks no TLS before 1.2
  const own = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' } as const;
  const server = options.tls === undefined ? createHttp(listener) : createHttps({ ...options.tls, ...own }, listener);
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
