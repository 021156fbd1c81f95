/**
 * POST /svc/checkin/:id of razor-server 1.x, with its table of odd answers where the lab is faithful
 * (docs/contracts/razor-server.md#check-in).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LabCore } from '../../lab-core.ts';
import { decideFactsCheckin, type Decision } from '../../engine/decide.ts';
import { answerWithOrder } from '../../engine/write-order/write-order.ts';
import { forgetSame, storeFacts } from '../../engine/register.ts';
import { REASON_HEADER, reasonText, sendText } from '../../listeners/replies.ts';
import { isRecord, own, parseJson } from '../../listeners/request-body.ts';
import type { Facts, NodeRecord } from '../../store/records.ts';
import { razorServerRoutes } from '../../listeners/routes.ts';
import { ownAddress } from './razor-server-boot.ts';
import { infoOfFacts, lookup, matchIds, namesOf, unusableMessage } from './razor-server-nodes.ts';
import type { RazorServerState } from './razor-server-state.ts';

const JSON_TYPE = 'application/json';

/** An answer with a body of JSON, or with none. */
export function answer(reply: FastifyReply, status: number, body?: unknown): FastifyReply {
  return sendText(reply, status, body === undefined ? '' : JSON.stringify(body), JSON_TYPE);
}

/** Where the original dies it answers with a page of HTML. */
export function crashed(reply: FastifyReply): FastifyReply {
  return sendText(reply, 500, '<h1>Internal Server Error</h1>', 'text/html;charset=utf-8');
}

/** The page for a path that does not exist. */
export function sendNotFoundPage(reply: FastifyReply): FastifyReply {
  return sendText(reply, 404, '<h1>Not Found</h1>', 'text/html;charset=utf-8');
}

/** Largest integer of the original's database. */
const MOST_ID = 2_147_483_647;

/** A node id of the path, which the original hands to its database; undefined for what that refuses. */
export function nodeIdOf(text: string): number | undefined {
  const id = /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  return id !== undefined && Math.abs(id) <= MOST_ID ? id : undefined;
}

/** The answer to a node id that the database of the original cannot read. */
export function badId(reply: FastifyReply, text: string): FastifyReply {
  const shown = text.slice(0, 100);
  const error = /^-?\d+$/.test(text)
    ? `PG::NumericValueOutOfRange: ERROR:  value "${shown}" is out of range for type integer`
    : `PG::InvalidTextRepresentation: ERROR:  invalid input syntax for type integer: "${shown}"`;
  return answer(reply, 400, { error });
}

type Read = { readonly facts: Facts } | { readonly status: number; readonly error?: string };

function readFacts(request: FastifyRequest, faithful: boolean): Read {
  const type = request.headers['content-type'] ?? '';
  // the original compares the whole header: a charset parameter is an empty 400
  if (type !== JSON_TYPE && (faithful || type.split(';')[0]?.trim().toLowerCase() !== JSON_TYPE))
    return { status: 400 };
  const body = Buffer.isBuffer(request.body) ? parseJson(request.body.toString()) : undefined;
  if (Array.isArray(body)) return { status: 400, error: 'no implicit conversion of String into Integer' };
  const facts = isRecord(body) ? own(body, 'facts') : undefined;
  if (isRecord(facts)) return { facts };
  if (facts === undefined || facts === false) return { status: 400 };
  if (Array.isArray(facts) || typeof facts === 'number') return { status: 400, error: 'facts must be a map' };
  return { status: faithful ? 500 : 400 };
}

/** What a check-in does within one transaction; undefined is 404. */
type Outcome = { readonly decision: Decision } | { readonly status: number; readonly error?: string };

/** Answers one check-in. */
export async function checkin(
  core: LabCore,
  state: RazorServerState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readFacts(request, core.settings.faithful);
  if (!('facts' in read)) return failed(reply, read);
  const { facts } = read;
  const { id: text } = request.params as { id: string };
  const id = nodeIdOf(text);
  if (id === undefined) return badId(reply, text);
  const outcome = await core.store.write(() => {
    const named = core.store.nodes.byId(id) ?? core.store.nodes.byId(state.mergedInto(id) ?? -1);
    return named === undefined ? { status: 404 } : checkinOf(core, state, named, facts);
  });
  if ('decision' in outcome) {
    const routes = razorServerRoutes(ownAddress(core, request), core.settings.faithful);
    const { command, param, reason } = await answerWithOrder(core, outcome.decision, routes);
    if (!core.settings.faithful) reply.header(REASON_HEADER, reasonText(reason));
    const action = command === 'acknowledge' ? 'none' : command;
    return answer(reply, 200, { action, ...(param !== undefined && { param }) });
  }
  return failed(reply, outcome);
}

function failed(
  reply: FastifyReply,
  { status, error }: { readonly status: number; readonly error?: string },
): FastifyReply {
  if (status === 500) return crashed(reply);
  return answer(reply, status, error === undefined ? undefined : { error });
}

function checkinOf(core: LabCore, state: RazorServerState, named: NodeRecord, facts: Facts): Outcome {
  const { nodes } = core.store;
  const isFirst = named.registered === undefined;
  const node = isFirst ? identify(core, state, named, facts) : named;
  if (!('uuid' in node)) return node;
  const kept = state.withoutBlacklisted(facts);
  const changed = node.registered === undefined || JSON.stringify(nodes.facts(node.id)) !== JSON.stringify(kept);
  const register = { dialect: 'razor-server', lastState: 'idle', facts: kept };
  const stored = changed ? storeFacts(core, node, register, node.registered === undefined) : node;
  if (!changed) nodes.touch(node.id, 'idle', core.wall());
  return { decision: decideFactsCheckin(core, stored) };
}

/** The first check-in of a node: facts may say that it is a machine that is known by another interface. */
function identify(core: LabCore, state: RazorServerState, named: NodeRecord, facts: Facts): NodeRecord | Outcome {
  const info = infoOfFacts(facts);
  if (info === undefined) {
    if (core.settings.faithful) return { status: 500 };
    return { status: 400, error: 'macaddress, serialnumber and uuid facts must be strings' };
  }
  const { nodes } = core.store;
  const ids = matchIds(info, state.matchNodesOn);
  if (ids.length === 0) return { status: 400, error: unusableMessage(namesOf(info), state.matchNodesOn) };
  const result = lookup(core, info, state.matchNodesOn, true);
  if ('ambiguous' in result) {
    logDuplicates(core, result.ambiguous);
    return { status: 400 };
  }
  if ('found' in result && result.found.id !== named.id) {
    nodes.addHwIds(result.found.id, [...nodes.hwIds(named.id), ...ids]);
    state.noteMerge(named.id, result.found.id);
    forgetSame(core, named, result.found);
    return nodes.byId(result.found.id) ?? result.found;
  }
  const known = new Set(nodes.hwIds(named.id));
  if (!ids.some((id) => known.has(id))) return { status: 404 };
  nodes.addHwIds(named.id, ids);
  return named;
}

/** A line in the log of each node that one machine matches. */
export function logDuplicates(core: LabCore, nodes: readonly NodeRecord[]): void {
  const message = 'duplicate_node: one machine matches this node and another';
  for (const { uuid } of nodes) core.events.emit({ type: 'refused', node: uuid, message });
}
