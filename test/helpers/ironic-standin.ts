/**
 * An Ironic as a ramdisk sees it, written from the rules of its API (docs/contracts/ironic.md), with its unkindnesses:
 * bodies in chunks are dropped, unknown members refused, errors are JSON in a string of JSON, a token is
 * handed out once, and a URL or certificate that changes is refused.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown> | undefined;
  readonly status: number;
}

export interface StandIn {
  readonly url: string;
  readonly seen: Seen[];
  /** May be changed while it runs. */
  readonly rules: Rules;
  /** What heartbeats were taken. */
  readonly beats: Record<string, unknown>[];
  /** The inspections that were taken. */
  readonly inspections: Record<string, unknown>[];
  /** As when the node leaves its operation: the token is no more. */
  wipeToken(): void;
  /** Resolves when `test` is true; looked at after each request. */
  until(test: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface Rules {
  /** Of the newest version: 1.N. */
  version: number;
  uuid: string;
  macs: string[];
  token: string;
  heartbeatTimeout: number;
  /** Whether the node is in a state in which a ramdisk is wanted. */
  wanted: boolean;
  /** So many of the next requests, but for `GET /`, are answered 409: the node is locked. */
  locked: number;
  /** So many of the next requests are answered 503 without JSON. */
  broken: number;
  tokenRequired: boolean;
  /** Further members of the lookup’s `config`. */
  config: Record<string, unknown>;
}

const HEARTBEAT_SINCE: Readonly<Record<string, number>> = {
  callback_url: 22,
  agent_version: 36,
  agent_token: 62,
  agent_verify_ca: 68,
};

class Refusal {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}

const fault = (status: number, faultstring: string): Refusal =>
  new Refusal(status, { error_message: JSON.stringify({ faultcode: 'Client', faultstring, debuginfo: null }) });

/** The other shape, of version negotiation. */
const problem = (status: number, title: string, description: string): Refusal =>
  new Refusal(status, { error_message: JSON.stringify({ code: status, title, description }) });

const NOT_FOUND = (): Refusal => fault(404, 'Resource could not be found.');

export async function startIronic(more: Partial<Rules> = {}): Promise<StandIn> {
  const rules: Rules = {
    version: 82,
    uuid: '11111111-2222-3333-4444-555555555555',
    macs: ['52:54:00:00:48:01'],
    token: 'T'.repeat(43),
    heartbeatTimeout: 300,
    wanted: true,
    locked: 0,
    broken: 0,
    tokenRequired: true,
    config: {},
    ...more,
  };
  const seen: Seen[] = [];
  const beats: Record<string, unknown>[] = [];
  const inspections: Record<string, unknown>[] = [];
  let handedOut: string | undefined;
  let first: { callback: unknown; certificate: unknown } | undefined;
  let look = (): void => undefined;

  function answer(request: IncomingMessage, url: URL, body: Record<string, unknown> | undefined): Refusal {
    if (url.pathname === '/')
      return new Refusal(200, { name: 'Ironic', default_version: { version: `1.${rules.version}` } });
    if (rules.broken > 0) {
      rules.broken--;
      return new Refusal(503, '<html><body><h1>503 Service Unavailable</h1></body></html>');
    }
    if (rules.locked > 0) {
      rules.locked--;
      return fault(
        409,
        `Node ${rules.uuid} is locked by host conductor, please retry after the current operation is completed.`,
      );
    }
    const asked = /^1\.(\d+)$/.exec(String(request.headers['x-openstack-ironic-api-version'] ?? '1.1'))?.[1];
    const version = Number(asked);
    if (version > rules.version) {
      return problem(
        406,
        'Not Acceptable',
        `Version 1.${version} was requested but the major version 1 is not supported by this service. The supported version range is: ['1.1', '1.${rules.version}'].`,
      );
    }
    if (url.pathname === '/v1/continue_inspection' || url.pathname === '/v1/continue') return inspect(version, body);
    if (url.pathname === '/v1/lookup') return lookup(version, url.searchParams);
    if (url.pathname === `/v1/heartbeat/${rules.uuid}`) return heartbeat(version, body);
    return NOT_FOUND();
  }

  function inspect(version: number, body: Record<string, unknown> | undefined): Refusal {
    if (version > 1 && version < 84) return NOT_FOUND();
    const inventory = body?.['inventory'] as { interfaces?: { mac_address?: string }[] } | undefined;
    if (inventory === undefined) return fault(400, "'inventory' is a required property");
    if (!Array.isArray(inventory.interfaces) || inventory.interfaces.length === 0) {
      return fault(400, 'interfaces should be non-empty');
    }
    if (!rules.wanted) return NOT_FOUND();
    inspections.push(body as Record<string, unknown>);
    return new Refusal(202, { uuid: rules.uuid });
  }

  function lookup(version: number, query: URLSearchParams): Refusal {
    if (version < 22) return NOT_FOUND();
    const macs = (query.get('addresses') ?? '').split(',');
    const known = query.get('node_uuid') === rules.uuid || macs.some((mac) => rules.macs.includes(mac));
    if (!rules.wanted || !known) return NOT_FOUND();
    let token: string | undefined;
    if (rules.tokenRequired) {
      token = handedOut === undefined ? rules.token : '******';
      handedOut ??= rules.token;
    }
    return new Refusal(200, {
      node: {
        uuid: rules.uuid,
        properties: { capabilities: 'boot_mode:uefi' },
        instance_info: {},
        driver_internal_info: {},
      },
      config: {
        heartbeat_timeout: rules.heartbeatTimeout,
        ...(token === undefined ? {} : { agent_token: token, agent_token_required: true }),
        something_new: { nobody: 'knows' },
        ...rules.config,
      },
    });
  }

  function heartbeat(version: number, body: Record<string, unknown> = {}): Refusal {
    for (const name of Object.keys(body)) {
      const since = HEARTBEAT_SINCE[name];
      if (since === undefined || version < since) return fault(400, `Unexpected arguments: ${name}`);
    }
    const { callback_url: callback, agent_token: token, agent_version: agent, agent_verify_ca: certificate } = body;
    if (callback === undefined) return fault(400, 'Missing mandatory parameter: callback_url');
    if (!String(callback).startsWith('https://')) return fault(400, 'TLS is required by configuration');
    if (version >= 36 && agent === undefined) return fault(400, 'Agent did not transmit a version');
    if (rules.tokenRequired && version >= 62 && token === undefined) {
      return fault(400, 'Agent token is required for heartbeat processing.');
    }
    if (rules.tokenRequired && token !== handedOut) return fault(400, 'Invalid or missing agent token received.');
    if (first !== undefined && first.callback !== callback) {
      return fault(400, 'Detected change in ramdisk provided callback_url');
    }
    if (first !== undefined && first.certificate !== certificate) {
      return fault(400, 'Detected change in ramdisk provided agent_verify_ca');
    }
    first = { callback, certificate };
    beats.push(body);
    return new Refusal(202, undefined);
  }

  const server = createServer((request, response) => {
    void serve(request, response);
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://ironic');
    // what comes without a length is not there
    const text = request.headers['content-length'] === undefined ? '' : Buffer.concat(chunks).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
    const { status, body: answered } = answer(request, url, body);
    const { method = '', headers } = request;
    seen.push({ method, path: url.pathname, query: url.searchParams, headers, body, status });
    response.writeHead(status, { 'content-type': typeof answered === 'string' ? 'text/html' : 'application/json' });
    response.end(answered === undefined ? '' : typeof answered === 'string' ? answered : JSON.stringify(answered));
    look();
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    rules,
    beats,
    inspections,
    wipeToken() {
      handedOut = undefined;
      rules.token = rules.token.replace(/./g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 1));
    },
    until: (test) =>
      new Promise((resolve) => {
        const before = look;
        look = () => {
          before();
          if (test()) resolve();
        };
        look();
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
