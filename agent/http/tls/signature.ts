/**
 * One key of a site (Ed25519, RFC 8032) that says what is true. With its public half configured, each request carries a random
 * `razor-mk-nonce`, and the reply an Ed25519 signature in Base64 in the header `razor-mk-signature`: over this very question and
 * its answer, so that no old answer and none to another question is believed. What lies on a plain web server has its signature
 * in a file beside it (`FILE.sig`), which holds a counter instead (file-signatures.ts).
 */
import { createHash, createPublicKey, randomBytes, verify, type KeyObject } from 'node:crypto';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { Answer, HttpRequest, ReplyGuard } from '../http-client.ts';
import { HttpFailure, urlForPeople } from '../http-failure.ts';

export const NONCE_HEADER = 'razor-mk-nonce';
export const SIGNATURE_HEADER = 'razor-mk-signature';

interface SignedExchange {
  readonly nonce: string;
  readonly method: string;
  /** Path with query, as it was asked for. */
  readonly path: string;
  readonly requestBody: string | Uint8Array;
  readonly status: number;
  /** As it is decoded. */
  readonly replyBody: Uint8Array;
}

/** What is signed of an exchange: one line each, then the body. `docs/agent.md` has the form. */
export function signedBytes({ nonce, method, path, requestBody, status, replyBody }: SignedExchange): Buffer {
  const asked = createHash('sha256').update(requestBody).digest('hex');
  const head = ['razor-mk reply 1', nonce, `${method} ${path}`, asked, String(status), ''].join('\n');
  return Buffer.concat([Buffer.from(head), replyBody]);
}

/** A public key in PEM. Throws RAZOR_MK_TRUST for one that cannot be used. */
export function readSiteKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_TRUST', `the site key cannot be read: ${messageOf(error)}`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new RazorMkError('RAZOR_MK_TRUST', `the site key is ${key.asymmetricKeyType ?? 'unknown'}, not Ed25519`, {
    remedy: 'Make one with razor-mk lab key.',
  });
}

/** Whether Base64 text is the signature of bytes. */
export function isSignedBy(key: KeyObject, bytes: Uint8Array, text: string): boolean {
  const signature = /^[A-Za-z0-9+/]{86}==$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  return signature.length === 64 && verify(null, bytes, key, signature);
}

const UNSIGNED = {
  remedy:
    'Start the lab with --site-key FILE, the private half of this node’s site key, or build an image without one.',
};
const FORGED = {
  remedy:
    'Another key signed it, or somebody on the way changed or repeated it: compare the keys, then look at the network.',
};

/** A guard for replies with a public key in PEM. Throws RAZOR_MK_TRUST for a key that cannot be used. */
export function replyGuard(pem: string): () => ReplyGuard {
  const key = readSiteKey(pem);
  return () => {
    const nonce = randomBytes(16).toString('hex');
    return { headers: { [NONCE_HEADER]: nonce }, verify: (reply, request) => check(reply, request, nonce) };
  };

  function check(
    { status, headers, body }: Answer,
    { method, url, body: asked = '' }: HttpRequest,
    nonce: string,
  ): void {
    const header = headers[SIGNATURE_HEADER];
    const what = `${method} ${urlForPeople(url)}`;
    if (typeof header !== 'string') {
      const why = `${what}: the reply (HTTP ${status}) is not signed, and this node has a site key`;
      throw new HttpFailure('RAZOR_MK_REPLY', why, UNSIGNED);
    }
    const { pathname, search } = new URL(url);
    const path = pathname + search;
    const bytes = signedBytes({ nonce, method, path, requestBody: asked, status, replyBody: body });
    if (isSignedBy(key, bytes, header)) return;
    throw new HttpFailure('RAZOR_MK_REPLY', `${what}: the signature of the reply (HTTP ${status}) is wrong`, FORGED);
  }
}
