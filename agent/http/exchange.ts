/** One request and its whole reply as text, as the dialects need it. */
import { isUtf8 } from 'node:buffer';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { RequestPreview } from '../servers/dialect.ts';
import { cleanText, errorText, parseBounded } from './bounded-json.ts';
import { retryAfterMs, type HttpClient, type HttpReply } from './http-client.ts';
import { HttpFailure, urlForPeople } from './http-failure.ts';

export interface TextReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The whole body; its size was capped while it came. */
  readonly body: string;
}

/** Sends one request and resolves to the reply, whatever its status. Throws RAZOR_MK_HTTP when there is none. */
export type Exchange = (
  request: Pick<RequestPreview, 'method' | 'url' | 'headers' | 'body'>,
  signal?: AbortSignal,
) => Promise<TextReply>;

/** The JSON value of a reply. Throws RAZOR_MK_REPLY. */
export function replyJson(reply: TextReply): unknown {
  const value = parseBounded(reply.body);
  if (!(value instanceof Error)) return value;
  const start = JSON.stringify(reply.body.slice(0, 80));
  throw new RazorMkError(
    'RAZOR_MK_REPLY',
    `the answer (HTTP ${reply.status}) cannot be used: ${value.message}: ${start}`,
  );
}

/** Most bytes of a reply to a check-in or register. */
const LONGEST_REPLY = 1024 * 1024;

/**
 * The exchange that dialects use: redirects, bodies that are not UTF-8 and replies that say when to come back are
 * failures here already. `seen` is called with every reply, whatever its status.
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
