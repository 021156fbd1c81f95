/**
 * The one HTTP client. It answers with status, headers and at most `limit` decoded bytes, within a total time, and never
 * follows a redirect, retries, or keeps a connection: when to try again is the schedule's business, a redirected POST
 * would carry facts and tokens elsewhere, and a kept connection is a connection that the server may cut between turns.
 */
import { isUtf8 } from 'node:buffer';
import { lookup } from 'node:dns';
import { Agent as HttpAgent, type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import got from 'got';
import { errnoOf, messageOf, RazorMkError } from '../platform/errors.ts';
import type { Exchange } from './dialects/exchange.ts';
import { cleanText, errorText } from './dialects/reply.ts';

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

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly durationMs: number;
}

export interface HttpClient {
  /** Any status is a reply. Throws HttpFailure when there is none: refused, timed out, too long, cut. */
  request(request: HttpRequest): Promise<HttpReply>;
}

export interface ReplyGuard {
  readonly headers: Readonly<Record<string, string>>;
  /** Throws HttpFailure for a reply that must not be believed. */
  verify(reply: HttpReply, request: HttpRequest): void;
}

export interface HttpOptions {
  /** 10 s by default. */
  readonly timeoutMs?: number;
  /** 4 MiB by default. */
  readonly limit?: number;
  readonly userAgent?: string;
  /** The connection makers; plain ones without keep-alive by default. The one for TLS is made when it is first needed. */
  readonly agents?: { readonly http: HttpAgent; readonly https: () => Promise<HttpsAgent> };
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
  const http = options.agents?.http ?? new HttpAgent({ keepAlive: false });
  let https: Promise<HttpsAgent> | undefined;
  const agentFor = async (url: string): Promise<{ http: HttpAgent } | { https: HttpsAgent }> =>
    /^https:/i.test(url) ? { https: await (https ??= (options.agents?.https ?? plainHttps)()) } : { http };
  return {
    async request(request) {
      const started = performance.now();
      const limit = request.limit ?? options.limit ?? DEFAULT_LIMIT;
      const timeoutMs = request.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const what = `${request.method} ${urlForPeople(request.url)}`;
      const guard = options.guard?.();
      const stream = got.stream(request.url, {
        method: request.method,
        agent: await agentFor(request.url),
        headers: {
          'user-agent': options.userAgent ?? 'razor-mk',
          accept: '*/*',
          'accept-encoding': 'gzip, deflate',
          connection: 'close',
          ...options.headers,
          ...guard?.headers,
          ...request.headers,
        },
        ...lookupOf(options.address),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        timeout: { request: timeoutMs },
        retry: { limit: 0 },
        followRedirect: false,
        throwHttpErrors: false,
        maxHeaderSize: 16 * 1024,
      });
      let status = 0;
      let headers: IncomingHttpHeaders = {};
      stream.once('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
        ({ statusCode: status, headers } = response);
      });
      // 101 has no body and no end: nothing was asked to be upgraded
      stream.once('request', (sent: ClientRequest) => {
        sent.once('upgrade', (_, socket) => {
          socket.destroy();
          stream.destroy(new Error('the server changes to another protocol, which nobody asked for'));
        });
      });
      // whatever becomes of the exchange inside the library, it ends, and the process has something to wait for
      const last = setTimeout(() => stream.destroy(new Error('the exchange did not end')), timeoutMs + 2000);
      const chunks: Buffer[] = [];
      let size = 0;
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > limit) {
            throw new HttpFailure('RAZOR_MK_REPLY', `${what}: the body is longer than ${limit} bytes`);
          }
          chunks.push(chunk);
        }
      } catch (error) {
        stream.destroy();
        request.signal?.throwIfAborted();
        if (error instanceof RazorMkError) throw error;
        const failure = (await options.diagnose?.(error, request)) ?? describeFailure(error, timeoutMs);
        throw new HttpFailure('RAZOR_MK_HTTP', `${what}: ${failure}`, { cause: error });
      } finally {
        clearTimeout(last);
      }
      const reply = { status, headers, body: Buffer.concat(chunks), durationMs: performance.now() - started };
      guard?.verify(reply, request);
      return reply;
    },
  };
}

async function plainHttps(): Promise<HttpsAgent> {
  return new (await import('node:https')).Agent({ keepAlive: false });
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
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    seen?.(reply);
    const what = `${method} ${urlForPeople(url)}: HTTP ${reply.status}`;
    if (reply.status >= 300 && reply.status < 400) {
      const to = cleanText(String(reply.headers.location ?? 'nowhere'), 200);
      throw new HttpFailure('RAZOR_MK_REPLY', `${what} to ${to}; redirects are not followed`);
    }
    const text = reply.body.toString('utf8');
    const wait = reply.status < 400 ? undefined : retryAfterMs(reply.headers, new Date());
    if (wait !== undefined) {
      const said = errorText(text) ?? cleanText(text, 300);
      throw new HttpFailure('RAZOR_MK_REFUSED', `${what}: ${said}`, { retryAfterMs: wait });
    }
    if (!isUtf8(reply.body)) throw new HttpFailure('RAZOR_MK_REPLY', `${what}: the body is not UTF-8`);
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

/** What a person should read about a failed exchange; the system's own words where we have no better ones. */
function describeFailure(error: unknown, timeoutMs: number): string {
  const code = errnoOf(error);
  switch (code) {
    case 'ETIMEDOUT':
      return `no whole answer within ${timeoutMs / 1000} s`;
    case 'ECONNREFUSED':
      return 'connection refused: nothing listens there';
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'the connection was cut before the answer was whole';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the host';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name has no address';
    case undefined:
      return messageOf(error);
    default:
      return `${messageOf(error)} (${code})`;
  }
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
