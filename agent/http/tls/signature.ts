/**
 * Signed replies: with a public key configured, each request carries a random `razor-mk-nonce`, and the server answers
 * with an Ed25519 signature (RFC 8032) in Base64, in the header `razor-mk-signature`. A reply without a right one is not
 * believed, whatever it says; the nonce keeps an old reply from being sent again.
 */
import { createPublicKey, randomBytes, verify, type KeyObject } from 'node:crypto';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { Answer, HttpRequest, ReplyGuard } from '../http-client.ts';
import { HttpFailure, urlForPeople } from '../http-failure.ts';

export const NONCE_HEADER = 'razor-mk-nonce';
export const SIGNATURE_HEADER = 'razor-mk-signature';

/** What is signed: the nonce, a line break, method, a blank, path with query, a line break, and the body as it is decoded. */
export function signedBytes(nonce: string, method: string, url: string, body: Uint8Array): Buffer {
  const { pathname, search } = new URL(url);
  return Buffer.concat([Buffer.from(`${nonce}\n${method} ${pathname}${search}\n`), body]);
}

/** A guard for replies with a public key in PEM. Throws RAZOR_MK_TRUST for a key that cannot be used. */
export function replyGuard(pem: string): () => ReplyGuard {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_TRUST', `the reply key cannot be read: ${messageOf(error)}`);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new RazorMkError('RAZOR_MK_TRUST', `the reply key is ${key.asymmetricKeyType ?? 'unknown'}, not Ed25519`);
  }
  return () => {
    const nonce = randomBytes(16).toString('hex');
    return { headers: { [NONCE_HEADER]: nonce }, verify: (reply, request) => check(reply, request, nonce) };
  };

  function check(reply: Answer, request: HttpRequest, nonce: string): void {
    const header = reply.headers[SIGNATURE_HEADER];
    const what = `${request.method} ${urlForPeople(request.url)}`;
    if (typeof header !== 'string') {
      throw new HttpFailure('RAZOR_MK_REPLY', `${what}: the reply is not signed, and a key for replies is configured`);
    }
    const signature = /^[A-Za-z0-9+/]{86}==$/.test(header) ? Buffer.from(header, 'base64') : Buffer.alloc(0);
    const bytes = signedBytes(nonce, request.method, request.url, reply.body);
    if (signature.length !== 64 || !verify(null, bytes, key, signature)) {
      throw new HttpFailure('RAZOR_MK_REPLY', `${what}: the signature of the reply is wrong`);
    }
  }
}
