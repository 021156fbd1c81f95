/** Who may use page and management API. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { sendJson } from './replies.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The secret of an Authorization header: a bearer token, or the password of a browser's prompt. */
function offered(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/**
 * With a token, every request must carry it. Without one the listener is on loopback, and requests must name a loopback
 * host: a web page whose name was made to resolve to 127.0.0.1 (DNS rebinding) does not.
 */
export function guardPeople(app: FastifyInstance, token: string | undefined): void {
  const expected = token === undefined ? undefined : digest(token);
  app.addHook('onRequest', (request, reply, next) => {
    if (expected) {
      const given = offered(request.headers.authorization);
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
      reply.header('www-authenticate', 'Basic realm="razor-mk lab"');
      sendJson(reply, 401, { error: 'this lab requires its token' });
      return;
    }
    const host = request.headers.host ?? '';
    if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host)) return next();
    sendJson(reply, 403, { error: 'use a loopback name: localhost, 127.0.0.1 or [::1]' });
  });
}
