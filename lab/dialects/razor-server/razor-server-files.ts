/**
 * What installers and installed systems read from razor-server (docs/contracts/razor-server.md#other-addresses):
 * /svc/file, /svc/broker and /svc/repo. The files of an installer are the lab's own; a directory of yours
 * (`--task-files`) adds to them, and comes first: TEMPLATE/NAME or common/NAME for installers, broker/BROKER/SCRIPT for
 * brokers.
 */
import { readdir } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readCapped } from '../../../platform/files.ts';
import { bootable } from '../../engine/boot-script.ts';
import { answerFile } from '../../engine/callbacks.ts';
import type { LabCore } from '../../lab-core.ts';
import { findBelow, pathWords, sendFile, type Found } from '../../images/image-service.ts';
import { answersFor } from '../../installers/answers.ts';
import { PLAIN, sendText } from '../../listeners/replies.ts';
import { razorServerRoutes, wordsOfFile } from '../../listeners/routes.ts';
import type { ActiveModel, NodeRecord } from '../../store/records.ts';
import { ownAddress } from './razor-server-boot.ts';
import { answer, badId, nodeIdOf } from './razor-server-checkin.ts';

const FILE_LIMIT = 8 * 1024 * 1024;
const NAME = /^[\w-][\w.-]{0,99}$/;

interface Bound {
  readonly node: NodeRecord;
  readonly active: ActiveModel;
}

/** Adds the routes. `taskFiles` is the directory of one's own files. */
export function razorServerFiles(app: FastifyInstance, core: LabCore, taskFiles: string | undefined): void {
  app.get('/svc/file/:id/:name', (request, reply) => file(core, taskFiles, false, request, reply));
  app.get('/svc/file/:id/raw/:name', (request, reply) => file(core, taskFiles, true, request, reply));
  app.get('/svc/broker/:id/install', (request, reply) => brokerScript(core, taskFiles, request, reply));
  app.get('/svc/repo/*', (request, reply) => repo(core, request, reply));
}

/** The node of the path with what binds it; undefined when the answer was sent: 404 without the one, 409 without the other. */
function boundOf(core: LabCore, request: FastifyRequest, reply: FastifyReply): Bound | undefined {
  const { id: text } = request.params as { id: string };
  const id = nodeIdOf(text);
  const node = id === undefined ? undefined : core.store.nodes.byId(id);
  const active = node && core.store.activeModels.ofNode(node.id);
  if (id === undefined) badId(reply, text);
  else if (!node) answer(reply, 404, { error: `no node with id ${id} exists` });
  else if (!active) answer(reply, 409, { error: `node ${id} is not bound by a policy` });
  else return { node, active };
  return undefined;
}

async function file(
  core: LabCore,
  taskFiles: string | undefined,
  raw: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const bound = boundOf(core, request, reply);
  if (!bound) return reply;
  const { name } = request.params as { name: string };
  const template = bound.active.model.template;
  const own = await ownFile(taskFiles, [template, name], ['common', name]);
  const text = raw
    ? own
    : own === undefined
      ? await builtIn(core, bound, name, request)
      : fill(core, own, bound, request);
  return told(core, bound, reply, `${raw ? 'raw/' : ''}${name}`, text);
}

async function builtIn(
  core: LabCore,
  bound: Bound,
  name: string,
  request: FastifyRequest,
): Promise<string | undefined> {
  const [namespace = '', step = ''] = wordsOfFile(name) ?? [];
  if (namespace === '') return undefined;
  return await answerFile(core, bound.active, namespace, step, razorServerRoutes(ownAddress(core, request)));
}

/**
 * What a broker has run on a new system. The lab hands a node over by itself, so there is nothing to do unless the directory
 * has a script for this broker.
 */
async function brokerScript(
  core: LabCore,
  taskFiles: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const bound = boundOf(core, request, reply);
  if (!bound) return reply;
  const { script = 'install' } = request.query as { script?: string };
  const broker = core.store.brokers.get(bound.active.broker ?? '');
  const own = await ownFile(taskFiles, ['broker', broker?.name ?? 'none', script]);
  const says = broker ? 'the lab hands this system over when it is ready' : 'nobody takes this system over';
  const text =
    own !== undefined
      ? fill(core, own, bound, request)
      : script === 'install'
        ? `#!/bin/sh\n# ${says}\nexit 0\n`
        : undefined;
  return told(core, bound, reply, `broker script ${script}`, text);
}

function told(
  core: LabCore,
  { node }: Bound,
  reply: FastifyReply,
  what: string,
  text: string | undefined,
): FastifyReply {
  const shown = what.slice(0, 120);
  core.events.emit({
    ...{ type: 'callback', dialect: 'razor-server', node: node.uuid },
    message: text === undefined ? `${shown}: no such file` : `${shown} sent`,
  });
  if (text === undefined) return answer(reply, 404, { error: `there is no ${shown} for this node` });
  return sendText(reply, 200, text, PLAIN);
}

/** The first of these that is in the directory. */
async function ownFile(directory: string | undefined, ...candidates: string[][]): Promise<string | undefined> {
  if (directory === undefined) return undefined;
  for (const words of candidates) {
    const found = words.every((word) => NAME.test(word)) ? await findBelow(directory, words) : undefined;
    if (found && !found.directory) return (await readCapped(found.path, FILE_LIMIT))?.toString();
  }
  return undefined;
}

/** A file of one's own with `{{name}}` filled in: names of the answers, settings of the model, facts of the node. */
function fill(core: LabCore, text: string, { node, active }: Bound, request: FastifyRequest): string {
  const base = ownAddress(core, request);
  const {
    callback: _callback,
    hostname,
    domain,
    files,
    timezone,
    packages,
    rootPassword,
    rootPasswordHash,
  } = answersFor(active, razorServerRoutes(base));
  const values: Record<string, unknown> = {
    ...core.store.nodes.facts(node.id),
    ...active.model.metadata,
    ...{ hostname, domain, timezone, packages, repo: files, base, node_id: node.id, uuid: node.uuid },
    ...{ root_password: rootPassword, root_password_hash: rootPasswordHash },
    ...{ stage_done: `${base}/svc/stage-done/${node.id}`, log: `${base}/svc/log/${node.id}` },
    ...{ file: `${base}/svc/file/${node.id}`, broker: `${base}/svc/broker/${node.id}/install` },
  };
  return text.replaceAll(/\{\{ *([\w.]{1,100}) *\}\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : whole;
  });
}

/** `/svc/repo/IMAGE/PATH`, IMAGE by UUID or name, and `microkernel`; names are found in any case, as in the original. */
async function repo(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const [name = '', ...words] = pathWords(request, '/svc/repo/');
  const found = await repoFile(core, name, words);
  if (found && !found.directory) return sendFile(core, request, reply, found);
  core.events.emit({ type: 'image', message: `${(request.raw.url ?? '').slice(0, 120)}: no such file` });
  return answer(reply, 404, { error: 'there is no such file' });
}

async function repoFile(core: LabCore, name: string, words: readonly string[]): Promise<Found | undefined> {
  if (words.length === 0) return undefined;
  if (name.toLowerCase() !== 'microkernel') {
    const images = core.store.images.list();
    const named = (each: { uuid: string; name: string }): boolean => each.name.toLowerCase() === name.toLowerCase();
    const image = images.find(({ uuid }) => uuid === name) ?? images.find(named);
    return image && (await findInAnyCase(image.path, words));
  }
  const image = await bootable(core);
  if (!image) return undefined;
  const path = { vmlinuz0: image.kernel, 'initrd0.img': image.initrd }[words.join('/').toLowerCase()];
  return await findInAnyCase(image.path, path === undefined ? words : path.split('/'));
}

async function findInAnyCase(directory: string, words: readonly string[]): Promise<Found | undefined> {
  const exact = await findBelow(directory, words);
  if (exact) return exact;
  const real: string[] = [];
  for (const word of words) {
    const here = real.length === 0 ? undefined : await findBelow(directory, real);
    if (real.length > 0 && !here?.directory) return undefined;
    const names = await readdir(here?.path ?? directory).catch(() => []);
    const match = names.find((name) => name.toLowerCase() === word.toLowerCase());
    if (match === undefined) return undefined;
    real.push(match);
  }
  return await findBelow(directory, real);
}
