/**
 * The signature of a hand-over, by the rules of Standard Webhooks (https://www.standardwebhooks.com), for which libraries exist
 * in every language: HMAC-SHA-256 with the key behind `whsec_`, over `ID.TIMESTAMP.BODY`. Pure but for a new secret.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** What a secret looks like: 24 to 64 bytes in base64. */
export const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;

/** A new secret: `whsec_` and 32 random bytes. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** One delivery: its id stays the same when it is tried again, so that a receiver can tell a repetition. */
interface Delivery {
  readonly id: string;
  /** Seconds since 1970: receivers refuse what is older than some minutes. */
  readonly timestamp: number;
  readonly body: string;
}

/** `webhook-id` and `webhook-timestamp`, with a secret `webhook-signature: v1,BASE64` too. */
export function webhookHeaders(delivery: Delivery, secret: string | undefined): Record<string, string> {
  const { id, timestamp, body } = delivery;
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) };
  if (secret === undefined) return headers;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
