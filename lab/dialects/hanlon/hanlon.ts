/**
 * Hanlon's API for nodes, /hanlon/api/v1 on the nodes' listener (docs/contracts/hanlon.md). Decisions and the store are the
 * lab's own; what differs from Razor 0.x is who a machine is, the envelopes, and 201 for a register.
 *
 * Right by default: a placeholder UUID is no identity, MACs are kept without colons and stay known beside the UUID. A
 * faithful lab keys by whatever UUID came, drops the MACs then, and stores MACs as they were sent.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bootstrapIpxe, CARDS, HANLON_BOOT_QUERY } from '../../../platform/netboot/scripts.ts';
import type { LabCore } from '../../lab-core.ts';
import { decideCheckin, decideWithoutWrite } from '../../engine/decide.ts';
import { registerNode } from '../../engine/register.ts';
import { acceptableHwIds } from '../../engine/node-lookup.ts';
import { nodeBody } from '../node-body.ts';
import { isRecord, own, parseJson } from '../../listeners/request-body.ts';
import { serveImage } from '../../images/image-service.ts';
import { answerCallback, noteOf } from '../../engine/callbacks.ts';
import { answerWithOrder } from '../../engine/write-order/write-order.ts';
import { isPeek } from '../../listeners/peek.ts';
import { PLAIN, REASON_HEADER, reasonText, sendText } from '../../listeners/replies.ts';
import { HANLON_BASE, hanlonRoutes } from '../../listeners/routes.ts';
import { hanlonBoot } from './hanlon-boot.ts';
import { hanlonIds, hanlonLookupIds } from './hanlon-identity.ts';
import { envelope, hanlonConfig, invalid, JSON_TYPE, refuse } from './hanlon-replies.ts';

type Query = Readonly<Record<string, string | string[] | undefined>>;

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function idsOf(core: LabCore, query: Query, reply: FastifyReply): string[] | FastifyReply {
  const uuid = first(query['uuid']) ?? '';
  const macId = first(query['mac_id']) ?? '';
  const oldName = first(query['hw_id']) ?? '';
  if (macId !== '' && oldName !== '')
    return refuse(reply, 400, 'InvalidCommand', 'mac_id and hw_id are the same parameter');
  if (uuid === '' && macId === '' && oldName === '') {
    return refuse(reply, 400, 'MissingArgument', 'Must provide a uuid or a mac_id');
  }
  const ids = hanlonLookupIds(core, uuid, macId || oldName);
  if (ids.length === 0)
    return refuse(reply, 400, 'MissingArgument', 'The uuid is a placeholder and there is no mac_id');
  if (!acceptableHwIds(ids)) return refuse(reply, 400, 'InvalidCommand', 'These are not hardware ids');
  return ids;
}

async function checkin(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = request.query as Query;
  const lastState = first(query['last_state']);
  if (lastState === undefined || lastState === '') return invalid(reply, 'last_state is missing');
  const ids = idsOf(core, query, reply);
  if (!Array.isArray(ids)) return ids;
  const firstCheckin = first(query['first_checkin']) === 'true';
  const input = { dialect: 'hanlon', hwIds: ids, lastState: lastState.slice(0, 200), firstCheckin };
  const decided = decideWithoutWrite(core, input) ?? (await core.store.write(() => decideCheckin(core, input)));
  const routes = hanlonRoutes(core.addresses(request));
  const { command, param, reason } = await answerWithOrder(core, decided, routes);
  const response = { command_name: command, command_param: param ?? {} };
  if (!core.settings.faithful) reply.header(REASON_HEADER, reasonText(reason));
  return sendText(reply, 200, envelope('checkin_node', response, hanlonConfig(core.settings)), JSON_TYPE);
}

async function register(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // the agent sends text/json, its tests and command line application/json; a form is not JSON
  const body = Buffer.isBuffer(request.body) ? parseJson(request.body.toString()) : undefined;
  if (!isRecord(body)) return invalid(reply, 'the body is not a JSON object');
  const text = (name: string): string | undefined => {
    const value = own(body, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const lastState = text('last_state');
  if (lastState === undefined) return invalid(reply, 'last_state is missing');
  const facts = own(body, 'attributes_hash');
  if (!isRecord(facts)) return invalid(reply, 'attributes_hash is missing');
  if (Object.keys(facts).length === 0) return refuse(reply, 400, 'MissingArgument', 'Must provide attributes_hash');
  const query = { uuid: text('uuid'), mac_id: text('mac_id'), hw_id: text('hw_id') };
  const ids = idsOf(core, query, reply);
  if (!Array.isArray(ids)) return ids;
  const stored = await core.store.write(() => {
    const input = { dialect: 'hanlon', hwIds: ids, lastState: lastState.slice(0, 200), facts };
    const node = registerNode(core, input);
    // the original keeps what came, the UUID alone where there is one
    const kept = hanlonIds(query.uuid ?? '', query.mac_id ?? query.hw_id ?? '', true);
    if (core.settings.faithful) core.store.nodes.setHwIds(node.id, kept);
    return node;
  });
  const view = nodeBody(core, stored, 'ProjectHanlon::Node');
  return sendText(reply, 201, envelope('register_node', view, hanlonConfig(core.settings)), JSON_TYPE);
}

/** Adds Hanlon's routes to the nodes' listener. */
export function hanlonDialect(app: FastifyInstance, core: LabCore): void {
  app.get(`${HANLON_BASE}/boot`, (request, reply) => hanlonBoot(core, request, reply));
  app.get(`${HANLON_BASE}/node/checkin`, (request, reply) => checkin(core, request, reply));
  app.post(`${HANLON_BASE}/node/register`, (request, reply) => register(core, request, reply));
  app.get(`${HANLON_BASE}/config/ipxe`, (request, reply) => {
    const { host } = new URL(core.addresses(request).nodes);
    return sendText(reply, 200, bootstrapIpxe(host, CARDS, HANLON_BOOT_QUERY), PLAIN);
  });
  app.get(`${HANLON_BASE}/node`, (request, reply) => allNodes(core, request, reply));
  app.get(`${HANLON_BASE}/node/:uuid`, (request, reply) => oneNode(core, request, reply));
  app.get(`${HANLON_BASE}/node/:uuid/*`, (_request, reply) => noNode(reply));
  app.get(`${HANLON_BASE}/image/*`, (request, reply) => serveImage(core, `${HANLON_BASE}/image/`, request, reply));
  // some installers report by POST (Proxmox VE)
  const method = core.settings.faithful ? ['GET'] : ['GET', 'POST'];
  const callbackUrl = `${HANLON_BASE}/policy/callback/*`;
  app.route({
    method,
    url: callbackUrl,
    handler: async (request, reply) => {
      const words = (request.params as { '*': string })['*'].split('/');
      const routes = hanlonRoutes(core.addresses(request));
      const text = await answerCallback(core, 'hanlon', {
        words,
        routes,
        peek: isPeek(core, request),
        note: noteOf(request.query),
      });
      if (text === undefined)
        return refuse(reply, 400, 'InvalidUUID', 'Cannot find an active model with this callback');
      return sendText(reply, 200, text, PLAIN);
    },
  });
}

/** Every node by its id and address, as the original lists a collection. */
function allNodes(core: LabCore, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const base = `${core.addresses(request).nodes}${HANLON_BASE}/node`;
  const list = core.store.nodes.list().map(({ uuid }) => ({
    '@uuid': uuid,
    '@classname': 'ProjectHanlon::Node',
    '@noun': 'node',
    '@uri': `${base}/${uuid}`,
  }));
  return sendText(reply, 200, envelope('get_all_nodes', list, hanlonConfig(core.settings)), JSON_TYPE);
}

function noNode(reply: FastifyReply): FastifyReply {
  return refuse(reply, 400, 'InvalidUUID', 'Cannot find a node with this UUID');
}

/** One node by its id; whatever else stands there is taken for an id that does not exist. */
function oneNode(core: LabCore, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const node = core.store.nodes.get((request.params as { uuid: string }).uuid);
  if (!node) return noNode(reply);
  return sendText(
    reply,
    200,
    envelope('get_node_by_uuid', nodeBody(core, node, 'ProjectHanlon::Node'), hanlonConfig(core.settings)),
    JSON_TYPE,
  );
}
