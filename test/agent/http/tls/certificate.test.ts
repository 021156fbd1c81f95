import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../../../../agent/http/tls/certificate.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const NOW = new Date('2026-11-22T10:00:00.500Z');

for (const [address, shown] of [
  ['10.0.0.7', 'IP Address:10.0.0.7'],
  ['fd00::7', 'IP Address:FD00:0:0:0:0:0:0:7'],
] as const) {
  test(`a certificate for ${address} is P-384, its own authority, and good from an hour ago for 90 days`, () => {
    const { certificate, key } = makeCertificate({ name: 'mk525400000001', address, curve: 'secp384r1', now: NOW });
    const read = new X509Certificate(certificate);
    assert.equal(read.subject, 'CN=mk525400000001');
    assert.equal(read.issuer, read.subject);
    assert.equal(read.subjectAltName, shown);
    assert.equal(read.checkIP(address), address);
    assert.equal(read.checkIP('10.0.0.8'), undefined);
    assert.equal(new Date(read.validFrom).toISOString(), '2026-11-22T09:00:00.000Z');
    assert.equal(new Date(read.validTo).toISOString(), '2027-02-20T10:00:00.000Z');
    assert.equal(read.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
    assert.ok(read.verify(read.publicKey));
    assert.ok(read.ca);
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  });
}

test('the other curves, dates beyond 2049 and names that are too long or empty make certificates too', () => {
  const late = new Date('2049-12-01T00:00:00Z');
  for (const curve of ['prime256v1', 'secp521r1'] as const) {
    const read = new X509Certificate(
      makeCertificate({ name: 'x'.repeat(300), address: '::1', curve, now: late }).certificate,
    );
    assert.equal(read.publicKey.asymmetricKeyDetails?.namedCurve, curve);
    assert.equal(read.subject.length, 'CN='.length + 64);
    assert.equal(new Date(read.validTo).getUTCFullYear(), 2050);
    assert.ok(read.verify(read.publicKey));
  }
  const { certificate } = makeCertificate({ name: '', address: '10.0.0.7', curve: 'secp384r1', now: NOW });
  assert.equal(new X509Certificate(certificate).subject, 'CN=razor-mk');
});

test('a key that is given is used again, and every certificate has a serial number of its own', () => {
  const first = makeCertificate({ name: 'mk', address: '10.0.0.7', curve: 'secp384r1', now: NOW });
  const second = makeCertificate({ name: 'mk', address: '10.0.0.7', curve: 'secp384r1', now: NOW, keyPem: first.key });
  const [a, b] = [new X509Certificate(first.certificate), new X509Certificate(second.certificate)];
  assert.equal(second.key, first.key);
  assert.ok(a.publicKey.equals(b.publicKey));
  assert.notEqual(a.serialNumber, b.serialNumber);
});

test('OpenSSL takes it as its own authority, also when it checks strictly', (t) => {
  if (!existsSync('/usr/bin/openssl')) return t.skip('openssl is not installed');
  const dir = temporaryDirectory(t);
  const path = join(dir, 'cert.pem');
  const made = makeCertificate({ name: 'mk', address: '10.0.0.7', curve: 'secp384r1', now: new Date() });
  writeFileSync(path, made.certificate);
  const run = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8' });
  assert.match(run('verify', '-x509_strict', '-verify_ip', '10.0.0.7', '-CAfile', path, path), /: OK/);
  const text = run('x509', '-in', path, '-noout', '-text');
  assert.match(text, /Signature Algorithm: ecdsa-with-SHA512/);
  assert.match(text, /X509v3 Subject Alternative Name: critical/);
});
