import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import type { Answer, HttpRequest } from '../../../../agent/http/http-client.ts';
import {
  isSignedBy,
  NONCE_HEADER,
  readSiteKey,
  replyGuard,
  signedBytes,
  SIGNATURE_HEADER,
} from '../../../../agent/http/tls/signature.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const PEM = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const REQUEST = { method: 'POST', url: 'http://lab/a/b?c=d', body: 'question' } as unknown as HttpRequest;

test('what is signed is this very question and its answer', () => {
  const bytes = signedBytes({
    nonce: 'n',
    method: 'GET',
    path: '/x?y',
    requestBody: 'q',
    status: 200,
    replyBody: Buffer.from('answer'),
  });
  const asked = createHash('sha256').update('q').digest('hex');
  assert.equal(bytes.toString(), `razor-mk reply 1\nn\nGET /x?y\n${asked}\n200\nanswer`);
});

test('a signature is 64 bytes in Base64, of these bytes and this key', () => {
  const bytes = Buffer.from('text');
  const text = sign(null, bytes, privateKey).toString('base64');
  const key = readSiteKey(PEM);
  assert.equal(isSignedBy(key, bytes, text), true);
  assert.equal(isSignedBy(key, Buffer.from('other'), text), false);
  for (const wrong of ['', `${text}\n`, ` ${text}`, text.slice(2), text.replace('==', ''), `x${text}`, `${text}==`])
    assert.equal(isSignedBy(key, bytes, wrong), false, wrong);
});

test('a site key is an Ed25519 key', () => {
  const rsa = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'pem' });
  assert.throws(() => readSiteKey(rsa as string), {
    code: 'RAZOR_MK_TRUST',
    message: 'the site key is ec, not Ed25519',
  });
  assert.throws(() => readSiteKey('nonsense'), { code: 'RAZOR_MK_TRUST', message: /^the site key cannot be read: / });
});

/** Answers a guarded request; `change` is what somebody on the way makes of it. */
function answer(
  change: (reply: { status: number; body: Buffer; headers: Record<string, unknown> }) => void = () => undefined,
): void {
  const guard = replyGuard(PEM)();
  const nonce = guard.headers[NONCE_HEADER] ?? '';
  assert.match(nonce, /^[0-9a-f]{32}$/);
  const body = Buffer.from('answer');
  const bytes = signedBytes({
    nonce,
    method: 'POST',
    path: '/a/b?c=d',
    requestBody: 'question',
    status: 200,
    replyBody: body,
  });
  const reply = {
    status: 200,
    body,
    headers: { [SIGNATURE_HEADER]: sign(null, bytes, privateKey).toString('base64') },
  };
  change(reply);
  guard.verify(reply as unknown as Answer, REQUEST);
}

test('a reply to this question is believed; one that was changed, repeated, or is not signed, is not', () => {
  answer();
  const wrong = {
    code: 'RAZOR_MK_REPLY',
    message: 'POST http://lab/a/b: the signature of the reply (HTTP 200) is wrong',
  };
  assert.throws(() => answer((reply) => (reply.body = Buffer.from('Answer'))), wrong);
  assert.throws(() => answer((reply) => (reply.status = 201)), /the signature of the reply \(HTTP 201\) is wrong/);
  const unsigned = /the reply \(HTTP 200\) is not signed, and this node has a site key/;
  assert.throws(() => answer((reply) => (reply.headers = {})), unsigned);
  assert.throws(() => answer((reply) => (reply.headers = { [SIGNATURE_HEADER]: ['a', 'b'] })), unsigned);
  let old: unknown;
  answer((reply) => (old = reply.headers));
  assert.throws(() => answer((reply) => (reply.headers = old as Record<string, unknown>)), wrong); // another nonce
});
