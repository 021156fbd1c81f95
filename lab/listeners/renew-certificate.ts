/** A certificate that is renewed while the lab runs: connections from then on get the new one. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../platform/errors/errors.ts';
import type { LabCore } from '../lab-core.ts';
import type { PeopleOptions, Pem } from '../lab-settings.ts';

const EVERY_MS = 60_000;

/** The certificate. Throws a sentence where certificate and key cannot be used together, or the certificate is out of date. */
export function checkPem({ cert, key }: Pem, now: number): X509Certificate {
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is not that of the certificate');
  if (Date.parse(certificate.validTo) <= now) throw new Error(`the certificate ended ${certificate.validTo}`);
  return certificate;
}

/**
 * Looks at intervals whether certificate and key were renewed, until the listener closes. What cannot be used is told once and the
 * old ones stay. The result gives the certificate in use; undefined without TLS.
 */
export function renewCertificate(
  app: FastifyInstance,
  { tls, renewedTls, renewMs = EVERY_MS }: PeopleOptions,
  { events, wall }: Pick<LabCore, 'events' | 'wall'>,
): () => string | undefined {
  let current = tls?.cert;
  let told = '';
  if (tls === undefined || renewedTls === undefined) return () => current;
  const look = async (): Promise<void> => {
    try {
      const renewed = await renewedTls();
      if (renewed === undefined) return;
      const certificate = checkPem(renewed, wall());
      (app.server as unknown as TlsServer).setSecureContext(renewed);
      current = renewed.cert;
      told = '';
      events.emit({ type: 'changed', message: `certificate renewed, good until ${certificate.validTo}` });
    } catch (error) {
      const message = `certificate not renewed, the old one stays: ${messageOf(error)}`;
      if (message !== told) events.emit({ type: 'failed', message });
      told = message;
    }
  };
  const timer = setInterval(() => void look(), renewMs).unref();
  app.addHook('onClose', () => clearInterval(timer));
  return () => current;
}
