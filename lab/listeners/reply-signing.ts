/**
 * Signed replies (docs/agent.md#the-site-key): who asks with a nonce is answered with a signature over question and answer. Files
 * that are streamed are not signed: their checksums are in what is.
 */
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';

/** The header of a request that wants its reply signed. */
export const NONCE = 'razor-mk-nonce';
const SIGNATURE = 'razor-mk-signature';

/** A private key of Ed25519 in PEM. Throws RAZOR_MK_USAGE for anything else. */
export function readSigningKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  let why = '';
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    why = messageOf(error);
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new RazorMkError('RAZOR_MK_USAGE', `the site key is not a private key of Ed25519${why && `: ${why}`}`, {
    remedy: 'Make one with razor-mk lab key FILE, and give FILE, not FILE.pub.',
  });
}

/** Adds the signature to each reply whose request has a nonce. */
export function signReplies(app: FastifyInstance, key: KeyObject): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const nonce = request.headers[NONCE];
    const streamed =
      payload !== null && payload !== undefined && typeof payload !== 'string' && !Buffer.isBuffer(payload);
    if (typeof nonce !== 'string' || !/^[\x21-\x7e]{16,128}$/.test(nonce) || streamed) return done();
    const body = request.method === 'HEAD' ? '' : (payload ?? '');
    const asked = Buffer.isBuffer(request.body) ? request.body : '';
    const head = [
      'razor-mk reply 1',
      nonce,
      `${request.method} ${request.raw.url ?? ''}`,
      createHash('sha256').update(asked).digest('hex'),
      String(reply.statusCode),
      '',
    ].join('\n');
    const bytes = Buffer.concat([Buffer.from(head), Buffer.from(body as string | Buffer)]);
    void reply.header(SIGNATURE, sign(null, bytes, key).toString('base64'));
    done();
  });
}
