/** Why TLS failed, in words, with the clock named where the clock is wrong. */
import { request as httpsRequest } from 'node:https';
import { errnoOf, messageOf } from '../../platform/errors.ts';
import { createTlsAgent, type TlsTrust } from './tls.ts';

const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the server’s certificate is self-signed: name it as CA (--ca-file) or pin it (--pin)',
  SELF_SIGNED_CERT_IN_CHAIN:
    'the server’s certificate comes from an authority that is not known here: --ca-file names it',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'the server’s certificate comes from an authority that is not known here: --ca-file names it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the server’s certificate comes from an authority that is not known here: --ca-file names it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the server’s certificate is for another name',
  EPROTO: 'the server does not speak TLS there, or no version that is acceptable',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS there (plain http?)',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server wants a client certificate (--client-cert, --client-key)',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the server refuses the handshake: perhaps it wants a client certificate',
};

/** An explanation for what a person should read, or undefined where this is no matter of TLS. */
export async function explainTlsFailure(error: unknown, url: string, trust: TlsTrust): Promise<string | undefined> {
  const code = errnoOf(error) ?? errnoOf((error as { cause?: unknown } | undefined)?.cause) ?? '';
  if (code === 'RAZOR_MK_PIN') return messageOf(error);
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const seen = code === 'CERT_NOT_YET_VALID' ? 'is not valid yet' : 'has expired';
    const offset = await clockOffset(url, trust);
    const clock = offset === undefined ? 'this machine’s clock says' : `this machine’s clock is ${offset}; it says`;
    return `the server’s certificate ${seen}, and ${clock} ${new Date().toISOString()}: set the clock (NTP), or renew the certificate`;
  }
  if (!url.startsWith('https:')) return undefined;
  return Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${code})` : undefined;
}

/**
 * How far this machine's clock is from the server's, in words, by the Date of an answer to a HEAD of the root, which
 * carries nothing of ours. The server is not verified for it: the figure is for a message and nothing is set by it.
 */
async function clockOffset(url: string, trust: TlsTrust): Promise<string | undefined> {
  const agent = createTlsAgent({ ...trust, pins: [], cert: undefined, key: undefined });
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

/** `2 days behind`, `40 s ahead`, `right`. Below two seconds is right: Date has whole seconds. */
export function offsetInWords(ms: number): string {
  const s = Math.abs(ms) / 1000;
  if (s < 2) return 'right';
  const [amount, unit] =
    s < 120 ? [s, 's'] : s < 7200 ? [s / 60, 'min'] : s < 172_800 ? [s / 3600, 'h'] : [s / 86_400, 'days'];
  return `${Math.round(amount)} ${unit} ${ms > 0 ? 'ahead of' : 'behind'} the server’s`;
}
