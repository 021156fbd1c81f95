/** Management of operators and of their tokens, and the audit log. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LabCore } from '../lab-core.ts';
import { sendJson } from '../listeners/replies.ts';
import type { Access } from '../people/access.ts';
import { actorOf } from '../people/guard.ts';
import { hashPassword, hashSecret, newPassword, newSecret } from '../people/secrets.ts';
import type { LabOperator } from '../store/people.ts';
import { iso } from './views.ts';
import { idOf, pick, readBody, Refusal } from './request.ts';
import { operatorChangeSchema, operatorSchema, tokenSchema } from './schemas.ts';

const DAY_MS = 86_400_000;
/** Lines of one answer. */
const AUDIT_LINES = 1000;

function pickOperator({ store }: LabCore, request: FastifyRequest): LabOperator {
  return pick('operator', store.people.operators.list(), idOf(request), (operator) => operator.name);
}

/** Adds the routes of operators. */
export function manageOperators(app: FastifyInstance, core: LabCore, access: Access): void {
  const { store } = core;
  const { operators } = store.people;
  const picked = (request: FastifyRequest): LabOperator => pickOperator(core, request);
  app.get('/api/operators', (_request, reply) =>
    sendJson(
      reply,
      200,
      operators.list().map((operator) => operatorView(core, operator)),
    ),
  );
  app.get('/api/operators/:id', (request, reply) => sendJson(reply, 200, operatorView(core, picked(request))));
  app.post('/api/operators', async (request, reply) => {
    const { name, role, password: given, token } = readBody(request, operatorSchema);
    if (operators.list().some((operator) => operator.name === name)) throw new Refusal(409, `${name} exists already`);
    if (access.open() && role !== 'administer') throw new Refusal(409, FIRST);
    const password = given === true ? newPassword() : given;
    const kept = password === undefined ? undefined : await hashPassword(password);
    const [stored, made] = await store.write(() => {
      const added = operators.add({ name, role, password: kept, added: core.wall() });
      return [added, token && addToken(core, added, token)] as const;
    });
    core.events.emit({ type: 'changed', message: `operator ${name} added, who may ${role}` });
    // one that was made here is told this once
    return sendJson(reply, 201, { ...operatorView(core, stored), ...(given === true && { password }), ...made });
  });
  app.patch('/api/operators/:id', async (request, reply) => {
    const operator = picked(request);
    const { role, password: given } = readBody(request, operatorChangeSchema);
    if (role !== undefined && role !== 'administer') refuseLockout(core, operator);
    const password = given === true ? newPassword() : given;
    const kept = password === undefined ? operator.password : await hashPassword(password);
    await store.write(() => {
      operators.replace({ ...operator, role: role ?? operator.role, password: kept });
      // whoever knew the old password is out
      if (password !== undefined) access.endCredentials(operator, 'session');
    });
    core.events.emit({ type: 'changed', message: `operator ${operator.name} changed` });
    const view = operatorView(core, operators.get(operator.uuid) ?? operator);
    return sendJson(reply, 200, { ...view, ...(given === true && { password }) });
  });
  app.delete('/api/operators/:id', async (request, reply) => {
    const operator = picked(request);
    refuseLockout(core, operator);
    await store.write(() => {
      operators.remove(operator.uuid);
      access.endCredentials(operator);
    });
    core.events.emit({ type: 'changed', message: `operator ${operator.name} removed` });
    return sendJson(reply, 200, { removed: operator.uuid });
  });
}

/** Adds the routes of tokens and of the audit log. */
export function manageTokens(app: FastifyInstance, core: LabCore): void {
  const { store } = core;
  const { credentials } = store.people;
  const picked = (request: FastifyRequest): LabOperator => pickOperator(core, request);
  app.post('/api/operators/:id/tokens', async (request, reply) => {
    const operator = picked(request);
    const wanted = readBody(request, tokenSchema);
    const made = await store.write(() => addToken(core, operator, wanted));
    core.events.emit({ type: 'changed', message: `a token of ${operator.name} was made: ${wanted.label}` });
    return sendJson(reply, 201, { label: wanted.label, ...made });
  });
  app.delete('/api/operators/:id/tokens/:token', async (request, reply) => {
    const operator = picked(request);
    const own = credentials.list().filter(({ kind, operator: owner }) => kind === 'token' && owner === operator.uuid);
    const token = pick('token', own, (request.params as { token: string }).token, ({ label }) => label);
    await store.write(() => credentials.remove(token.uuid));
    core.events.emit({ type: 'changed', message: `a token of ${operator.name} was revoked: ${token.label}` });
    return sendJson(reply, 200, { removed: token.uuid });
  });
  app.get('/api/audit', (request, reply) => {
    const { limit, before, who } = request.query as { limit?: string; before?: string; who?: string };
    const count = Math.min(AUDIT_LINES, Math.max(1, Math.floor(Number(limit ?? 100)) || 100));
    const entries = store.people.audit.list(count, before === undefined ? undefined : Number(before) || 0, who);
    return sendJson(
      reply,
      200,
      entries.map(({ at, ...rest }) => ({ ...rest, at: iso(at) })),
    );
  });
}

/** Makes a token, within a write: the secret, which only this answer holds, and when it ends. */
function addToken(
  { store, wall }: LabCore,
  { uuid }: LabOperator,
  { label, days }: { readonly label: string; readonly days: number },
): { readonly token: string; readonly expires: string } {
  const secret = newSecret('rmk_');
  const at = wall();
  const token = { operator: uuid, kind: 'token', label, hash: hashSecret(secret) } as const;
  const { expires } = store.people.credentials.add({ ...token, added: at, expires: at + days * DAY_MS });
  return { token: secret, expires: iso(expires) };
}

const FIRST = 'the first operator must be one who may administer: nobody could add another';

/** Throws a Refusal where nobody would be left who may administer; the last operator of all may go where that is not needed. */
function refuseLockout({ store, settings }: LabCore, operator: LabOperator): void {
  if (operator.role !== 'administer' || settings.people.token !== undefined) return;
  const others = store.people.operators.list().filter(({ uuid }) => uuid !== operator.uuid);
  if (others.some(({ role }) => role === 'administer')) return;
  throw new Refusal(409, `${operator.name} is the last one who may administer: add another first`);
}

/** An operator without its password, with its tokens. */
function operatorView({ store }: LabCore, operator: LabOperator): Record<string, unknown> {
  const own = store.people.credentials.list().filter((each) => each.operator === operator.uuid);
  return {
    uuid: operator.uuid,
    name: operator.name,
    role: operator.role,
    login: operator.password === undefined ? 'no: tokens only' : 'yes',
    added: iso(operator.added),
    sessions: own.filter(({ kind }) => kind === 'session').length,
    tokens: own
      .filter(({ kind }) => kind === 'token')
      .map(({ uuid, label, added, expires }) => ({ uuid, label, added: iso(added), expires: iso(expires) })),
  };
}

/** Who asks, as the lab knows him. */
export function selfView(request: FastifyRequest): Record<string, unknown> {
  const actor = actorOf(request);
  return { name: actor?.name ?? null, role: actor?.role ?? null };
}
