/** Whom the agent believes, and as whom it speaks: the HTTP client for one server, made from the settings. */
import { Agent as HttpAgent } from 'node:http';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { readCapped } from '../../../platform/files.ts';
import type { Settings } from '../../config/settings.ts';
import type { Candidate } from '../../discovery/candidate.ts';
import { connections, keeping } from '../connections.ts';
import { createHttpClient, type HttpClient } from '../http-client.ts';
import { parsePin } from './pin.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LONGEST_FILE = 1024 * 1024;

/**
 * A client for `server`. Throws RAZOR_MK_TRUST when a certificate, key, token or pin that was asked for cannot be used:
 * the agent then waits and tries again rather than going on with less trust than it was told to have. `insecure` takes any
 * certificate where none is pinned: only for a server's own switch for that, and never without a warning.
 */
export async function openHttp(
  settings: Settings,
  server: Candidate,
  environment: Environment,
  userAgent: string,
  insecure = false,
): Promise<HttpClient> {
  const pins = settings.pin.map((text) => parsePin(text));
  if ((settings.clientCert === '') !== (settings.clientKey === '')) {
    throw new RazorMkError('RAZOR_MK_TRUST', 'a client certificate needs its key, and a key its certificate');
  }
  const [ca, cert, key, replyKey] = await Promise.all([
    readFor('CA certificates', settings.caFile),
    readFor('client certificate', settings.clientCert),
    readFor('client key', settings.clientKey),
    readFor('reply key', settings.replyKey),
  ]);
  const token = settings.token || (await readFor('token', settings.tokenFile))?.trim();
  if (token !== undefined && token !== '' && !/^[\x21-\x7e]+$/.test(token)) {
    throw new RazorMkError('RAZOR_MK_TRUST', 'the token has characters that a header cannot carry');
  }
  const timeoutMs = settings.httpTimeout * 1000;
  const proxyEnv = await proxiesOf(environment);
  const tls = { ca, cert, key, pins, proxyEnv, timeoutMs, insecure };
  const host = new URL(server.url).hostname;
  return createHttpClient({
    timeoutMs,
    userAgent,
    connections: connections(
      (kept) => new HttpAgent({ ...keeping(kept), proxyEnv }),
      async (kept) => (await import('./tls-options.ts')).createTlsAgent(tls, kept),
    ),
    ...(token === undefined || token === '' ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(server.address === undefined ? {} : { address: { host, address: server.address } }),
    ...(replyKey === undefined ? {} : { guard: (await import('./signature.ts')).replyGuard(replyKey) }),
    diagnose: async (error, request) => (await import('./tls-failure.ts')).explainTlsFailure(error, request.url, tls),
  });
}

/** Only the proxy variables of the environment. Throws RAZOR_MK_TRUST for a proxy that cannot be used. */
async function proxiesOf(environment: Environment): Promise<Record<string, string>> {
  if (!Object.keys(environment).some((name) => /^(https?|no)_proxy$/i.test(name))) return {};
  return (await import('../proxy.ts')).readProxies(environment);
}

async function readFor(what: string, path: string): Promise<string | undefined> {
  if (path === '') return undefined;
  const bytes = await readCapped(path, LONGEST_FILE);
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_TRUST', `${what}: there is no file ${path}`);
  const text = bytes.toString('utf8');
  if (text.trim() === '') throw new RazorMkError('RAZOR_MK_TRUST', `${what}: ${path} is empty`);
  return text;
}
