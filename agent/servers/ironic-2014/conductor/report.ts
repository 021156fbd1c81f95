/**
 * What the conductor is told: pass_deploy_info, and pass_bootloader_install_info for local boot
 * (docs/contracts/ironic-2014.md#the-call). 409 (the node is locked), 503 (no free worker), other server errors and the
 * network are tried again, at the time that Retry-After asks for; any other 4xx is final.
 */
import type { Clock } from '../../../../platform/time/clock.ts';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { backoffDelay } from '../../../../platform/time/timing.ts';
import { retryAfterMs, type HttpClient } from '../../../http/http-client.ts';
import { HttpFailure } from '../../../http/http-failure.ts';

/** The most that a Retry-After is believed. */
const LONGEST_RETRY_AFTER_MS = 120_000;

export interface ReportOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly apiUrl: string;
  /** `/v1`; what stands for it in `apiUrl` counts in its place. */
  readonly versionPrefix: string;
  readonly deploymentId: string;
  readonly token: string | undefined;
  /** What must be in no message, besides the key and the token: the server may repeat it. */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal;
  /** Attempts before it is given up; 20. */
  readonly attempts?: number;
  /** What went wrong and that it is tried again, for the console. */
  readonly onRetry?: (why: string, delayMs: number) => void;
}

interface DeployInfo {
  readonly address: string;
  readonly key: string;
  readonly iqn: string;
  /** Only where it is not 3260. */
  readonly port?: string;
  /** Empty when the disk is exported. */
  readonly error: string;
}

interface BootloaderInfo {
  readonly address: string;
  readonly key: string;
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly error: string;
}

/** Tells the conductor where the disk is, or what went wrong. Throws RAZOR_MK_DEPLOY when it was refused or never answered. */
export function passDeployInfo(options: ReportOptions, info: DeployInfo): Promise<void> {
  return post(options, 'pass_deploy_info', { ...info, error: oneLine(info.error) });
}

/** Tells the conductor that the boot loader is installed, or what went wrong. Throws RAZOR_MK_DEPLOY as passDeployInfo. */
export function passBootloaderInfo(options: ReportOptions, info: BootloaderInfo): Promise<void> {
  return post(options, 'pass_bootloader_install_info', { ...info, error: oneLine(info.error) });
}

async function post(options: ReportOptions, method: string, body: Readonly<Record<string, string>>): Promise<void> {
  const { http, clock, token } = options;
  const id = encodeURIComponent(options.deploymentId);
  const url = `${versionedUrl(options)}/nodes/${id}/vendor_passthru/${method}`;
  const attempts = options.attempts ?? 20;
  const text = JSON.stringify(body);
  for (let attempt = 0; ; attempt++) {
    let why: string;
    let wait: number | undefined;
    try {
      const reply = await http.request({
        method: 'POST',
        url,
        body: text,
        timeoutMs: 60_000,
        limit: 256 * 1024,
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
          accept: 'application/json',
          ...(token !== undefined && { 'x-auth-token': token }),
        },
        ...(options.signal && { signal: options.signal }),
      });
      if (reply.status >= 200 && reply.status < 300) return;
      why = `HTTP ${reply.status}${withSpace(faultText(reply.body.toString('utf8'), [body['key'] ?? '', token ?? '', ...(options.secrets ?? [])]))}`;
      const again = reply.status === 409 || reply.status === 429 || reply.status >= 500;
      wait = retryAfterMs(reply.headers, clock.wall());
      if (!again) throw new RazorMkError('RAZOR_MK_DEPLOY', `the conductor refused ${method}: ${why}`);
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      why = messageOf(error);
      wait = error.retryAfterMs;
    }
    if (attempt + 1 >= attempts) {
      throw new RazorMkError('RAZOR_MK_DEPLOY', `${method} was tried ${attempts} times: ${why}`);
    }
    const backoff = backoffDelay(attempt, { baseMs: 2000, capMs: 30_000, floorMs: 500, random: clock.random });
    // a server that asks for hours would be one that this node never comes back to
    const delay = wait === undefined ? backoff : Math.min(Math.max(wait, 500), LONGEST_RETRY_AFTER_MS);
    options.onRetry?.(why, delay);
    await clock.sleep(delay, options.signal);
  }
}

/** The version goes in front of `/nodes`, unless the URL of the kernel line has one: the catalogue's often ends in `/v1`. */
function versionedUrl({ apiUrl, versionPrefix }: ReportOptions): string {
  const url = apiUrl.replace(/\/+$/, '');
  return /\/v\d+(\.\d+)?$/.test(url) ? url : `${url}${versionPrefix}`;
}

function withSpace(text: string): string {
  return text === '' ? '' : `: ${text}`;
}

/**
 * The server's own words. Ironic wraps them: `error_message` is text that holds JSON with `faultstring`, or `title` and
 * `description`. Secrets that the server repeats (Kilo prints the expected key) are taken out.
 */
export function faultText(body: string, secrets: readonly string[]): string {
  let text = body;
  for (let depth = 0; depth < 3; depth++) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      break;
    }
    if (typeof value !== 'object' || value === null) break;
    const record = value as Record<string, unknown>;
    const inner = record['error_message'] ?? record['faultstring'] ?? record['description'] ?? record['title'];
    if (typeof inner === 'string') text = inner;
    else if (typeof inner === 'object' && inner !== null) text = JSON.stringify(inner);
    else break;
  }
  let safe = oneLine(text).slice(0, 300);
  for (const secret of secrets) if (secret !== '') safe = safe.replaceAll(secret, '…');
  return safe.replaceAll(/\b[0-9A-Z]{32}\b/g, '…');
}

/** Text on one line, without control characters. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 1000);
}
