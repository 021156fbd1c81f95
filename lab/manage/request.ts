/** Requests of the management API: bodies by schema, records by any of their names, refusals in a sentence. */
import type { FastifyRequest } from 'fastify';
import type * as z from 'zod/mini';
import { didYouMean } from '../../platform/near-names.ts';
import { isRecord, parseJson } from '../listeners/request-body.ts';
import { normaliseHwId } from '../engine/node-lookup.ts';
import type { NodeRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** A refusal: its status and one sentence for a person. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a request. Throws a Refusal that names the first wrong key. */
export function readBody<T extends z.ZodMiniType>(request: FastifyRequest, schema: T): z.output<T> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  // a browser asks before it sends JSON across sites, and is not answered: no page of others can press our buttons
  if (type !== 'application/json') throw new Refusal(415, 'send application/json');
  const value = Buffer.isBuffer(request.body) ? parseJson(request.body.toString()) : undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue && issue.path.length > 0 ? issue.path.join('.') : 'the body';
  throw new Refusal(422, `${where}: ${issue === undefined ? 'is wrong' : issueText(issue, value)}`);
}

/** What is wrong with a value. */
function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  let given = value;
  for (const key of issue.path) given = isRecord(given) || Array.isArray(given) ? Reflect.get(given, key) : undefined;
  if (given === undefined && issue.code !== 'unrecognized_keys') return 'is missing';
  if (issue.code === 'invalid_type')
    return `must be of type ${issue.expected === 'int' ? 'whole number' : issue.expected}`;
  if (issue.code === 'too_small') return `must be at least ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `must be at most ${String(issue.maximum)}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message;
}

/** At most so many names stand in a refusal. */
const NAMED = 20;

/** The record of a path's `:id`: its UUID, the start of it (4 characters at least), or its name. Throws a Refusal. */
export function pick<T extends { readonly uuid: string }>(
  kind: string,
  things: readonly T[],
  id: string,
  name: (thing: T) => string,
): T {
  const exact = things.filter((thing) => thing.uuid === id || name(thing) === id);
  const found = exact.length > 0 ? exact : things.filter((thing) => id.length >= 4 && thing.uuid.startsWith(id));
  if (found.length === 1) return found[0] as T;
  if (found.length === 0) {
    const near = didYouMean(id, things.map(name));
    if (near !== '') throw new Refusal(404, `unknown ${kind} ${id}${near}`);
    const names = things.slice(0, NAMED).map(name).join(', ');
    throw new Refusal(404, `unknown ${kind} ${id}; ${names === '' ? `no ${kind} exists` : `known: ${names}`}`);
  }
  throw new Refusal(409, `${id} is ambiguous: ${found.map((thing) => thing.uuid).join(', ')}`);
}

/** The node of `:id`: UUID or its start, number, or one of its hardware ids. Throws a Refusal. */
export function pickNode(store: Store, id: string): NodeRecord {
  const direct = store.nodes.get(id) ?? store.nodes.find([normaliseHwId(id)])[0];
  if (direct) return direct;
  const numbered = /^\d{1,9}$/.test(id) ? store.nodes.byId(Number(id)) : undefined;
  if (numbered) return numbered;
  const alike = id.length >= 4 ? store.nodes.startingWith(id, NAMED) : [];
  if (alike.length === 1 && alike[0]) return alike[0];
  if (alike.length === 0) throw new Refusal(404, `unknown node ${id}`);
  throw new Refusal(409, `${id} is ambiguous: ${alike.map((node) => node.uuid).join(', ')}`);
}

/** The `:id` of the path. */
export function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

/** Whether a request without a body is to be carried out against a warning: `?force=1`. */
export function forced(request: FastifyRequest): boolean {
  return (request.query as { force?: string }).force === '1';
}
