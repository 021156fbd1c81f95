import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { makeCertificate } from '../../../../agent/http/tls/certificate.ts';
import { keyMaterialFault } from '../../../../agent/http/tls/key-material.ts';

const DAY_MS = 86_400_000;
const made = (days: number): ReturnType<typeof makeCertificate> =>
  makeCertificate({
    name: 'n',
    address: '192.0.2.1',
    curve: 'prime256v1',
    now: new Date(Date.now() + days * DAY_MS),
    days: 2,
  });
const fault = (more: { ca?: string; cert?: string; key?: string }): string | undefined =>
  keyMaterialFault({ ca: undefined, cert: undefined, key: undefined, ...more });

test('what can be used has no fault', () => {
  const { certificate, key } = made(0);
  assert.equal(fault({}), undefined);
  assert.equal(fault({ ca: certificate, cert: certificate, key }), undefined);
  assert.equal(fault({ ca: `text\n${certificate}${certificate}` }), undefined);
  assert.equal(fault({ ca: certificate.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE') }), undefined);
  // half of a pair is nobody's
  assert.equal(fault({ cert: 'nonsense' }), undefined);
  assert.equal(fault({ key: 'nonsense' }), undefined);
});

test('what cannot be used is said', () => {
  const { certificate, key } = made(0);
  const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  assert.equal(fault({ ca: 'nonsense' }), 'the CA file holds no certificate in PEM');
  assert.equal(fault({ ca: certificate + damaged }), 'the CA file holds a certificate that is damaged');
  assert.equal(fault({ cert: 'nonsense', key }), 'the client certificate holds no certificate in PEM');
  assert.equal(
    fault({ cert: certificate, key: 'x' }),
    'the client key is not a private key in PEM without a passphrase',
  );
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  assert.equal(fault({ cert: certificate, key: other }), 'the client key does not belong to the client certificate');
  const [old, coming] = [made(-3), made(1)];
  assert.match(fault({ cert: old.certificate, key: old.key }) ?? '', /^the client certificate has expired: \S/);
  assert.match(
    fault({ cert: coming.certificate, key: coming.key }) ?? '',
    /^the client certificate is not valid yet: it begins \S/,
  );
});
