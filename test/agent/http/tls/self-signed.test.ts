import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { selfSigned } from '../../../../agent/http/tls/self-signed.ts';
import { noOpenssl } from '../../../helpers/certificates.ts';

const NOW = new Date();

test('a node’s own certificate is for its address, P-384, signed by itself and valid from yesterday', () => {
  const made = selfSigned({ address: '192.0.2.7', days: 90, now: NOW });
  const cert = new X509Certificate(made.cert);
  assert.equal(cert.subject, 'CN=192.0.2.7');
  assert.equal(cert.issuer, cert.subject);
  assert.equal(cert.subjectAltName, 'IP Address:192.0.2.7');
  assert.equal(cert.checkIP('192.0.2.7'), '192.0.2.7');
  assert.equal(cert.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
  assert.ok(cert.verify(cert.publicKey));
  assert.ok(cert.ca);
  const days = (date: string): number => Math.round((Date.parse(date) - NOW.getTime()) / 86_400_000);
  assert.equal(days(cert.validFrom), -1);
  assert.equal(days(cert.validTo), 90);
});

test('IPv6 addresses, names and years after 2049 are written as they should be', () => {
  const v6 = new X509Certificate(selfSigned({ address: 'fd77::1:2', days: 1, now: NOW }).cert);
  assert.equal(v6.checkIP('fd77:0:0:0:0:0:1:2'), 'fd77:0:0:0:0:0:1:2');
  const name = new X509Certificate(selfSigned({ address: 'node.example', days: 40_000, now: NOW }).cert);
  assert.equal(name.checkHost('node.example'), 'node.example');
  assert.ok(new Date(name.validTo).getUTCFullYear() > 2100);
});

test('openssl reads the certificate as P-384 and as an authority of its own', { skip: noOpenssl }, () => {
  const { cert } = selfSigned({ address: '127.0.0.1', days: 30, now: NOW });
  const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: cert }).toString();
  assert.match(text, /Signature Algorithm: ecdsa-with-SHA512/);
  assert.match(text, /CA:TRUE/);
});

test('a client that trusts only this certificate reaches the server, and another one does not', async (t) => {
  const tls = selfSigned({ address: '127.0.0.1', days: 30, now: NOW });
  const other = selfSigned({ address: '127.0.0.1', days: 30, now: NOW });
  const server = createServer(tls, (_request, response) => response.end('here'));
  t.after(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (ca: string): Promise<string> =>
    new Promise((resolve) => {
      const sent = request({ host: '127.0.0.1', port, ca }, (response) => {
        response.resume();
        resolve(`HTTP ${response.statusCode}`);
      });
      sent.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
      sent.end();
    });
  assert.equal(await ask(tls.cert), 'HTTP 200');
  assert.match(await ask(other.cert), /SELF_SIGNED|UNABLE_TO|SIGNATURE/);
});
