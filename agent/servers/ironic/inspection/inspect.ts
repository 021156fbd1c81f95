/**
 * Sends the inventory: each URL in turn, five tries at each, as ironic-python-agent does
 * (docs/contracts/ironic.md#inspection).
 */
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import type { Log } from '../../../../platform/log/log.ts';
import type { HttpClient } from '../../../http/http-client.ts';
import { HttpFailure, urlForPeople } from '../../../http/http-failure.ts';
import { cleanText, parseBounded } from '../../../http/bounded-json.ts';
import { faultOf } from '../conductor/faults.ts';

interface InspectOptions {
  readonly urls: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly openHttp: (url: string) => Promise<HttpClient>;
  readonly timeoutMs: number;
  readonly globalRequestId: string | undefined;
  readonly signal: AbortSignal;
}

interface Inspected {
  readonly url: string;
  /** The node that the server made of it, where it says so. */
  readonly uuid: string | undefined;
}

const TRIES = 5;
const SHORTEST_MS = 5000;
const LONGEST_MS = 30_000;

/** Resolves when a server took it. Throws RAZOR_MK_REFUSED where one said no, and RAZOR_MK_HTTP where nobody answered. */
export async function sendInspection(options: InspectOptions): Promise<Inspected> {
  let last: unknown;
  for (const url of options.urls) {
    try {
      return await sendTo(url, options);
    } catch (error) {
      options.signal.throwIfAborted();
      last = error;
      options.log.warn(`inspection: ${messageOf(error)}`);
    }
  }
  throw last ?? new RazorMkError('RAZOR_MK_NO_SERVER', 'no URL for the inspection is known');
}

async function sendTo(url: string, options: InspectOptions): Promise<Inspected> {
  const { clock, log, signal } = options;
  const text = JSON.stringify(options.body);
  for (let attempt = 1; ; attempt++) {
    let failure: RazorMkError;
    try {
      const http = await options.openHttp(url);
      const reply = await http.request({
        method: 'POST',
        url,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
          ...(options.globalRequestId === undefined ? {} : { 'x-openstack-request-id': options.globalRequestId }),
        },
        body: text,
        timeoutMs: options.timeoutMs,
        limit: 1024 * 1024,
        signal,
      });
      const answer = reply.body.toString('utf8');
      if (reply.status >= 200 && reply.status < 300) return { url, uuid: uuidIn(answer) };
      failure = refusal(url, reply.status, faultOf(answer));
      if (reply.status !== 409 && reply.status < 500) throw failure;
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      failure = error;
    }
    if (attempt >= TRIES) throw failure;
    const wait = Math.min(LONGEST_MS, SHORTEST_MS * 1.5 ** (attempt - 1));
    log.info(`inspection: ${failure.message}; again in ${(wait / 1000).toFixed(0)} s`);
    await clock.sleep(wait, signal);
  }
}

function refusal(url: string, status: number, said: string): RazorMkError {
  const what = `POST ${urlForPeople(url)}: HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  const remedy =
    status === 404
      ? 'The node is unknown and auto discovery is off, or it is not being inspected now: check its state and its ports.'
      : 'Read what the server says; its log has the rest.';
  return new RazorMkError('RAZOR_MK_REFUSED', what, { remedy });
}

/** `{"uuid": …}`, or `{"node": {"uuid": …}}` of a newer API. */
function uuidIn(body: string): string | undefined {
  const value = parseBounded(body) as { uuid?: unknown; node?: { uuid?: unknown } | null } | null;
  const uuid = value?.uuid ?? value?.node?.uuid;
  return typeof uuid === 'string' && /^[0-9a-f-]{32,36}$/i.test(uuid) ? cleanText(uuid, 36).toLowerCase() : undefined;
}
