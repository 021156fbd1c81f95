/** The certificate of what the node serves to Foreman: P-384, for the address of its boot card. */
import { makeCertificate } from './certificate.ts';

export interface SelfSigned {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

interface SelfSignedOptions {
  /** The IP address (or name) that peers connect to: common name and alternative name. */
  readonly address: string;
  readonly days: number;
  /** Wall time. It is valid from a day before: clocks of freshly booted machines are often wrong. */
  readonly now: Date;
}

const DAY_MS = 86_400_000;

/** Makes key and certificate; takes some milliseconds. */
export function selfSigned({ address, days, now }: SelfSignedOptions): SelfSigned {
  const { key, certificate } = makeCertificate({
    name: address,
    address,
    curve: 'secp384r1',
    now,
    days,
    earlierMs: DAY_MS,
  });
  return { key, cert: certificate };
}
