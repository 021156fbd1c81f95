/** Who may come in by the door for people. */
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
 * With a token: nothing without it. Without one the door is on loopback, and requests must name a loopback host: a page
 * of others whose name was made to resolve to 127.0.0.1 does not.
 */
export function guardDoor(app: FastifyInstance, token: string | undefined): void {
  const expected = token === undefined ? undefined : digest(token);
  app.addHook('onRequest', (request, reply, next) => {
    if (expected) {
      const given = offered(request.headers.authorization);
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
      reply.header('www-authenticate', 'Basic realm="razor-mk lab"');
      sendJson(reply, 401, { error: 'this lab asks for its token' });
      return;
    }
    const host = request.headers.host ?? '';
    if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host)) return next();
    sendJson(reply, 403, { error: 'ask for it by a loopback name: localhost, 127.0.0.1 or [::1]' });
  });
}
