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
import type { IronicNode } from '../ironic-options.ts';

/** Lookup with a token is 1.62, a heartbeat with our certificate 1.68; anything newer is understood by none of our fields. */
const LOOKUP_VERSION = 62;
const HEARTBEAT_VERSION = 68;
/** What a server that says nothing of itself is taken for. */
const ASSUMED_VERSION = 31;

/** The level of ironic-python-agent's protocol that is spoken here; conductors look at it to know what may be asked. */
export const AGENT_VERSION = '11.0.0';

/** An answer that says no. */
export class ApiRefusal extends RazorMkError {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfter: number | undefined) {
    super('RAZOR_MK_REFUSED', message);
    this.status = status;
    this.retryAfterMs = retryAfter;
  }
}

export interface ApiOptions {
  /** Without a slash at the end. */
  readonly url: string;
  readonly http: HttpClient;
  readonly timeoutMs: number;
  /** `ipa-ironic-api-version`, as the N of 1.N: nobody is asked then. */
  readonly version?: number | undefined;
  readonly globalRequestId?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Lookup {
  readonly node: IronicNode;
  /** Seconds after which the conductor gives a silent node up. */
  readonly heartbeatTimeout: number;
  /** As it came; `******` where it was handed out before. */
  readonly token: string | undefined;
  readonly tokenRequired: boolean;
  /** `config` as it came, for those who look for something else in it. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Heartbeat {
  readonly callbackUrl: string;
  readonly token: string | undefined;
  readonly certificate: string;
}

export interface IronicApi {
  readonly url: string;
  /** Throws ApiRefusal (404: not known, or not wanted now), HttpFailure. */
  lookup(macs: readonly string[], uuid?: string): Promise<Lookup>;
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

/** A client for one API. */
export function createApi(options: ApiOptions): IronicApi {
  const { url, http, timeoutMs, signal } = options;
  let known: number | undefined = options.version;

  async function call(method: 'GET' | 'POST', path: string, version?: number, body?: object): Promise<HttpReply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const reply = await http.request({
      method,
      url: `${url}${path}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(version === undefined ? {} : { 'x-openstack-ironic-api-version': `1.${version}` }),
        ...(options.globalRequestId === undefined ? {} : { 'x-openstack-request-id': options.globalRequestId }),
        ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
      },
      timeoutMs,
      limit: 1024 * 1024,
      signal,
      ...(text === undefined ? {} : { body: text }),
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

  async function serverVersion(): Promise<number> {
    if (known !== undefined) return known;
    const reply = await call('GET', '/').catch((error: unknown) => {
      if (error instanceof ApiRefusal && error.status < 500) return undefined; // a proxy that hides the root
      throw error;
    });
    const read = rootSchema.safeParse(parseBounded(reply?.body.toString('utf8') ?? ''));
    const text = read.success ? read.data.default_version.version : '';
    known = Number(/^1\.(\d{1,4})$/.exec(text)?.[1] ?? ASSUMED_VERSION);
    return known;
  }

  return {
    url,
    async lookup(macs, uuid) {
      const version = Math.min(await serverVersion(), LOOKUP_VERSION);
      const node = uuid === undefined ? '' : `&node_uuid=${encodeURIComponent(uuid)}`;
      const reply = await call('GET', `/v1/lookup?addresses=${macs.map(encodeURIComponent).join(',')}${node}`, version);
      const read = lookupSchema.safeParse(parseBounded(reply.body.toString('utf8')));
      if (!read.success) throw new RazorMkError('RAZOR_MK_REPLY', `${url}/v1/lookup: the answer is no node`);
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
    },
    async heartbeat(uuid, { callbackUrl, token, certificate }) {
      const version = Math.min(await serverVersion(), HEARTBEAT_VERSION);
      // a field that the version does not know is refused, so each goes only where it belongs
      const body = {
        callback_url: callbackUrl,
        ...(version >= 36 ? { agent_version: AGENT_VERSION } : {}),
        ...(version >= LOOKUP_VERSION && token !== undefined ? { agent_token: token } : {}),
        ...(version >= HEARTBEAT_VERSION ? { agent_verify_ca: certificate } : {}),
      };
      await call('POST', `/v1/heartbeat/${uuid}`, version, body);
    },
  };
}
