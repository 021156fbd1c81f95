/**
 * The client's face for big files: the body as a stream, as it is stored, without a bound on its size or on the whole time, but
 * with one on silence. Redirects are followed, never from https to http; what belongs to the first origin stays there.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { describeFailure } from './connection-failure.ts';
import { refusedByProxy, urlForPeople } from './http-failure.ts';
import type { Proxies, Proxy } from './proxy.ts';
import type { Begun, HttpTransport } from './transport.ts';

export interface FileRequest {
  readonly url: string;
  /** The Authorization header for the origin of `url`; sent to no other. */
  readonly authorization?: string | undefined;
  /** Instead of the client's own. */
  readonly proxies?: Proxies | undefined;
  /** Longest silence, in milliseconds: until the answer begins, and between any two pieces of it. 60 s by default. */
  readonly idleMs?: number | undefined;
  /** A part of the file: from this byte on, and how many of them. A server that gives the whole instead is a failure. */
  readonly range?: { readonly from: number; readonly length?: number | undefined } | undefined;
  /** How many redirects are followed; 5 by default. */
  readonly redirects?: number;
  readonly signal?: AbortSignal | undefined;
}

interface OpenFile {
  /** Where it was found, behind all redirects. */
  readonly url: string;
  /** Bytes that the server announced. */
  readonly length: number | undefined;
  /** To be read to its end or left with `break` or `return`. Throws FileFailure where it is cut off. */
  readonly body: AsyncIterable<Buffer>;
}

export interface FileClient {
  /** Asks for a file. Throws FileFailure for anything but 200 (206 for a part), RAZOR_MK_TRUST where our own certificates cannot be used. */
  open(request: FileRequest): Promise<OpenFile>;
}

/** A file that did not come, and whether asking again may help. */
export class FileFailure extends RazorMkError {
  readonly again: boolean;
  /** The server's answer, where that is what was wrong. */
  readonly status: number | undefined;

  constructor(
    message: string,
    again: boolean,
    details: { readonly cause?: unknown; readonly remedy?: string; readonly status?: number } = {},
  ) {
    super('RAZOR_MK_HTTP', message, details);
    this.again = again;
    this.status = details.status;
  }
}

/** A better explanation of a connection that failed: throws it, or resolves to text, or to undefined. */
export type Diagnose = (error: unknown, url: string, proxies: Proxies | undefined) => Promise<string | undefined>;

const IDLE_MS = 60_000;
const REDIRECTS = 5;

/** Asks for a file with `transport`; FileClient.open says what it does. */
export async function openFile(transport: HttpTransport, request: FileRequest, diagnose?: Diagnose): Promise<OpenFile> {
  const { url, redirects = REDIRECTS, range } = request;
  let current = new URL(url);
  const wanted = range === undefined ? 200 : 206;
  for (let hop = 0; ; hop++) {
    const own = current.origin === new URL(url).origin;
    const authorization = own ? request.authorization : undefined;
    const reply = await askFor(current.href, { ...request, authorization }, transport, diagnose);
    const what = urlForPeople(current.href);
    const { status, location } = reply;
    if (status === wanted && (range === undefined || reply.from === range.from))
      return { url: current.href, length: reply.length, body: piecesOf(reply, what, request) };
    leave(reply);
    if (range !== undefined && status < 300) {
      throw new FileFailure(`${what}: the server gives no such part of it`, false, { status });
    }
    if (status < 300 || status > 399 || location === undefined) {
      const again = status >= 500 || status === 408 || status === 429;
      throw new FileFailure(`${what}: HTTP ${status}`, again, { status });
    }
    if (hop >= redirects) {
      const to = location.slice(0, 200);
      throw redirects === 0
        ? new FileFailure(`${what}: HTTP ${status} to ${to}; redirects are not followed`, false)
        : new FileFailure(`${what}: more than ${redirects} redirects`, false);
    }
    current = redirected(current, location);
  }
}

/** A small file whole, for lists of checksums and the like. Throws FileFailure when it is longer than `limit` bytes. */
export async function readSmallFile(files: FileClient, request: FileRequest, limit: number): Promise<Buffer> {
  const { body } = await files.open(request);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > limit) throw new FileFailure(`${urlForPeople(request.url)}: longer than ${limit} bytes`, false);
    parts.push(piece);
  }
  return Buffer.concat(parts);
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to === null || !/^https?:$/.test(to.protocol) || (from.protocol === 'https:' && to.protocol === 'http:')) {
    throw new FileFailure(
      `${urlForPeople(from.href)} leads to ${location.slice(0, 200)}, which is not followed`,
      false,
    );
  }
  return to;
}

interface Reply extends Begun {
  readonly status: number;
  readonly location: string | undefined;
  readonly length: number | undefined;
  /** First byte of a part, as its Content-Range says. */
  readonly from: number | undefined;
}

/** Ends an exchange whose body nobody reads. */
function leave({ stream, done }: Begun): void {
  done();
  stream.on('error', () => undefined).destroy();
}

async function askFor(
  url: string,
  request: FileRequest,
  transport: HttpTransport,
  diagnose: Diagnose | undefined,
): Promise<Reply> {
  const { authorization, proxies, signal, idleMs = IDLE_MS } = request;
  const answered = Promise.withResolvers<[number, IncomingHttpHeaders, Proxy | undefined]>();
  let begun: Begun | undefined;
  try {
    begun = await transport.begin({
      method: 'GET',
      url,
      headers: headersOf(authorization, request.range),
      timeout: { response: idleMs, socket: idleMs },
      kept: false,
      identity: true,
      proxies,
      signal,
      onResponse: (...reply) => answered.resolve(reply),
    });
    begun.stream.once('error', answered.reject);
    const [status, headers, proxy] = await answered.promise;
    if (status === 407) throw refusedByProxy(`GET ${urlForPeople(url)}`, proxy);
    const announced = Number(headers['content-length'] ?? NaN);
    return {
      ...begun,
      status,
      location: headers.location,
      length: Number.isSafeInteger(announced) ? announced : undefined,
      from: firstByte(headers['content-range']),
    };
  } catch (error) {
    if (begun !== undefined) leave(begun);
    signal?.throwIfAborted();
    throw await explained(error, url, request, diagnose);
  }
}

function headersOf(authorization: string | undefined, range: FileRequest['range']): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (authorization !== undefined) headers['authorization'] = authorization;
  if (range !== undefined) {
    const { from, length } = range;
    headers['range'] = `bytes=${from}-${length === undefined ? '' : from + length - 1}`;
  }
  return headers;
}

/** Of `bytes 5-9/10` (RFC 9110, 14.4). */
function firstByte(contentRange: string | undefined): number | undefined {
  const [, first] = /^bytes (\d{1,15})-/.exec(contentRange ?? '') ?? [];
  return first === undefined ? undefined : Number(first);
}

async function explained(
  error: unknown,
  url: string,
  { proxies, idleMs = IDLE_MS }: FileRequest,
  diagnose: Diagnose | undefined,
): Promise<Error> {
  const what = urlForPeople(url);
  try {
    const why = (await diagnose?.(error, url, proxies)) ?? whyOf(error, idleMs);
    if (!(error instanceof RazorMkError)) return new FileFailure(`${what}: ${why}`, true, { cause: error });
    return new FileFailure(error.message, false, { cause: error, remedy: error.remedy });
  } catch (better) {
    if (!(better instanceof RazorMkError) || better.code === 'RAZOR_MK_TRUST') throw better;
    return new FileFailure(better.message, true, { cause: error, remedy: better.remedy });
  }
}

function whyOf(error: unknown, idleMs: number): string {
  return errnoOf(error) === 'ETIMEDOUT' ? `nothing came for ${idleMs / 1000} s` : describeFailure(error, idleMs);
}

async function* piecesOf(reply: Reply, what: string, request: FileRequest): AsyncIterable<Buffer> {
  const { idleMs = IDLE_MS, signal } = request;
  let seen = 0;
  try {
    for await (const piece of reply.stream as Readable) {
      seen += (piece as Buffer).length;
      yield piece as Buffer;
    }
  } catch (error) {
    signal?.throwIfAborted();
    const why = errnoOf(error) === 'ETIMEDOUT' ? whyOf(error, idleMs) : messageOf(error);
    throw new FileFailure(`${what}: cut off after ${seen} bytes: ${why}`, true, { cause: error });
  } finally {
    leave(reply);
  }
  if (reply.length !== undefined && seen !== reply.length) {
    throw new FileFailure(`${what}: ${seen} bytes came of ${reply.length}`, true);
  }
}
