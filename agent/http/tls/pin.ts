/** SHA-256 fingerprints of certificates, as openssl, browsers and people write them. */
import { RazorMkError } from '../../../platform/errors/errors.ts';

/** 64 lower-case hex digits of `AA:BB:…`, `sha256:…` or plain hex. Throws RAZOR_MK_TRUST. */
export function parsePin(text: string): string {
  const hex = text
    .trim()
    .replace(/^sha-?256[:/]/i, '')
    .replaceAll(/[:\s]/g, '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new RazorMkError('RAZOR_MK_TRUST', `invalid SHA-256 fingerprint of a certificate: "${text.slice(0, 100)}"`, {
    remedy: 'openssl x509 -in CERT -noout -fingerprint -sha256 prints it.',
  });
}
