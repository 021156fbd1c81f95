/** Whom the agent believes, and as whom it speaks: HTTP clients made from the settings. */
import { Agent as HttpAgent } from 'node:http';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { readCapped } from '../../../platform/files.ts';
import type { Settings } from '../../config/settings.ts';
import type { Candidate } from '../../discovery/candidate.ts';
import { poolOptions } from '../connections.ts';
import type { FileClient } from '../file-client.ts';
import { createHttpClient, type HttpClient } from '../http-client.ts';
import { NO_PROXIES, type Proxies } from '../proxy.ts';
import type { FileSignatures } from './file-signatures.ts';
import { parsePin } from './pin.ts';
import type { TlsTrust } from './tls-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface TrustOptions {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly userAgent: string;
  /**
   * Whom the token and the client certificate are for, and nobody else. Without a server the client has neither: it is for lists,
   * extensions, kernels and images.
   */
  readonly server?: Candidate;
  /** Takes any certificate where none is pinned: only for a server's own switch for that, and never without a warning. */
  readonly insecure?: boolean;
  /** For files whose checksum came from the server: pins are the server's, and other hosts may show what authorities vouch for. */
  readonly pinOrAuthority?: boolean;
}

const LONGEST_FILE = 1024 * 1024;

/**
 * A client with the trust of the settings. Throws RAZOR_MK_TRUST when a certificate, key, token or pin that was asked for cannot
 * be used: the agent then waits and tries again rather than going on with less trust than it was told to have.
 */
export async function openHttp(options: TrustOptions): Promise<HttpClient & FileClient> {
  const { settings, server, environment, userAgent, insecure = false, pinOrAuthority = false } = options;
  const pins = settings.pin.map((text) => parsePin(text));
  if ((settings.clientCert === '') !== (settings.clientKey === '')) {
    throw new RazorMkError('RAZOR_MK_TRUST', 'a client certificate needs its key, and a key its certificate');
  }
  const [ca, cert, key, siteKey, token] = await Promise.all([
    readFor('CA certificates', settings.caFile),
    readFor('client certificate', settings.clientCert),
    readFor('client key', settings.clientKey),
    readFor('site key', settings.siteKey),
    readToken(settings),
  ]);
  const timeoutMs = settings.httpTimeout * 1000;
  const proxies = await proxiesOf(environment);
  const tls: TlsTrust = { ca, cert, key, pins, timeoutMs, insecure, pinOrAuthority };
  const strangers: TlsTrust = { ...tls, cert: undefined, key: undefined };
  const origin = server !== undefined && isTrusted(server) ? new URL(server.url).origin : undefined;
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  return createHttpClient({
    timeoutMs,
    userAgent,
    proxies,
    connections: (route) =>
      route.secure
        ? import('./tls-options.ts').then(({ createTlsAgent }) =>
            createTlsAgent(route.own ? tls : strangers, route.proxy, route.kept),
          )
        : new HttpAgent(poolOptions(route)),
    credentials: origin === undefined ? undefined : { origin, headers },
    address:
      server?.address === undefined ? undefined : { host: new URL(server.url).hostname, address: server.address },
    guard: siteKey === undefined ? undefined : (await import('./signature.ts')).replyGuard(siteKey),
    diagnose: async (error, url, own) =>
      (await import('./tls-failure.ts')).explainTlsFailure(
        error,
        url,
        new URL(url).origin === origin ? tls : strangers,
        own ?? proxies,
      ),
  });
}

/**
 * Whether a server may see the token and the client certificate: somebody wrote it down for this node, or its certificate is
 * checked. Whoever answers DHCP or DNS first can name an http server.
 */
function isTrusted({ given, url }: Candidate): boolean {
  return given || url.startsWith('https:');
}

/** What is configured and is not sent to `server`, for the log; undefined where all of it is. */
export function withheldFrom(server: Candidate, settings: Settings): string | undefined {
  if (isTrusted(server) || (settings.token === '' && settings.tokenFile === '')) return undefined;
  return (
    `the token is not sent to ${server.url}, which was found by ${server.source}: anybody on the network can name an http server. ` +
    'Give the server (razor.ip=, --server) or use https'
  );
}

async function readToken(settings: Settings): Promise<string> {
  const token = settings.token || ((await readFor('token', settings.tokenFile))?.trim() ?? '');
  if (token === '' || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new RazorMkError('RAZOR_MK_TRUST', 'the token has characters that a header cannot carry');
}

/** What the site key vouches for beside replies: files with a signature of their own. Undefined without a site key. */
export async function openSignatures({ siteKey }: Settings, stateDir: string): Promise<FileSignatures | undefined> {
  const pem = await readFor('site key', siteKey);
  if (pem === undefined) return undefined;
  const { keptCounters, openFileSignatures } = await import('./file-signatures.ts');
  return openFileSignatures(pem, keptCounters(stateDir));
}

/** Only the proxy variables of the environment. Throws RAZOR_MK_TRUST for a proxy that cannot be used. */
async function proxiesOf(environment: Environment): Promise<Proxies> {
  if (!Object.keys(environment).some((name) => /^(https?|no)_proxy$/i.test(name))) return NO_PROXIES;
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
