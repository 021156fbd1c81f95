/** One request and its whole reply, as the dialects need it; agent/http/http-client.ts makes them. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { RequestPreview } from '../servers/dialect.ts';
import { parseBounded } from './bounded-json.ts';

export interface HttpReply {
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
) => Promise<HttpReply>;

/** The JSON value of a reply. Throws RAZOR_MK_REPLY. */
export function parseJson(reply: HttpReply): unknown {
  const value = parseBounded(reply.body);
  if (!(value instanceof Error)) return value;
  const start = JSON.stringify(reply.body.slice(0, 80));
  throw new RazorMkError(
    'RAZOR_MK_REPLY',
    `the answer (HTTP ${reply.status}) cannot be used: ${value.message}: ${start}`,
  );
}
