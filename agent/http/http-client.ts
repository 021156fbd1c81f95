/**
 * The one HTTP client. It answers with status, headers and at most `limit` decoded bytes, within a total time, and never
 * follows a redirect or retries: when to try again is the schedule's business, and a redirected POST would carry facts and
 * tokens elsewhere. One thing is asked again at once: a question on a kept connection (connections.ts) that the server had
 * given up meanwhile, which no server has answered.
 */
import { isUtf8 } from 'node:buffer';
import { lookup } from 'node:dns';
import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import got, { type Got } from 'got';
import { errnoOf, RazorMkError } from '../../platform/errors/errors.ts';
import { describeFailure } from './connection-failure.ts';
import { plainConnections, type Connections } from './connections.ts';
import type { Exchange } from './exchange.ts';
import { cleanText, errorText } from './bounded-json.ts';
import { bodyOf, endedBy } from './body.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Total milliseconds, from start to last byte. */
  readonly timeoutMs?: number;
  /** Most bytes of the decoded body. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** What came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpReply extends Answer {
  readonly durationMs: number;
}

export interface HttpClient {
  /** Any status is a reply. Throws HttpFailure when there is none: refused, timed out, too long, cut. */
  request(request: HttpRequest): Promise<HttpReply>;
}

export interface ReplyGuard {
  readonly headers: Readonly<Record<string, string>>;
  /** Throws HttpFailure for a reply that must not be believed. */
  verify(answer: Answer, request: HttpRequest): void;
}

export interface HttpOptions {
  /** 10 s by default. */
  readonly timeoutMs?: number;
  /** 4 MiB by default. */
  readonly limit?: number;
  readonly userAgent?: string;
  /** Plain ones by default. */
  readonly connections?: Connections;
  /** Sent with every request (the bearer token). */
  readonly headers?: Readonly<Record<string, string>>;
  /** A host name whose address DNS has given already; others are looked up by the system. */
  readonly address?: { readonly host: string; readonly address: string };
  /** Made for each request: headers that go with it, and a look at the whole reply before anybody believes it. */
  readonly guard?: () => ReplyGuard;
  /** A better explanation of a connection that failed, or undefined. */
  readonly diagnose?: (error: unknown, request: HttpRequest) => Promise<string | undefined>;
}

/** A failed exchange, with what the server said about when to come back. */
export class HttpFailure extends RazorMkError {
  /** Milliseconds from Retry-After, where there was one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: 'RAZOR_MK_HTTP' | 'RAZOR_MK_REPLY' | 'RAZOR_MK_REFUSED',
    message: string,
    details: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown; readonly remedy?: string } = {},
  ) {
    super(code, message, details);
    this.retryAfterMs = details.retryAfterMs;
  }
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_LIMIT = 4 * 1024 * 1024;

/** A client with these limits. */
export function createHttpClient(options: HttpOptions = {}): HttpClient {
  const connections = options.connections ?? plainConnections();
  const instances = new Map<string, Got>();

  /** The library with everything set that is the same for all requests: merging options is a third of its work. */
  async function instance(url: string, kept: boolean): Promise<Got> {
    const secure = /^https:/i.test(url);
    const key = `${secure ? 'https' : 'http'} ${kept}`;
    const known = instances.get(key);
    if (known !== undefined) return known;
    const made = got.extend({
      agent: secure ? { https: await connections.https(kept) } : { http: connections.http(kept) },
      headers: {
        'user-agent': options.userAgent ?? 'razor-mk',
        accept: '*/*',
        'accept-encoding': 'gzip, deflate',
        ...(kept ? {} : { connection: 'close' }),
        ...options.headers,
      },
      ...lookupOf(options.address),
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      maxHeaderSize: 16 * 1024,
    });
    instances.set(key, made);
    return made;
  }

  /** One exchange. `reused` is told when it began on a kept connection, and again when a reply has begun. */
  async function exchange(
    request: HttpRequest,
    kept: boolean,
    timeoutMs: number,
    reused: (value: boolean) => void,
  ): Promise<Answer> {
    const guard = options.guard?.();
    const stream = (await instance(request.url, kept)).stream(request.url, {
      method: request.method,
      timeout: { request: timeoutMs },
      ...(guard === undefined && Object.keys(request.headers ?? {}).length === 0
        ? {}
        : { headers: { ...guard?.headers, ...request.headers } }),
      body: request.body,
    });
    const done = endedBy(request.signal, stream);
    let [status, headers]: [number, IncomingHttpHeaders] = [0, {}];
    stream.once('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
      ({ statusCode: status, headers } = response);
      reused(false);
    });
    stream.once('request', (sent: ClientRequest) => {
      reused(sent.reusedSocket);
      // 101 has no body and no end: nothing was asked to be upgraded
      sent.once('upgrade', (_, socket) => {
        socket.destroy();
        stream.destroy(new Error('the server changes to another protocol, which nobody asked for'));
      });
    });
    // whatever becomes of the exchange inside the library, it ends, and the process has something to wait for
    const last = setTimeout(() => stream.destroy(new Error('the exchange did not end')), timeoutMs + 2000);
    try {
      const limit = request.limit ?? options.limit ?? DEFAULT_LIMIT;
      const tooLong = (): HttpFailure =>
        new HttpFailure('RAZOR_MK_REPLY', `${nameOf(request)}: the body is longer than ${limit} bytes`);
      const body = await bodyOf(stream, limit, tooLong);
      guard?.verify({ status, headers, body }, request);
      return { status, headers, body };
    } catch (error) {
      stream.destroy();
      throw error;
    } finally {
      clearTimeout(last);
      done();
    }
  }

  return {
    async request(request) {
      const started = performance.now();
      const timeoutMs = request.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const question = request.method !== 'POST';
      let unanswered = false;
      try {
        let reply;
        try {
          reply = await exchange(request, question, timeoutMs, (value) => (unanswered = value));
        } catch (error) {
          const left = timeoutMs - (performance.now() - started);
          if (!unanswered || !CUT.has(errnoOf(error) ?? '') || request.signal?.aborted === true || left <= 0)
            throw error;
          reply = await exchange(request, false, left, () => undefined);
        }
        return { ...reply, durationMs: performance.now() - started };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (error instanceof RazorMkError) throw error;
        const failure = (await options.diagnose?.(error, request)) ?? describeFailure(error, timeoutMs);
        throw new HttpFailure('RAZOR_MK_HTTP', `${nameOf(request)}: ${failure}`, { cause: error });
      }
    },
  };
}

/** What writing to, or waiting on, a connection that the other side has given up ends with. */
const CUT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

function nameOf(request: HttpRequest): string {
  return `${request.method} ${urlForPeople(request.url)}`;
}

/** got's option for a name that needs no lookup. */
function lookupOf(known: HttpOptions['address']): { readonly dnsLookup?: LookupFunction } {
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

/** Most bytes of a reply to a check-in or register. */
const LONGEST_REPLY = 1024 * 1024;

/**
 * The exchange that dialects use: redirects, bodies that are not UTF-8 and replies that say when to come back are
 * failures here already. `seen` is told of every reply, whatever it says.
 */
export function exchangeOf(http: HttpClient, seen?: (reply: HttpReply) => void): Exchange {
  return async (request, signal) => {
    const { method, url, headers, body } = request;
    const reply = await http.request({
      method,
      url,
      headers,
      limit: LONGEST_REPLY,
      body,
      signal,
    });
    seen?.(reply);
    const what = (): string => `${method} ${urlForPeople(url)}: HTTP ${reply.status}`;
    if (reply.status >= 300 && reply.status < 400) {
      const to = cleanText(String(reply.headers.location ?? 'nowhere'), 200);
      throw new HttpFailure('RAZOR_MK_REPLY', `${what()} to ${to}; redirects are not followed`);
    }
    const text = reply.body.toString('utf8');
    const wait = reply.status < 400 ? undefined : retryAfterMs(reply.headers, new Date());
    if (wait !== undefined) {
      const said = errorText(text) ?? cleanText(text, 300);
      throw new HttpFailure('RAZOR_MK_REFUSED', `${what()}: ${said}`, { retryAfterMs: wait });
    }
    if (!isUtf8(reply.body)) throw new HttpFailure('RAZOR_MK_REPLY', `${what()}: the body is not UTF-8`);
    const flat = Object.entries(reply.headers).map(([name, value]) => [
      name,
      value === undefined ? value : String(value),
    ]);
    return {
      status: reply.status,
      headers: Object.fromEntries(flat) as Record<string, string | undefined>,
      body: text.replace(/^\ufeff/, ''),
    };
  };
}

/**
 * The wait that a Retry-After header asks for, in milliseconds: seconds, or an HTTP date measured against the reply's
 * own Date (our clock may be wrong). RFC 9110, 10.2.3. Undefined when there is none that can be read.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: Date): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  if (!/^[A-Za-z]{3,9}, /.test(value)) return undefined;
  const until = Date.parse(value);
  const from = Date.parse(headers.date ?? '');
  return Number.isNaN(until) ? undefined : Math.max(0, until - (Number.isNaN(from) ? now.getTime() : from));
}

/** A URL without user, password and query, for messages. */
export function urlForPeople(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined ? url.slice(0, 200) : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
