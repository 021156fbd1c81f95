/**
 * The guard of everything that people reach: page, management API, live log, metrics. It looks at each request before any route does:
 * by which name the lab was called, whether another site sent it, who sends it, and whether that one may do it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Role } from '../store/people.ts';
import { sendJson } from '../listeners/replies.ts';
import { mayAs, type Access, type Actor } from './access.ts';
import { isLoopbackName, isOwnName } from './host-names.ts';

/** For everybody, so that one can say who one is, and a supervisor whether the lab lives. */
const PUBLIC = new Set([
  '/login',
  '/login/openid',
  '/login/openid/callback',
  '/assets/page.css',
  '/assets/page.js',
  '/assets/icon.svg',
  '/healthz',
  '/readyz',
]);

/** What needs another role than its method says: reading is for `look`, changing for `administer`. */
const ROLES: Readonly<Record<string, Role>> = {
  'POST /logout': 'look',
  'PATCH /api/nodes/:id': 'operate',
  'DELETE /api/nodes/:id': 'operate',
  'DELETE /api/active-models/:id': 'operate',
  'POST /api/active-models/:id/retry': 'operate',
  'POST /api/active-models/:id/handover': 'operate',
  // what nodes are answered holds the passwords of new systems
  'GET /api/models/:id/preview': 'operate',
  'GET /requests': 'operate',
  'GET /requests/:seq': 'operate',
  'GET /audit': 'administer',
  'GET /api/audit': 'administer',
  'GET /api/operators': 'administer',
  'GET /api/operators/:id': 'administer',
};

const actors = new WeakMap<FastifyRequest, Actor>();

/** Who sends it; undefined for nobody known, which only public routes see. */
export function actorOf(request: FastifyRequest): Actor | undefined {
  return actors.get(request);
}

/** The role that a route needs. */
export function roleOf(method: string, route: string): Role {
  const reading = method === 'GET' || method === 'HEAD';
  return ROLES[`${method === 'HEAD' ? 'GET' : method} ${route}`] ?? (reading ? 'look' : 'administer');
}

interface GuardOptions {
  readonly access: Access;
  /** Names of the lab besides loopback and addresses. */
  readonly names: readonly string[];
  /** The certificate (PEM) as it is now. */
  readonly certificate: () => string | undefined;
}

/** Adds the guard; call before any route is added. */
export function guardPeople(app: FastifyInstance, { access, names, certificate }: GuardOptions): void {
  app.addHook('onRequest', (request, reply, next) => {
    const { host = '', origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const known = access.open() ? isLoopbackName(host) : isOwnName(host, names, certificate());
    if (!known) return void refuse(reply, access.open() ? LOOPBACK_ONLY : FOREIGN_NAME);
    const changes = !['GET', 'HEAD', 'OPTIONS'].includes(request.method);
    const fromElsewhere =
      (site !== undefined && site !== 'same-origin' && site !== 'none') ||
      (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host);
    if (fromElsewhere && (changes || request.url.startsWith('/api/'))) return void refuse(reply, FORGED);
    const route = request.routeOptions.url ?? '';
    const actor = access.identify(request);
    if (actor) actors.set(request, actor);
    if (PUBLIC.has(route)) return next();
    if (!actor) return void askWho(request, reply);
    const needed = roleOf(request.method, route);
    if (mayAs(actor, needed)) return next();
    refuse(reply, `${actor.name} may ${actor.role} only, and this needs the role ${needed}`);
  });
}

const LOOPBACK_ONLY = 'use a loopback name: localhost, 127.0.0.1 or [::1]';
const FOREIGN_NAME = 'the lab does not go by this name: start it with --people-name, or use its address';
const FORGED = 'another site sent this request';

function refuse(reply: FastifyReply, error: string): void {
  sendJson(reply, 403, { error });
}

/** A person at a browser gets the login; a script is told what is missing. */
function askWho(request: FastifyRequest, reply: FastifyReply): void {
  const navigates = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
  if (!navigates || request.url.startsWith('/api/')) {
    reply.header('www-authenticate', 'Bearer realm="razor-mk lab"');
    sendJson(reply, 401, { error: 'this lab requires its token, or one of an operator' });
    return;
  }
  void reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
}
