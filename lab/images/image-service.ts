/**
 * The image service: kernels, initrds and installer trees for boot loaders (docs/contracts/razor-0.x.md#image-service).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { within } from '../../platform/within.ts';
import type { LabCore } from '../lab-core.ts';
import type { Image } from '../store/records.ts';
import { hasControl } from '../listeners/request-body.ts';
import { parseFaithfulRange, parseRange, type ByteRange } from './ranges.ts';
import { sendText } from '../listeners/replies.ts';

export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly modified: Date;
  readonly directory: boolean;
}

const NOT_FOUND = 'Error: File Not Found';

/** Adds `GET /razor/image/TYPE/UUID/PATH`. */
export function imageService(app: FastifyInstance, core: LabCore): void {
  app.get('/razor/image/*', async (request, reply) => {
    const file = await findFile(core, pathWords(request, '/razor/image/'));
    if (!file) return notFound(core, request, reply);
    if (file.directory) {
      if (!core.settings.faithful) return notFound(core, request, reply);
      // asked for a directory, the original dies and is started again: the connection ends without an answer
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    return sendFile(core, request, reply, file);
  });
}

/** Sends `TYPE/UUID/PATH` below `prefix`, for dialects that serve files on their own listener. */
export async function serveImage(
  core: LabCore,
  prefix: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await findFile(core, pathWords(request, prefix));
  return !file || file.directory ? notFound(core, request, reply) : sendFile(core, request, reply, file);
}

/** Answers 404 with the text of the original, and logs the path. */
function notFound(core: LabCore, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = (request.raw.url ?? '').slice(0, 120);
  core.events.emit({ type: 'image', message: `${asked}: no such file`, details: { status: 404 } });
  return sendText(reply, 404, NOT_FOUND, 'text/plain');
}

/** Decoded words below `prefix`; none for a path that nobody may ask. `doubled`: two slashes are one. */
export function pathWords(request: FastifyRequest, prefix: string, doubled = false): readonly string[] {
  const raw = (request.raw.url ?? '').split('?')[0] ?? '';
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    return [];
  }
  const below = decoded.slice(prefix.length);
  const words = (doubled ? below.replaceAll(/^\/+|\/(?=\/)/g, '') : below).split('/');
  const wrong = (word: string): boolean => word === '' || word.length > 200 || /\.\.|\\/.test(word) || hasControl(word);
  return words.some(wrong) ? [] : words;
}

/** A file of an image. */
async function findFile(core: LabCore, [type, uuid, ...rest]: readonly string[]): Promise<FoundFile | undefined> {
  const image = core.store.images.get(uuid ?? '');
  if (!image || image.type !== type || rest.length === 0) return undefined;
  return await findInImage(image, rest);
}

/** A file of an image, by its words; the one of a disk image by its name, since its directory is not the lab's. */
export async function findInImage(image: Image, words: readonly string[]): Promise<FoundFile | undefined> {
  if (image.type !== 'disk') return await findBelow(image.path, words);
  const name = basename(image.path);
  return words.length === 1 && words[0] === name ? await findBelow(dirname(image.path), [name]) : undefined;
}

/** A file or directory below one; links may not lead out of it. */
export async function findBelow(directory: string, words: readonly string[]): Promise<FoundFile | undefined> {
  const path = words.length === 0 ? undefined : await within(directory, join(...words));
  const info = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || !info || (!info.isFile() && !info.isDirectory())) return undefined;
  return { path, size: info.size, modified: info.mtime, directory: info.isDirectory() };
}

/** Sends a file, or the range of it that was asked for. */
export function sendFile(core: LabCore, request: FastifyRequest, reply: FastifyReply, file: FoundFile): FastifyReply {
  const asked = request.headers.range;
  reply.header('content-type', 'application/octet-stream');
  const etag = `"${file.size.toString(16)}-${file.modified.getTime().toString(16)}"`;
  let range: ByteRange | 'whole' | 'unsatisfiable';
  if (core.settings.faithful) range = parseFaithfulRange(asked, file.size);
  else {
    reply.headers({ 'accept-ranges': 'bytes', etag, 'last-modified': file.modified.toUTCString() });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    const condition = request.headers['if-range'];
    const stale = condition !== undefined && condition !== etag && condition !== file.modified.toUTCString();
    range = stale ? 'whole' : parseRange(asked, file.size);
  }
  if (range === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${file.size}`).send();
  }
  const { first, last } = range === 'whole' ? { first: 0, last: file.size - 1 } : range;
  if (range !== 'whole' && !core.settings.faithful) {
    reply.code(206).header('content-range', `bytes ${first}-${last}/${file.size}`);
  }
  const length = last - first + 1;
  reply.header('content-length', length);
  if (request.method === 'GET') {
    core.events.emit({
      type: 'image',
      message: `${request.raw.url ?? ''}: ${length} bytes`,
      details: { bytes: length, from: request.socket.remoteAddress },
    });
  }
  if (request.method === 'HEAD') return reply.send(Readable.from([])); // a body of its own would set its own length
  return reply.send(length === 0 ? Readable.from([]) : createReadStream(file.path, { start: first, end: last }));
}
