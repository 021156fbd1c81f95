/** What is wrong with the certificates and keys that were configured, where OpenSSL only says that something is. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { TlsTrust } from './tls-options.ts';

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** In words, or undefined when they can be used. */
export function keyMaterialFault({ ca, cert, key }: Pick<TlsTrust, 'ca' | 'cert' | 'key'>): string | undefined {
  if (ca !== undefined) {
    const read = certificatesOf(ca);
    if (typeof read === 'string') return `the CA file ${read}`;
  }
  if (cert === undefined || key === undefined) return undefined;
  const chain = certificatesOf(cert);
  if (typeof chain === 'string') return `the client certificate ${chain}`;
  const own = chain[0] as X509Certificate;
  const now = Date.now();
  if (Date.parse(own.validTo) < now) return `the client certificate has expired: ${own.validTo}`;
  if (Date.parse(own.validFrom) > now) return `the client certificate is not valid yet: it begins ${own.validFrom}`;
  let secret: KeyObject;
  try {
    secret = createPrivateKey(key);
  } catch {
    return 'the client key is not a private key in PEM without a passphrase';
  }
  return own.checkPrivateKey(secret) ? undefined : 'the client key does not belong to the client certificate';
}

function certificatesOf(pem: string): readonly X509Certificate[] | string {
  const found = pem.match(CERTIFICATE) ?? [];
  if (found.length === 0) return 'holds no certificate in PEM';
  try {
    return found.map((one) => new X509Certificate(one));
  } catch {
    return 'holds a certificate that is damaged';
  }
}
