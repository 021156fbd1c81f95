/**
 * What installers and installed systems read from razor-server (docs/contracts/razor-server.md#other-addresses):
 * /svc/file, /svc/broker and /svc/repo. The files of an installer are the lab's own; a directory of yours
 * (`--task-files`) adds to them, and comes first: TEMPLATE/NAME or common/NAME for installers, broker/BROKER/SCRIPT for
 * brokers.
 */
import { readdir } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bootable } from '../../engine/boot-script.ts';
import { answerFile, fileRead, installationOver } from '../../engine/callbacks.ts';
import type { LabCore } from '../../lab-core.ts';
import { findBelow, findInImage, pathWords, sendFile, type FoundFile } from '../../images/image-service.ts';
import { fillOwnFile, ownFile } from '../../installers/own-files.ts';
import { installerOf } from '../../installers/registry.ts';
import type { FilledTemplate } from '../../installers/task-template.ts';
import { isPeek } from '../../listeners/peek.ts';
import { PLAIN, sendText } from '../../listeners/replies.ts';
import { razorServerRoutes, wordsOfFile } from '../../listeners/routes.ts';
import { ownAddress } from './razor-server-boot.ts';
import { answer, sendNotFoundPage } from './razor-server-checkin.ts';
import { boundNode, sendInstallerError, type BoundNode } from './razor-server-installer.ts';

/** Adds the routes. `taskFiles` is the directory of one's own files. */
export function razorServerFiles(app: FastifyInstance, core: LabCore, taskFiles: string | undefined): void {
  app.get('/svc/file/:id/:name', (request, reply) => file(core, taskFiles, false, request, reply));
  app.get('/svc/file/:id/raw/:name', (request, reply) => file(core, taskFiles, true, request, reply));
  app.get('/svc/broker/:id/install', (request, reply) => brokerScript(core, taskFiles, request, reply));
  app.get('/svc/repo/*', (request, reply) => repo(core, request, reply));
}

async function file(
  core: LabCore,
  taskFiles: string | undefined,
  raw: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const bound = boundNode(core, request, reply);
  if (!bound) return reply;
  const { name } = request.params as { name: string };
  if (raw) {
    const own = await ownFile(taskFiles, [bound.active.model.template, name], ['common', name]);
    return sendInstallerFile(core, bound, reply, `raw/${name}`, textOf(own));
  }
  const over = installationOver(core, bound.active, ...wordsOf(bound, name));
  const filled = await fileOf(core, bound, name, request);
  const isSent = filled !== undefined && 'text' in filled;
  if (isSent && over !== undefined) return sendInstallerFile(core, bound, reply, name, { gone: over });
  if (isSent && !isPeek(core, request)) await fileRead(core, bound.active, name);
  return sendInstallerFile(core, bound, reply, name, filled);
}

/** The two words under which a file is known to installers. */
function wordsOf({ active }: BoundNode, name: string): readonly [string, string] {
  const [namespace = '', step = ''] = wordsOfFile(name) ?? [installerOf(active.model.template)?.word, name];
  return [namespace, step];
}

function textOf(text: string | undefined): FilledTemplate | undefined {
  return text === undefined ? undefined : { text };
}

/** A file of one's own of this name, or the lab's. */
async function fileOf(
  core: LabCore,
  bound: BoundNode,
  name: string,
  request: FastifyRequest,
): Promise<FilledTemplate | undefined> {
  const { node, active } = bound;
  const [namespace, step] = wordsOf(bound, name);
  const routes = razorServerRoutes(ownAddress(core, request), core.settings.faithful);
  return await answerFile(core, { node, active, namespace, step, routes, name });
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
  const bound = boundNode(core, request, reply);
  if (!bound) return reply;
  const { script = 'install' } = request.query as { script?: string };
  const broker = core.store.brokers.get(bound.active.broker ?? '');
  const own = await ownFile(taskFiles, ['broker', broker?.name ?? 'none', script]);
  const note = broker ? 'the lab hands this system over when it is ready' : 'nobody takes this system over';
  const builtInScript = script === 'install' ? `#!/bin/sh\n# ${note}\nexit 0\n` : undefined;
  const { node, active } = bound;
  const routes = razorServerRoutes(ownAddress(core, request), core.settings.faithful);
  const facts = core.store.nodes.facts(node.id);
  const filled = own === undefined ? textOf(builtInScript) : fillOwnFile(own, { node, active, routes, facts });
  return sendInstallerFile(core, bound, reply, `broker script ${script}`, filled);
}

function sendInstallerFile(
  core: LabCore,
  { node }: BoundNode,
  reply: FastifyReply,
  name: string,
  filled: FilledTemplate | { readonly gone: string } | undefined,
): FastifyReply {
  const shown = name.slice(0, 120);
  const emit = (type: 'callback' | 'refused', message: string): void =>
    core.events.emit({ type, dialect: 'razor-server', node: node.uuid, message });
  if (filled === undefined) {
    emit('callback', `${shown}: no such file`);
    return sendInstallerError(core, reply, 404, `there is no ${shown} for this node`);
  }
  if ('gone' in filled) {
    emit('refused', `${shown} is not sent: ${filled.gone}`);
    return sendInstallerError(core, reply, 410, `${shown}: ${filled.gone}`);
  }
  if ('refused' in filled) {
    emit('refused', `${shown} is not sent: ${filled.refused}`);
    return sendInstallerError(core, reply, 422, `${shown}: ${filled.refused}`);
  }
  emit('callback', `${shown} sent`);
  return sendText(reply, 200, filled.text, PLAIN);
}

/** `/svc/repo/IMAGE/PATH`, IMAGE by UUID or name, and `microkernel`; names are found in any case, as in the original. */
async function repo(core: LabCore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const [name = '', ...words] = pathWords(request, '/svc/repo/');
  const found = await repoFile(core, name, words);
  if (found && !found.directory) return sendFile(core, request, reply, found);
  core.events.emit({ type: 'image', message: `${(request.raw.url ?? '').slice(0, 120)}: no such file` });
  return core.settings.faithful ? sendNotFoundPage(reply) : answer(reply, 404, { error: 'there is no such file' });
}

async function repoFile(core: LabCore, name: string, words: readonly string[]): Promise<FoundFile | undefined> {
  if (words.length === 0) return undefined;
  if (name.toLowerCase() !== 'microkernel') {
    const images = core.store.images.list();
    const named = (each: { uuid: string; name: string }): boolean => each.name.toLowerCase() === name.toLowerCase();
    const image = images.find(({ uuid }) => uuid === name) ?? images.find(named);
    if (image?.type === 'disk') return await findInImage(image, words);
    return image && (await findInAnyCase(image.path, words));
  }
  const image = await bootable(core);
  if (!image) return undefined;
  const path = { vmlinuz0: image.kernel, 'initrd0.img': image.initrd }[words.join('/').toLowerCase()];
  return await findInAnyCase(image.path, path === undefined ? words : path.split('/'));
}

async function findInAnyCase(directory: string, words: readonly string[]): Promise<FoundFile | undefined> {
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
