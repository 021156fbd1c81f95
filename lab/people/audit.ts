/** The audit log: whatever is changed through page and management API is written down before it is answered. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { redact } from '../../platform/log/redact.ts';
import { parseJson } from '../listeners/request-body.ts';
import type { Store } from '../store/store.ts';
import { actorOf } from './guard.ts';

const LONGEST = 1000;

/** Who asked, where no actor says it: a login carries its name. */
const names = new WeakMap<FastifyRequest, string>();

/** Says who sent a request that comes from nobody known: the name of a login. */
export function nameForAudit(request: FastifyRequest, name: string): void {
  names.set(request, name.slice(0, 100));
}

/** A text of many lines is a file, cloud-init's mostly, which may hold secrets anywhere: its length is written. */
function withoutFiles(_name: string, value: unknown): unknown {
  return typeof value === 'string' && value.includes('\n') ? `(${value.length} characters)` : value;
}

/** What was sent, without secrets: JSON, or nothing of what is not JSON. */
function detailsOf(request: FastifyRequest): string {
  const value = Buffer.isBuffer(request.body) ? parseJson(request.body.toString()) : undefined;
  return value === undefined ? '' : JSON.stringify(redact(value), withoutFiles).slice(0, LONGEST);
}

/** Adds the hook. A stranger's request that was refused for want of a name is not written: strangers do not fill the disk. */
export function auditChanges(app: FastifyInstance, store: Store, wall: () => number): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const named = names.get(request);
    const reads = ['GET', 'HEAD', 'OPTIONS'].includes(request.method);
    if (reads && named === undefined) return payload;
    const who = named ?? actorOf(request)?.name;
    if (who === undefined || reply.statusCode === 404) return payload;
    const entry = {
      at: wall(),
      who,
      address: request.socket.remoteAddress ?? '',
      // what a provider of logins sent back is for nobody to read
      action: `${request.method} ${(reads ? (request.routeOptions.url ?? '') : (request.raw.url ?? '')).slice(0, LONGEST)}`,
      status: reply.statusCode,
      details: detailsOf(request),
    };
    await store.write(() => store.people.audit.add(entry));
    return payload;
  });
}
