/** Logging in at a provider of OpenID Connect: the way there, and the way back. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LabCore } from '../../lab-core.ts';
import { createBucket } from '../../listeners/buckets.ts';
import { cookieIn, type Access } from '../../people/access.ts';
import { nameForAudit } from '../../people/audit.ts';
import type { OpenId } from '../../people/openid/openid.ts';
import { OpenIdFault } from '../../people/openid/openid-fault.ts';
import { html, type Html } from '../html.ts';
import { localPath, sessionCookie, type Send } from './login.ts';

const PENDING_COOKIE = 'razor-mk-openid';
const PENDING_SECONDS = 600;
const CALLBACK = '/login/openid/callback';
/** Logins of one address: so many at once, then one in two seconds. */
const TRIES = 20;
const TRIES_A_SECOND = 0.5;

/** It comes back by a link of the provider's site, so it is not SameSite=Strict as the session is. */
function pendingCookie(request: FastifyRequest, value: string, seconds: number): string {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  return `${PENDING_COOKIE}=${value}; Path=/login/openid; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

const callbackOf = (request: FastifyRequest): string =>
  `${request.protocol}://${request.headers.host ?? ''}${CALLBACK}`;

function refused(message: string): Html {
  return html`<h1>Not logged in</h1>
    <p class="lead" role="alert">${message}</p>
    <p class="lead"><a href="/login">Back to the login</a></p>`;
}

/** Adds `GET /login/openid` and `GET /login/openid/callback`. */
export function openIdRoutes(site: FastifyInstance, core: LabCore, access: Access, openId: OpenId, send: Send): void {
  const { clock } = core.settings;
  const tries = createBucket({ most: TRIES, perSecond: TRIES_A_SECOND, now: () => clock.now() });
  const guarded = async <T>(request: FastifyRequest, work: () => Promise<T>): Promise<T | OpenIdFault> => {
    if (!tries.take(request.socket.remoteAddress ?? '')) return new OpenIdFault(429, 'Too many logins: wait a minute.');
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OpenIdFault)) throw error;
      core.events.emit({ type: 'failed', message: `login by OpenID Connect: ${error.message}` });
      return error;
    }
  };
  site.get('/login/openid', async (request, reply) => {
    const next = localPath((request.query as { next?: string }).next);
    const begun = await guarded(request, () => openId.begin(callbackOf(request)));
    if (begun instanceof OpenIdFault) return send(reply, 'Not logged in', refused(begun.message), begun.status);
    const value = `${begun.pending}.${Buffer.from(next).toString('base64url')}`;
    reply.header('set-cookie', pendingCookie(request, value, PENDING_SECONDS));
    return reply.redirect(begun.url, 303);
  });
  site.get(CALLBACK, async (request, reply) => {
    const [pending, back = ''] = (cookieIn(request.headers.cookie, PENDING_COOKIE) ?? '').split('.');
    const url = new URL(request.raw.url ?? '', callbackOf(request));
    const person = await guarded(request, () => openId.finish(url, pending));
    reply.header('set-cookie', pendingCookie(request, '', 0));
    if (person instanceof OpenIdFault) return send(reply, 'Not logged in', refused(person.message), person.status);
    const secret = await access.openSession(person);
    nameForAudit(request, person.name);
    const next = localPath(Buffer.from(back, 'base64url').toString());
    reply.header('set-cookie', sessionCookie(request, secret));
    // a redirect would still count as the provider's, which brings no cookie that is SameSite=Strict
    reply.header('refresh', `0; url=${next}`);
    return send(
      reply,
      'Logged in',
      html`<h1>Logged in</h1>
        <p class="lead"><a href="${next}">Go on</a></p>`,
    );
  });
}
