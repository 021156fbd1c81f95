/**
 * The /svc API of razor-server 1.x for nodes (docs/contracts/razor-server.md), on a listener of its own (8150). What a machine
 * is, which policy binds it and what boots are the lab's; answers, statuses and traps are razor-server's.
 */
import { stat } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readCapped } from '../../../platform/files.ts';
import { fire, noteOf } from '../../engine/callbacks.ts';
import { normaliseHwId } from '../../engine/node-lookup.ts';
import type { LabCore } from '../../lab-core.ts';
import { installerOf } from '../../installers/registry.ts';
import { FINISHED } from '../../listeners/routes.ts';
import { PLAIN, sendText } from '../../listeners/replies.ts';
import type { ActiveModel, NodeRecord } from '../../store/records.ts';
import { answer, badId, checkin, crashed, logDuplicates, nodeIdOf, sendNotFoundPage } from './razor-server-checkin.ts';
import { bootstrapScript, razorServerBoot } from './razor-server-boot.ts';
import { razorServerFiles } from './razor-server-files.ts';
import { isPeek } from '../../listeners/peek.ts';
import { boundNode } from './razor-server-installer.ts';
import { infoOfQuery, lookup, matchIds, unusableMessage } from './razor-server-nodes.ts';
import { createRazorServerState, type RazorServerState } from './razor-server-state.ts';

type Query = Readonly<Record<string, string | string[] | undefined>>;

const EXTENSION_LIMIT = 64 * 1024 * 1024;
const STAGE = /^[\w.-]{1,64}$/;
const SEVERITIES: readonly unknown[] = ['info', 'warn', 'error'];

/** Adds the routes of razor-server. */
export function razorServerDialect(app: FastifyInstance, core: LabCore): void {
  const state = createRazorServerState(core.settings.razorServer, core.settings.faithful);
  app.route({
    method: ['GET', 'POST', 'PUT', 'DELETE'],
    url: '/*',
    handler: (_request, reply) => sendNotFoundPage(reply),
  });
  app.get('/svc/boot', (request, reply) => boot(core, state, request, reply));
  app.get('/svc/nodeid', (request, reply) => nodeid(core, state, request, reply));
  app.post('/svc/checkin/:id', (request, reply) => checkin(core, state, request, reply));
  app.get('/svc/mk/extension.zip', (request, reply) => extension(core, state, request, reply));
  app.get('/svc/log/:id', (request, reply) => log(core, request, reply));
  app.get('/svc/store_metadata/:id', (request, reply) => storeMetadata(core, request, reply));
  app.get('/svc/stage-done/:id', (request, reply) => stageDone(core, request, reply));
  // some installers report by POST (Proxmox VE)
  if (!core.settings.faithful) app.post('/svc/stage-done/:id', (request, reply) => stageDone(core, request, reply));
  razorServerFiles(app, core, core.settings.taskFiles);
  app.get('/api/microkernel/bootstrap', (request, reply) => bootstrap(request, reply));
}

/** `nic_max` cards are tried, 4 by default; `http_port` is the port of this API where the node asks. */
function bootstrap(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { nic_max: nicMax = '4', http_port: httpPort } = request.query as Query;
  const nics = wholeNumber(nicMax);
  const port = httpPort === undefined ? undefined : wholeNumber(httpPort);
  if (nics === undefined || nics > MOST_NICS) return answer(reply, 400, { error: 'nic_max must be a positive number' });
  if (httpPort !== undefined && (port === undefined || port > 65_535)) {
    return answer(reply, 400, { error: 'http_port must be a port' });
  }
  const host = request.headers.host ?? '';
  const asked = port === undefined ? host : `${host.replace(/:\d+$/, '')}:${port}`;
  return sendText(reply, 200, bootstrapScript(asked, nics), PLAIN);
}

const MOST_NICS = 256;

function wholeNumber(text: string | string[]): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** The node of these keys; one that nobody knows is created. Undefined: the answer was sent. */
async function knownOrNew(
  core: LabCore,
  state: RazorServerState,
  request: FastifyRequest,
  reply: FastifyReply,
  namesUnusable: boolean,
): Promise<NodeRecord | undefined> {
  const info = infoOfQuery(request.query as Query);
  const found = lookup(core, info, state.matchNodesOn);
  if ('found' in found) return found.found;
  if ('unusable' in found) {
    const sent = Object.keys(request.query as Query);
    const error = unusableMessage(sent, state.matchNodesOn);
    void answer(reply, 400, namesUnusable && sent.length > 0 ? { error } : undefined);
    return undefined;
  }
  if ('ambiguous' in found) {
    logDuplicates(core, found.ambiguous);
    void answer(reply, 400);
    return undefined;
  }
  if (core.settings.faithful && othersDhcpMac(core, request)) {
    void answer(reply, 400);
    return undefined;
  }
  return await core.store.write(() => {
    const again = lookup(core, info, state.matchNodesOn);
    if ('found' in again) return again.found;
    const hwIds = matchIds(info, state.matchNodesOn);
    const allowed = !core.settings.protectNewNodes;
    const node = core.store.nodes.create({ dialect: 'razor-server', hwIds, at: core.wall(), allowed });
    core.events.emit({
      type: 'changed',
      dialect: 'razor-server',
      node: node.uuid,
      message: `node ${node.id} is seen for the first time`,
    });
    return node;
  });
}

/** A new node whose boot card another node has: the original's database refuses it. */
function othersDhcpMac(core: LabCore, request: FastifyRequest): boolean {
  const { dhcp_mac: dhcpMac = '' } = request.query as Query;
  const ids = typeof dhcpMac === 'string' && dhcpMac !== '' ? [normaliseHwId(dhcpMac)] : [];
  return core.store.nodes.find(ids).length > 0;
}

async function boot(
  core: LabCore,
  state: RazorServerState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const node = await knownOrNew(core, state, request, reply, false);
  if (node === undefined) return reply;
  return sendText(reply, 200, await razorServerBoot(core, node, request), PLAIN);
}

async function nodeid(
  core: LabCore,
  state: RazorServerState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const node = await knownOrNew(core, state, request, reply, true);
  return node === undefined ? reply : answer(reply, 200, { id: node.id });
}

/**
 * The extension archive. The original's bug: If-Modified-Since that equals Last-Modified is answered by an empty 200 where
 * 304 is meant, and any other date, a newer one too, by the whole archive.
 */
async function extension(
  core: LabCore,
  state: RazorServerState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = state.extensionZip;
  const zip = path === undefined ? undefined : await readCapped(path, EXTENSION_LIMIT).catch(() => undefined);
  if (path === undefined || zip === undefined) return answer(reply, 404, { error: 'No extension file configured' });
  const modified = (await stat(path)).mtime;
  modified.setMilliseconds(0);
  const asked = request.headers['if-modified-since'];
  reply.header('last-modified', modified.toUTCString()).header('content-type', 'application/zip');
  if (core.settings.faithful) {
    if (asked === modified.toUTCString()) return reply.code(200).send(Buffer.alloc(0));
  } else if (asked !== undefined && Date.parse(asked) >= modified.getTime()) return reply.code(304).send();
  reply.header('content-disposition', 'attachment; filename="extension.zip"');
  return reply.code(200).send(zip);
}

/** The node of the path, or undefined when the answer was sent. */
function nodeOf(
  core: LabCore,
  request: FastifyRequest,
  reply: FastifyReply,
  missing: () => void,
): NodeRecord | undefined {
  const { id: text } = request.params as { id: string };
  const id = nodeIdOf(text);
  if (id === undefined) {
    void badId(reply, text);
    return undefined;
  }
  const node = core.store.nodes.byId(id);
  if (node === undefined) missing();
  return node;
}

function nothing(reply: FastifyReply): FastifyReply {
  return reply.code(204).send();
}

async function log(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { id } = request.params as { id: string };
  const node = nodeOf(core, request, reply, () => void answer(reply, 404, { error: `no node with id ${id} exists` }));
  if (node === undefined) return reply;
  const { msg = '', severity = 'info' } = request.query as Query;
  const level = SEVERITIES.includes(severity) ? String(severity) : 'info'; // `debug` and the like are taken, as the original does
  core.events.emit({
    type: 'log',
    dialect: 'razor-server',
    node: node.uuid,
    message: String(msg).slice(0, 2000),
    details: { severity: level },
  });
  return nothing(reply);
}

async function storeMetadata(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const node = nodeOf(core, request, reply, () => void answer(reply, 404));
  if (node === undefined) return reply;
  if (isPeek(core, request)) return nothing(reply);
  const metadata: Record<string, unknown> = { ...node.metadata };
  const query = request.query as Query;
  for (const [name, raw] of Object.entries(query)) {
    if (name === 'remove[]') for (const key of [raw].flat()) delete metadata[key ?? ''];
    else if (name !== '__proto__')
      metadata[name.slice(0, 200)] = jsonOrText((Array.isArray(raw) ? raw.at(-1) : raw) ?? '');
  }
  if (Object.keys(metadata).length > 1000)
    return answer(reply, 400, { error: 'a node has at most 1000 metadata keys' });
  await core.store.write(() => core.store.nodes.update(node.id, { metadata }));
  core.events.emit({
    type: 'changed',
    node: node.uuid,
    message: `its metadata changed: ${Object.keys(query).join(', ').slice(0, 200)}`,
  });
  return nothing(reply);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The node of a stage and what is at work on it: from the node's own address in the usual lab, by number in a faithful one. */
function stageNode(core: LabCore, request: FastifyRequest, reply: FastifyReply): StageNode | undefined {
  if (!core.settings.faithful) return boundNode(core, request, reply);
  const node = nodeOf(core, request, reply, () => void crashed(reply));
  return node && { node, active: core.store.activeModels.ofNode(node.id) };
}

interface StageNode {
  readonly node: NodeRecord;
  readonly active: ActiveModel | undefined;
}

async function stageDone(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const found = stageNode(core, request, reply);
  if (!found) return reply;
  if (isPeek(core, request)) return nothing(reply);
  const { node, active } = found;
  const name = String((request.query as Query)['name'] ?? '').slice(0, 200);
  if (name === FINISHED) {
    await core.store.write(() => core.store.nodes.update(node.id, { installed: active?.policyLabel ?? 'something' }));
  }
  for (const action of active && STAGE.test(name) ? stageActions(active, name) : []) {
    const current = core.store.activeModels.get(active?.uuid ?? '');
    if (current) await fire(core, current, action, 'callback', noteOf(request.query));
  }
  const message = `stage ${name || '(unnamed)'} is done`;
  core.events.emit({ type: 'callback', dialect: 'razor-server', node: node.uuid, message });
  return nothing(reply);
}

/** An installer may report no more than that it has finished. */
function stageActions(active: ActiveModel, name: string): readonly string[] {
  const word = installerOf(active.model.template)?.word ?? '';
  return name === FINISHED ? [`${word}_end`, 'postinstall_final'] : [name];
}
