/** Ironic's REST API for people, as the cases use it: JSON, one version, and waiting for a state. */
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, or undefined where it is no JSON. */
  readonly json: unknown;
}

export interface Ask {
  readonly version?: string;
  readonly body?: unknown;
  /** The body goes out in chunks, without its length. */
  readonly chunked?: boolean;
}

/** One request. The body always has its length, unless a case wants it otherwise. */
export async function ask(method: string, url: string, { version, body, chunked }: Ask = {}): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const outgoing = request(url, {
    method,
    agent: false,
    timeout: 60_000,
    headers: {
      accept: 'application/json',
      ...(version !== undefined && { 'x-openstack-ironic-api-version': version }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...(text !== undefined && chunked !== true && { 'content-length': Buffer.byteLength(text) }),
    },
  });
  if (text !== undefined && chunked === true) outgoing.write(text);
  outgoing.end(chunked === true ? undefined : text);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const reply = Buffer.concat(parts).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text: reply, json: parsed(reply) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface IronicNode {
  readonly uuid: string;
  readonly provision_state: string;
  readonly power_state: string | null;
  readonly last_error: string | null;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly instance_info: Readonly<Record<string, unknown>>;
  readonly driver_internal_info: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

export interface StateChange {
  readonly state: string;
  readonly atMs: number;
}

export interface IronicApi {
  readonly url: string;
  ask(method: string, path: string, options?: Ask): Promise<Answer>;
  /** As ask; any status of 400 and above throws with what the server said. */
  must(method: string, path: string, body?: unknown): Promise<Answer>;
  node(uuid: string): Promise<IronicNode>;
  patch(uuid: string, values: Readonly<Record<string, unknown>>): Promise<void>;
  /** In a newer version of the API where one is given. */
  provision(uuid: string, target: string, more?: Readonly<Record<string, unknown>>, version?: string): Promise<void>;
  /** Follows a node until its state is one of `wanted`; throws for a state whose name ends in `failed`. */
  follow(uuid: string, wanted: readonly string[], options?: FollowOptions): Promise<StateChange[]>;
}

export interface FollowOptions {
  readonly timeoutMs?: number;
  /** A failed state is what is waited for. */
  readonly mayFail?: boolean;
  readonly onState?: (state: string) => void;
  /** Ends the wait with an error: the agent died. */
  readonly gone?: () => string | undefined;
}

const VERSION = '1.82';

/** `send` is how a request reaches the API; by itself from here. */
export function createApi(url: string, send: typeof ask = ask): IronicApi {
  const api: IronicApi = {
    url,
    ask: (method, path, options = {}) => send(method, `${url}${path}`, { version: VERSION, ...options }),
    async must(method, path, body) {
      const answer = await api.ask(method, path, body === undefined ? {} : { body });
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer;
    },
    async node(uuid) {
      return (await api.must('GET', `/v1/nodes/${uuid}`)).json as IronicNode;
    },
    async patch(uuid, values) {
      const body = Object.entries(values).map(([path, value]) => ({ op: 'add', path: `/${path}`, value }));
      await api.must('PATCH', `/v1/nodes/${uuid}`, body);
    },
    async provision(uuid, target, more = {}, version = VERSION) {
      const path = `/v1/nodes/${uuid}/states/provision`;
      const answer = await api.ask('PUT', path, { body: { target, ...more }, version });
      if (answer.status >= 400) throw new Error(`PUT ${path}: ${answer.status} ${answer.text}`);
    },
    async follow(uuid, wanted, { timeoutMs = 120_000, mayFail = false, onState, gone } = {}) {
      const began = performance.now();
      const changes: StateChange[] = [];
      for (;;) {
        const node = await api.node(uuid);
        const state = node.provision_state;
        if (changes.at(-1)?.state !== state) {
          changes.push({ state, atMs: performance.now() - began });
          onState?.(state);
        }
        if (wanted.includes(state)) return changes;
        const why =
          gone?.() ?? (performance.now() - began > timeoutMs ? `not within ${timeoutMs / 1000} s` : undefined);
        if (why !== undefined || (state.endsWith('failed') && !mayFail)) {
          throw new Error(`waited for ${wanted.join(' or ')}, it is ${state}: ${why ?? String(node.last_error)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
  };
  return api;
}
