/**
 * The three calls of Ironic's API that a ramdisk makes: versions, lookup and heartbeat. They are public; a token goes into the
 * heartbeat. The length of a body is always sent: a chunked one is silently dropped by the servers of the field.
 */
import * as z from 'zod/mini';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { retryAfterMs, type HttpClient, type HttpReply } from '../../../http/http-client.ts';
import { urlForPeople } from '../../../http/http-failure.ts';
import { parseBounded } from '../../../http/bounded-json.ts';
import { faultOf } from './faults.ts';
import type { ConductorNode } from '../ironic-options.ts';

/** LookupReply with a token is 1.62, a heartbeat with our certificate 1.68; anything newer is understood by none of our fields. */
const LOOKUP_VERSION = 62;
const HEARTBEAT_VERSION = 68;
/** What a server that says nothing of itself is taken for. */
const ASSUMED_VERSION = 31;

/** The level of ironic-python-agent's protocol that is spoken here; conductors look at it to know what may be asked. */
export const AGENT_VERSION = '11.0.0';

/** Ironic of 2026-08 and newer can answer so to every ramdisk. */
const FORBIDDEN =
  'Ironic answers ramdisks only with [api]enable_ramdisk_endpoints=true; use the URL of an API that has it, or a proxy may forbid it.';

/** An answer that says no. */
export class ApiRefusal extends RazorMkError {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfter: number | undefined) {
    super('RAZOR_MK_REFUSED', message, status === 403 ? { remedy: FORBIDDEN } : {});
    this.status = status;
    this.retryAfterMs = retryAfter;
  }
}

interface ApiOptions {
  /** Without a slash at the end. */
  readonly url: string;
  readonly http: HttpClient;
  readonly timeoutMs: number;
  /** `ipa-ironic-api-version`, as the N of 1.N: nobody is asked then. */
  readonly version?: number | undefined;
  readonly globalRequestId?: string | undefined;
  readonly signal: AbortSignal;
}

export interface LookupReply {
  readonly node: ConductorNode;
  /** Seconds after which the conductor gives a silent node up. */
  readonly heartbeatTimeout: number;
  /** As it came; `******` where it was handed out before. */
  readonly token: string | undefined;
  readonly tokenRequired: boolean;
  /** `config` as it came, for those who look for something else in it. */
  readonly config: Readonly<Record<string, unknown>>;
}

interface Heartbeat {
  readonly callbackUrl: string;
  readonly token: string | undefined;
  readonly certificate: string;
}

export interface IronicApi {
  readonly url: string;
  /** The N of the server's newest version, 1.N; undefined before the first call. */
  version(): number | undefined;
  /** Throws ApiRefusal (404: not known, or not wanted now), HttpFailure. */
  lookup(macs: readonly string[], uuid?: string): Promise<LookupReply>;
  /** Throws ApiRefusal, HttpFailure. */
  heartbeat(uuid: string, beat: Heartbeat): Promise<void>;
}

const record = z.record(z.string(), z.unknown());

const rootSchema = z.object({ default_version: z.object({ version: z.string().check(z.maxLength(20)) }) });

const lookupSchema = z.object({
  node: z.object({
    uuid: z.string().check(z.regex(/^[0-9a-fA-F-]{32,36}$/)),
    properties: z.optional(z.nullable(record)),
    instance_info: z.optional(z.nullable(record)),
    driver_internal_info: z.optional(z.nullable(record)),
  }),
  config: z.optional(
    z.nullable(
      z.looseObject({
        heartbeat_timeout: z.optional(z.nullable(z.number())),
        agent_token: z.optional(z.nullable(z.string().check(z.maxLength(1000)))),
        agent_token_required: z.optional(z.nullable(z.boolean())),
      }),
    ),
  ),
  heartbeat_timeout: z.optional(z.nullable(z.number())),
});

/** A client for one API. Its calls throw ApiRefusal for an answer that says no, HttpFailure where nobody answers. */
export function createApi(options: ApiOptions): IronicApi {
  const state: ApiState = { options, version: options.version };
  return {
    url: options.url,
    version: () => state.version,
    lookup: (macs, uuid) => askLookup(state, macs, uuid),
    heartbeat: (uuid, beat) => sendHeartbeat(state, uuid, beat),
  };
}

interface ApiState {
  readonly options: ApiOptions;
  /** The N of the server's 1.N, once it is known. */
  version: number | undefined;
}

interface ApiCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly version?: number;
  readonly body?: object;
}

async function callApi({ options }: ApiState, { method, path, version, body }: ApiCall): Promise<HttpReply> {
  const { url, http, timeoutMs, signal, globalRequestId } = options;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const reply = await http.request({
    method,
    url: `${url}${path}`,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(version === undefined ? {} : { 'x-openstack-ironic-api-version': `1.${version}` }),
      ...(globalRequestId === undefined ? {} : { 'x-openstack-request-id': globalRequestId }),
      ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
    },
    timeoutMs,
    limit: 1024 * 1024,
    signal,
    body: text,
  });
  if (reply.status >= 200 && reply.status < 300) return reply;
  const what = `${method} ${urlForPeople(`${url}${path}`)}: HTTP ${reply.status}`;
  const said = faultOf(reply.body.toString('utf8'));
  throw new ApiRefusal(
    reply.status,
    `${what}${said === '' ? '' : `: ${said}`}`,
    retryAfterMs(reply.headers, new Date()),
  );
}

async function serverVersion(state: ApiState): Promise<number> {
  if (state.version !== undefined) return state.version;
  const reply = await callApi(state, { method: 'GET', path: '/' }).catch((error: unknown) => {
    if (error instanceof ApiRefusal && error.status < 500) return undefined; // a proxy that hides the root
    throw error;
  });
  const read = rootSchema.safeParse(parseBounded(reply?.body.toString('utf8') ?? ''));
  const text = read.success ? read.data.default_version.version : '';
  state.version = Number(/^1\.(\d{1,4})$/.exec(text)?.[1] ?? ASSUMED_VERSION);
  return state.version;
}

async function askLookup(state: ApiState, macs: readonly string[], uuid: string | undefined): Promise<LookupReply> {
  const version = Math.min(await serverVersion(state), LOOKUP_VERSION);
  const node = uuid === undefined ? '' : `&node_uuid=${encodeURIComponent(uuid)}`;
  const path = `/v1/lookup?addresses=${macs.map(encodeURIComponent).join(',')}${node}`;
  const reply = await callApi(state, { method: 'GET', path, version });
  const read = lookupSchema.safeParse(parseBounded(reply.body.toString('utf8')));
  if (!read.success)
    throw new RazorMkError('RAZOR_MK_REPLY', `${state.options.url}/v1/lookup: the answer does not describe a node`);
  const { node: found, config, heartbeat_timeout } = read.data;
  const timeout = config?.heartbeat_timeout ?? heartbeat_timeout ?? 300;
  return {
    node: {
      uuid: found.uuid.toLowerCase(),
      properties: found.properties ?? {},
      instance_info: found.instance_info ?? {},
      driver_internal_info: found.driver_internal_info ?? {},
    },
    heartbeatTimeout: Math.min(86_400, Math.max(5, timeout)),
    token: config?.agent_token ?? undefined,
    tokenRequired: config?.agent_token_required ?? false,
    config: config ?? {},
  };
}

async function sendHeartbeat(
  state: ApiState,
  uuid: string,
  { callbackUrl, token, certificate }: Heartbeat,
): Promise<void> {
  const version = Math.min(await serverVersion(state), HEARTBEAT_VERSION);
  // a field that the version does not know is refused, so each goes only where it belongs
  const body = {
    callback_url: callbackUrl,
    ...(version >= 36 ? { agent_version: AGENT_VERSION } : {}),
    ...(version >= LOOKUP_VERSION && token !== undefined ? { agent_token: token } : {}),
    ...(version >= HEARTBEAT_VERSION ? { agent_verify_ca: certificate } : {}),
  };
  await callApi(state, { method: 'POST', path: `/v1/heartbeat/${uuid}`, version, body });
}
