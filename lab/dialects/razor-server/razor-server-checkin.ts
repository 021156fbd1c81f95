/**
 * POST /svc/checkin/:id of razor-server 1.x, with its table of odd answers where the lab is faithful
 * (docs/contracts/razor-server.md#check-in).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LabCore } from '../../lab-core.ts';
import { bindPolicy } from '../../engine/policy.ts';
import { sendText } from '../../listeners/replies.ts';
import { isRecord, own, parseJson } from '../../listeners/request-body.ts';
import type { Facts, NodeRecord } from '../../store/records.ts';
import { infoOfFacts, lookup, matchIds, unusableMessage } from './razor-server-nodes.ts';
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

export function notFound(reply: FastifyReply): FastifyReply {
  return sendText(reply, 404, '<h1>Not Found</h1>', 'text/html;charset=utf-8');
}

/** A node id of the path. The original hands it to its database as it is. */
export function nodeIdOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function badId(reply: FastifyReply, text: string): FastifyReply {
  const error = `PG::InvalidTextRepresentation: ERROR:  invalid input syntax for type integer: "${text.slice(0, 100)}"`;
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
  if (facts === undefined || facts === null || facts === false) return { status: 400 };
  return isRecord(facts) ? { facts } : { status: faithful ? 500 : 400 };
}

/** What a check-in does within one transaction; undefined is 404. */
type Outcome = { readonly action: 'none' | 'reboot' } | { readonly status: number; readonly error?: string };

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
  if ('action' in outcome) return answer(reply, 200, { action: outcome.action });
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
  const isFirst = named.registered === undefined;
  const identified = isFirst ? identify(core, state, named, facts) : named;
  if (!('uuid' in identified)) return identified;
  const kept = state.withoutBlacklisted(facts);
  const now = core.wall();
  const before = isFirst ? undefined : JSON.stringify(core.store.nodes.facts(identified.id));
  const { nodes } = core.store;
  if (before !== JSON.stringify(kept)) nodes.setFacts(identified.id, kept, 'idle', now);
  else nodes.touch(identified.id, 'idle', now);
  const node = nodes.byId(identified.id) ?? identified;
  if (isFirst) {
    const message = `registered by its first check-in with ${Object.keys(kept).length} facts`;
    core.events.emit({ type: 'registered', dialect: 'razor-server', node: node.uuid, message });
  }
  const { action, reason } = decide(core, node);
  core.events.emit({
    type: 'checkin',
    dialect: 'razor-server',
    node: node.uuid,
    command: action,
    message: `${action}: ${reason}`,
  });
  return { action };
}

/** Unlike the older dialects: what was just bound is told to reboot in the same answer, and so is everything installed. */
function decide(core: LabCore, node: NodeRecord): { action: 'none' | 'reboot'; reason: string } {
  if (node.installed !== undefined) return { action: 'reboot', reason: `${node.installed} is installed on it` };
  const active = core.store.activeModels.ofNode(node.id);
  if (active) return { action: 'reboot', reason: `${active.policyLabel} is at work on it (${active.state})` };
  if (core.settings.protectNewNodes && !node.allowed) {
    return { action: 'reboot', reason: 'new nodes are protected: it boots its own disk until somebody allows it' };
  }
  const { active: bound, reason } = bindPolicy(core, node);
  return bound ? { action: 'reboot', reason: `bound just now: ${reason}` } : { action: 'none', reason };
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
  if (ids.length === 0) {
    const sent = Object.entries(info).filter(([, values]) => values.length > 0);
    return {
      status: 400,
      error: unusableMessage(
        sent.map(([key]) => key),
        state.matchNodesOn,
      ),
    };
  }
  const result = lookup(core, info, state.matchNodesOn, true);
  if ('ambiguous' in result) {
    for (const { uuid } of result.ambiguous) {
      core.events.emit({
        type: 'refused',
        node: uuid,
        message: 'duplicate_node: facts of one machine match this node and another',
      });
    }
    return { status: 400 };
  }
  if ('found' in result && result.found.id !== named.id) {
    nodes.addHwIds(result.found.id, [...nodes.hwIds(named.id), ...ids]);
    nodes.remove(named.id);
    state.noteMerge(named.id, result.found.id);
    const message = `node ${named.id} was the same machine by another interface and is forgotten`;
    core.events.emit({ type: 'merged', node: result.found.uuid, message });
    return nodes.byId(result.found.id) ?? result.found;
  }
  const own = new Set(nodes.hwIds(named.id));
  if (!ids.some((id) => own.has(id))) return { status: 404 };
  nodes.addHwIds(named.id, ids);
  return named;
}
