/**
 * Why an exchange failed, in words, and what to do about it: TLS with the clock named where the clock is wrong, and proxies,
 * which would else be taken for the server.
 */
import { request as httpsRequest } from 'node:https';
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { HttpFailure, proxyLogin, urlForPeople } from '../http-failure.ts';
import { offsetInWords } from './clock-offset.ts';
import { keyMaterialFault } from './key-material.ts';
import { proxyFor, type Proxies, type Proxy } from '../proxy.ts';
import { createTlsAgent, type TlsTrust } from './tls-options.ts';

const NAME_CA =
  'Name the authority’s certificate with --ca-file (razor.ca_file, ca_file in the image), or pin the server’s (--pin, razor.pin).';
const CLIENT = 'Give --client-cert and --client-key with a certificate that the server’s authority has signed.';
const PLAIN = 'Check the port; write http:// where the server speaks plain HTTP.';

/** By code of Node and OpenSSL: what it means, and the remedy. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'the server’s certificate is self-signed, and it is not named as CA (--ca-file)',
    NAME_CA,
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'the server’s certificate comes from an authority that is not known here: --ca-file names it',
    NAME_CA,
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'the server’s certificate comes from an authority that is not known here: --ca-file names it',
    NAME_CA,
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'the server’s certificate comes from an authority that is not known here: --ca-file names it',
    NAME_CA,
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'the server’s certificate is for another name',
    'Use a name of the certificate as the address, or renew it with this one (subjectAltName).',
  ],
  EPROTO: ['the server does not speak TLS there, or no version that is acceptable', PLAIN],
  ERR_SSL_WRONG_VERSION_NUMBER: ['the server does not speak TLS there (plain http?)', PLAIN],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['the server does not speak TLS there (plain http?)', PLAIN],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: ['the server wants a client certificate', CLIENT],
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: [
    'the server refuses the handshake: perhaps it wants a client certificate',
    CLIENT,
  ],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: ['the server does not know the authority of our client certificate', CLIENT],
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: ['the server refuses our client certificate', CLIENT],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: ['the server says that our client certificate has expired', CLIENT],
};

/**
 * Throws what a person should read: HttpFailure with the remedy, or RAZOR_MK_TRUST where it is our own certificate or key that
 * cannot be used. Undefined where nothing is to be added to the system's own words.
 */
export async function explainTlsFailure(
  error: unknown,
  url: string,
  trust: TlsTrust,
  proxies: Proxies,
): Promise<undefined> {
  const code = errnoOf(error) ?? errnoOf((error as { cause?: unknown } | undefined)?.cause) ?? '';
  const fail = (message: string, remedy: string): never => {
    throw new HttpFailure('RAZOR_MK_HTTP', `${urlForPeople(url)}: ${message}`, { cause: error, remedy });
  };
  if (code === 'RAZOR_MK_PIN') {
    const renew =
      'If the server’s certificate was renewed, pin the new fingerprint (--pin, razor.pin). Else somebody is in between.';
    fail(messageOf(error), renew);
  }
  explainProxy(error, code, proxyFor(url, proxies), fail);
  if (!url.startsWith('https:')) return undefined;
  const fault = keyMaterialFault(trust);
  if (fault !== undefined) throw new RazorMkError('RAZOR_MK_TRUST', fault, { cause: error });
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const seen = code === 'CERT_NOT_YET_VALID' ? 'is not valid yet' : 'has expired';
    const offset = await clockOffset(url, trust, proxies);
    const clock = offset === undefined ? 'this machine’s clock says' : `this machine’s clock is ${offset}; it says`;
    const set = 'Set the clock: razor.ntp=HOST on the kernel line, or the firmware setup.';
    const renew = 'Renew the server’s certificate.';
    const remedy = offset === undefined ? `${set} If it is right: ${renew}` : offset === 'right' ? renew : set;
    fail(`the server’s certificate ${seen}, and ${clock} ${new Date().toISOString()}`, remedy);
  }
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  const names = /altnames: (.{1,300})/.exec(messageOf(error))?.[1];
  if (reason !== undefined && names !== undefined) fail(`${reason[0]}: ${names}`, reason[1]);
  if (reason !== undefined) fail(`${reason[0]} (${code})`, reason[1]);
  return undefined;
}

/** A connection that was not made is the proxy's, where there is one. */
function explainProxy(
  error: unknown,
  code: string,
  proxy: Proxy | undefined,
  fail: (message: string, remedy: string) => never,
): void {
  if (proxy === undefined) return;
  const what = `the proxy ${proxy.host} port ${proxy.port} (${proxy.from})`;
  const around = `Correct ${proxy.from}, or name the server in no_proxy.`;
  if (code === 'ERR_PROXY_TUNNEL') {
    const said = /HTTP\/1\.[01] (.{1,80})/.exec(messageOf(error))?.[1] ?? messageOf(error);
    const remedy = said.startsWith('407') ? proxyLogin(proxy.from) : around;
    fail(`${what} does not let us through: ${said}`, remedy);
  }
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTDOWN'].includes(code))
    fail(`${what} cannot be reached (${code})`, `Start the proxy. ${around}`);
}

/**
 * How far this machine's clock is from the server's, in words, by the Date of an answer to a HEAD of the root, which
 * carries nothing of ours. The server is not verified for it: the figure is for a message and nothing is set by it.
 */
async function clockOffset(url: string, trust: TlsTrust, proxies: Proxies): Promise<string | undefined> {
  const proxy = proxyFor(url, proxies)?.url;
  const agent = createTlsAgent({ ...trust, pins: [], cert: undefined, key: undefined }, proxy);
  const timeout = Math.min(trust.timeoutMs, 3000);
  const date = await new Promise<string | undefined>((resolve) => {
    const request = httpsRequest(
      new URL('/', url),
      { method: 'HEAD', agent, rejectUnauthorized: false, signal: AbortSignal.timeout(timeout) },
      (response) => {
        resolve(response.headers.date);
        response.destroy();
      },
    );
    request.on('error', () => resolve(undefined));
    request.end();
  });
  const server = Date.parse(date ?? '');
  return Number.isNaN(server) ? undefined : offsetInWords(Date.now() - server);
}
