/** A file of the network as a stream: redirects followed, proxies and authorization of the image kept to where they belong. */
import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { urlForPeople } from '../http/http-client.ts';

export interface FetchOptions {
  readonly proxyEnv?: Readonly<Record<string, string>>;
  /** Sent to the host of the first URL only. */
  readonly authorization?: string | undefined;
  /** CA certificates in PEM besides none; the built-in ones where undefined. */
  readonly ca?: string | undefined;
  /** The server's certificate is not looked at. */
  readonly insecure?: boolean;
  /** Until the first byte of the answer, and between any two of its pieces. */
  readonly idleMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Fetched {
  readonly url: string;
  /** Bytes that the server announced. */
  readonly length: number | undefined;
  readonly body: AsyncIterable<Buffer>;
}

/** The failure of an exchange: whether it may be tried again. */
export class FetchFailure extends RazorMkError {
  readonly again: boolean;

  constructor(message: string, again: boolean, cause?: unknown) {
    super('RAZOR_MK_DEPLOY_IMAGE', message, {
      remedy: 'Look at the address, and at the log of the server that has the image.',
      cause,
    });
    this.again = again;
  }
}

const REDIRECTS = 5;

/** Asks for `url`. Throws FetchFailure for anything but 200; the body throws one when it is cut off. */
export async function fetchStream(url: string, options: FetchOptions = {}): Promise<Fetched> {
  let current = new URL(url);
  for (let hop = 0; ; hop++) {
    const response = await ask(current, {
      ...options,
      authorization: hop === 0 || sameHost(current, url) ? options.authorization : undefined,
    });
    const status = response.statusCode ?? 0;
    const what = urlForPeople(current.href);
    const { location } = response.headers;
    if (status >= 300 && status < 400 && location !== undefined) {
      response.destroy();
      if (hop >= REDIRECTS) throw new FetchFailure(`${what}: more than ${REDIRECTS} redirects`, false);
      current = redirected(current, location);
      continue;
    }
    if (status !== 200) {
      response.destroy();
      throw new FetchFailure(`${what}: HTTP ${status}`, status >= 500 || status === 408 || status === 429);
    }
    const announced = Number(response.headers['content-length'] ?? NaN);
    const length = Number.isSafeInteger(announced) ? announced : undefined;
    return { url: current.href, length, body: pieces(response, what, length) };
  }
}

function sameHost(url: URL, first: string): boolean {
  return url.origin === new URL(first).origin;
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to === null || !/^https?:$/.test(to.protocol) || (from.protocol === 'https:' && to.protocol === 'http:')) {
    throw new FetchFailure(
      `${urlForPeople(from.href)} leads to ${location.slice(0, 200)}, which is not followed`,
      false,
    );
  }
  return to;
}

async function ask(url: URL, options: FetchOptions): Promise<IncomingMessage> {
  const { proxyEnv = {}, authorization, ca, insecure = false, idleMs = 60_000, signal } = options;
  const shared = {
    method: 'GET',
    headers: {
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'razor-mk',
      ...(authorization !== undefined && { authorization }),
    },
    timeout: idleMs,
    ...(signal !== undefined && { signal }),
  };
  const environment = { ...proxyEnv };
  const outgoing =
    url.protocol === 'https:'
      ? httpsRequest(url, {
          ...shared,
          agent: new HttpsAgent({
            ...{ keepAlive: false, minVersion: 'TLSv1.2', proxyEnv: environment, rejectUnauthorized: !insecure },
            ...(ca !== undefined && { ca }),
          }),
        })
      : httpRequest(url, { ...shared, agent: new HttpAgent({ keepAlive: false, proxyEnv: environment }) });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing came for ${idleMs / 1000} s`)));
  outgoing.end();
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    throw new FetchFailure(`${urlForPeople(url.href)}: ${messageOf(error)}`, true, error);
  }
}

async function* pieces(response: IncomingMessage, what: string, length: number | undefined): AsyncIterable<Buffer> {
  let seen = 0;
  try {
    for await (const piece of response) {
      seen += (piece as Buffer).length;
      yield piece as Buffer;
    }
  } catch (error) {
    throw new FetchFailure(`${what}: cut off after ${seen} bytes: ${messageOf(error)}`, true, error);
  }
  if (length !== undefined && seen !== length) {
    throw new FetchFailure(`${what}: ${seen} bytes came of ${length}`, true);
  }
}

/** A short text, for lists of checksums and base64. Throws FetchFailure when it is longer than `limit` bytes. */
export async function fetchBytes(url: string, limit: number, options: FetchOptions = {}): Promise<Buffer> {
  const { body } = await fetchStream(url, options);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > limit) throw new FetchFailure(`${urlForPeople(url)}: longer than ${limit} bytes`, false);
    parts.push(piece);
  }
  return Buffer.concat(parts);
}
