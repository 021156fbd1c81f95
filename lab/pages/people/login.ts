/** Logging in and out: a form, a session in a cookie that no script reads and no other site makes a browser send. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_COOKIE, SESSION_MS, type Access } from '../../people/access.ts';
import { nameForAudit } from '../../people/audit.ts';
import { actorOf } from '../../people/guard.ts';
import { formToken } from '../../people/form-token.ts';
import { html, type Html } from '../html.ts';

/** How a page is sent. */
export type Send = (reply: FastifyReply, title: string, body: Html, status?: number) => FastifyReply;

const LONGEST_BODY = 8192;

/** A path of this site, whatever was asked: a login leads nowhere else. */
export function localPath(next: string | null | undefined): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(next ?? '') && !(next ?? '').startsWith('/login') ? (next ?? '/') : '/';
}

/** The session in a browser; without a secret it goes. */
export function sessionCookie(request: FastifyRequest, secret: string): string {
  const seconds = secret === '' ? 0 : SESSION_MS / 1000;
  const secure = request.protocol === 'https' ? '; Secure' : '';
  return `${SESSION_COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

interface Form {
  readonly next: string;
  readonly wrong?: string;
  readonly fromElsewhere?: boolean;
  /** Host of a provider where one can log in too. */
  readonly provider: string | undefined;
}

function loginForm({ next, wrong, fromElsewhere = false, provider }: Form): Html {
  const elsewhere = html`<p class="lead">
    <a href="/login/openid?next=${encodeURIComponent(next)}">Log in with ${provider}</a>
  </p>`;
  const already = html`<p class="lead"><a href="${next}">Go on</a> if you are logged in already.</p>`;
  return html`<h1>Log in</h1>
    ${fromElsewhere ? already : undefined} ${provider === undefined ? undefined : elsewhere}
    <form class="card inside login" action="/login" method="post">
      ${wrong === undefined ? undefined : html`<p class="wrong" role="alert">${wrong}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <label>Name<input name="name" autocomplete="username" autocapitalize="none" autofocus /></label>
      <label>Password<input name="password" type="password" autocomplete="current-password" required /></label>
      <p class="quiet">With the lab’s token as the password, any name will do.</p>
      <button>Log in</button>
    </form>`;
}

function fieldsOf(request: FastifyRequest): URLSearchParams {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  return new URLSearchParams(body.length <= LONGEST_BODY ? body.toString() : '');
}

/** Adds `GET /login`, `POST /login` and `POST /logout`. */
export function loginRoutes(site: FastifyInstance, access: Access, provider: string | undefined, send: Send): void {
  site.get('/login', (request, reply) => {
    const next = localPath((request.query as { next?: string }).next);
    if (actorOf(request)) return reply.redirect(next, 303);
    const fromElsewhere = request.headers['sec-fetch-site'] === 'cross-site';
    return send(reply, 'Log in', loginForm({ next, fromElsewhere, provider }));
  });
  site.post('/login', async (request, reply) => {
    const fields = fieldsOf(request);
    const [name, next] = [(fields.get('name') ?? '').trim(), localPath(fields.get('next'))];
    if (access.open()) return reply.redirect(next, 303);
    const opened = await access.login(name, fields.get('password') ?? '', request.socket.remoteAddress ?? '');
    if (opened === 'later') {
      reply.header('retry-after', '60');
      return send(
        reply,
        'Log in',
        loginForm({ next, wrong: 'Too many wrong passwords: wait a minute.', provider }),
        429,
      );
    }
    nameForAudit(request, opened?.name ?? name);
    if (!opened) return send(reply, 'Log in', loginForm({ next, wrong: 'Name or password is wrong.', provider }), 401);
    reply.header('set-cookie', sessionCookie(request, opened.secret));
    return reply.redirect(next, 303);
  });
  site.post('/logout', async (request, reply) => {
    const actor = actorOf(request);
    if (!actor || !formToken.matches(request, fieldsOf(request))) {
      return send(reply, 'Not logged out', html`<h1>This form is out of date</h1>`, 403);
    }
    await access.logout(actor);
    reply.header('set-cookie', sessionCookie(request, ''));
    return reply.redirect('/login', 303);
  });
}
