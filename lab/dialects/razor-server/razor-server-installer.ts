/** Which bound node an installer of razor-server speaks for: the node of its addresses, and nobody who counts numbers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LabCore } from '../../lab-core.ts';
import type { ActiveModel, NodeRecord } from '../../store/records.ts';
import { answer, badId, nodeIdOf } from './razor-server-checkin.ts';

/** A node with the policy at work on it. */
export interface BoundNode {
  readonly node: NodeRecord;
  readonly active: ActiveModel;
}

/** An error of these addresses: as the original's without a body, in the usual lab with the reason. */
export function sendInstallerError(core: LabCore, reply: FastifyReply, status: number, error: string): FastifyReply {
  return core.settings.faithful ? answer(reply, status === 422 ? 500 : status) : answer(reply, status, { error });
}

/**
 * The bound node that `:id` stands for (see installerId); undefined when the answer was sent: 404 without a node, 409 without
 * a policy. The number alone is enough for a faithful lab only, and there for nodes of razor-server only.
 */
export function boundNode(core: LabCore, request: FastifyRequest, reply: FastifyReply): BoundNode | undefined {
  const { id: text } = request.params as { id: string };
  return core.settings.faithful ? byNumber(core, text, reply) : bySecret(core, text, reply);
}

function bySecret(core: LabCore, text: string, reply: FastifyReply): BoundNode | undefined {
  const [, id, secret = ''] = /^(\d{1,15})-(\w{1,64})$/.exec(text) ?? [];
  const active = core.store.activeModels.get(secret);
  const node = active && core.store.nodes.byId(active.node);
  if (active && node && node.id === Number(id)) return { node, active };
  void sendInstallerError(core, reply, 404, 'there is no such address of an installer');
  return undefined;
}

function byNumber(core: LabCore, text: string, reply: FastifyReply): BoundNode | undefined {
  const id = nodeIdOf(text);
  const node = id === undefined ? undefined : core.store.nodes.byId(id);
  const active = node && core.store.activeModels.ofNode(node.id);
  if (id === undefined) badId(reply, text);
  else if (node?.dialect !== 'razor-server') void sendInstallerError(core, reply, 404, '');
  else if (!active) void sendInstallerError(core, reply, 409, '');
  else return { node, active };
  return undefined;
}
