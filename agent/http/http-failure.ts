/** Failed exchanges: what is thrown, and how a URL is written in messages. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Proxy } from './proxy.ts';

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

/** A URL without user, password and query, for messages. */
export function urlForPeople(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined ? url.slice(0, 200) : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

/**
 * 407 is a proxy's answer and never the server's (RFC 9110, 15.5.8): for https it refuses the tunnel (tls-failure.ts), for http
 * it answers in the server's place. A proxy that nobody configured here is one on the way.
 */
export function refusedByProxy(what: string, proxy: Proxy | undefined): HttpFailure {
  if (proxy === undefined) {
    return new HttpFailure('RAZOR_MK_HTTP', `${what}: HTTP 407: a proxy on the way to the server asks for a login`, {
      remedy: 'Name that proxy with its user and password: http_proxy=http://USER:PASSWORD@HOST:PORT.',
    });
  }
  const { host, port, from } = proxy;
  const message = `${what}: the proxy ${host} port ${port} (${from}) refuses the request: HTTP 407, it asks for a login`;
  return new HttpFailure('RAZOR_MK_HTTP', message, { remedy: proxyLogin(from) });
}

/** What to do about a proxy that asks for a login. `from`: the variable that names it. */
export function proxyLogin(from: string): string {
  return `Put user and password into ${from}: http://USER:PASSWORD@HOST:PORT.`;
}
