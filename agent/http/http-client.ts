/**
 * The one HTTP client, with two faces: requests whose replies are small, here, and files (file-client.ts). It answers with status, headers and at most `limit` decoded bytes, within a total time, and never
 * follows a redirect or retries: when to try again is the schedule's business, and a redirected POST would carry facts and
 * tokens elsewhere. One thing is asked again at once: a question on a kept connection (connections.ts) that the server had
 * given up meanwhile, which no server has answered.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { errnoOf, RazorMkError } from '../../platform/errors/errors.ts';
import { bodyOf } from './body.ts';
import { describeFailure } from './connection-failure.ts';
import { openFile, type Diagnose, type FileClient } from './file-client.ts';
import { HttpFailure, refusedByProxy, urlForPeople } from './http-failure.ts';
import type { Proxy } from './proxy.ts';
import { createTransport, type HttpTransport, type HttpTransportOptions } from './transport.ts';

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

interface HttpOptions extends HttpTransportOptions {
  /** 10 s by default. */
  readonly timeoutMs?: number;
  /** 4 MiB by default. */
  readonly limit?: number;
  /** Made for each request: headers that go with it, and a look at the whole reply before anybody believes it. */
  readonly guard?: () => ReplyGuard;
  readonly diagnose?: Diagnose;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_LIMIT = 4 * 1024 * 1024;

/** A client with these limits. State: connections that are kept for a few seconds. */
export function createHttpClient(options: HttpOptions = {}): HttpClient & FileClient {
  const transport = createTransport(options);
  return {
    open: (request) => openFile(transport, request, options.diagnose),
    async request(request) {
      const started = performance.now();
      const timeoutMs = request.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      try {
        const reply = await exchangeOrAgain(request, options, transport, timeoutMs);
        return { ...reply, durationMs: performance.now() - started };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (error instanceof RazorMkError) throw error;
        const { url } = request;
        const failure = (await options.diagnose?.(error, url, undefined)) ?? describeFailure(error, timeoutMs);
        throw new HttpFailure('RAZOR_MK_HTTP', `${nameOf(request)}: ${failure}`, { cause: error });
      }
    },
  };
}

/** An exchange; once more, on a new connection, where a kept one was given up before it was answered. */
async function exchangeOrAgain(
  request: HttpRequest,
  options: HttpOptions,
  transport: HttpTransport,
  timeoutMs: number,
): Promise<Answer> {
  const started = performance.now();
  const question = request.method !== 'POST';
  let unanswered = false;
  try {
    return await exchange(request, { options, transport, timeoutMs, kept: question }, (value) => (unanswered = value));
  } catch (error) {
    const left = timeoutMs - (performance.now() - started);
    const cut = CUT.has(errnoOf(error) ?? '');
    if (!unanswered || !cut || request.signal?.aborted === true || left <= 0) throw error;
    return await exchange(request, { options, transport, timeoutMs: left, kept: false }, () => undefined);
  }
}

interface Terms {
  readonly options: HttpOptions;
  readonly transport: HttpTransport;
  readonly timeoutMs: number;
  readonly kept: boolean;
}

/**
 * A machine that is there accepts at once, or when it is asked again after one second and after three (TCP's first repetitions, RFC
 * 6298): two may be lost, by a busy server too. Whoever calls tries again later.
 */
const CONNECT_MS = 3500;

/** One exchange. `unanswered` is called with true when it began on a used connection, with false when a reply has begun. */
async function exchange(
  request: HttpRequest,
  { options, transport, timeoutMs, kept }: Terms,
  unanswered: (value: boolean) => void,
): Promise<Answer> {
  const guard = options.guard?.();
  let [status, headers, proxy]: [number, IncomingHttpHeaders, Proxy | undefined] = [0, {}, undefined];
  const { stream, done } = await transport.begin({
    method: request.method,
    url: request.url,
    headers: { ...guard?.headers, ...request.headers },
    body: request.body,
    timeout: { request: timeoutMs, connect: Math.min(timeoutMs, CONNECT_MS) },
    kept,
    identity: false,
    signal: request.signal,
    onRequest: unanswered,
    onResponse: (...reply) => {
      [status, headers, proxy] = reply;
      unanswered(false);
    },
  });
  // whatever becomes of the exchange inside the library, it ends, and the process has something to wait for
  const last = setTimeout(() => stream.destroy(new Error('the exchange did not end')), timeoutMs + 2000);
  try {
    const limit = request.limit ?? options.limit ?? DEFAULT_LIMIT;
    const tooLong = (): HttpFailure =>
      new HttpFailure('RAZOR_MK_REPLY', `${nameOf(request)}: the body is longer than ${limit} bytes`);
    const body = await bodyOf(stream, limit, tooLong);
    if (status === 407) throw refusedByProxy(nameOf(request), proxy);
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

/** What writing to, or waiting on, a connection that the other side has given up ends with. */
const CUT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

function nameOf(request: HttpRequest): string {
  return `${request.method} ${urlForPeople(request.url)}`;
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
