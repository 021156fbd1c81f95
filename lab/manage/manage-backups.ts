/** Backup and restore of everything that the lab knows, and another key for its secrets, while it runs. Paths are those of the lab's own machine. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { LabCore } from '../lab-core.ts';
import { sendJson } from '../listeners/replies.ts';
import { readBody, Refusal } from './request.ts';
import { absolutePath } from './schemas.ts';

/** Where a backup is. */
export const absolutePathBody = z.strictObject({ path: absolutePath });

/** Adds `POST /api/backup`, `POST /api/restore` and `POST /api/secrets/rotate`. */
export function manageBackups(app: FastifyInstance, core: LabCore): void {
  const { store, events } = core;
  app.post('/api/backup', async (request, reply) => {
    const { path } = readBody(request, absolutePathBody);
    await refusing(() => store.backup(path));
    events.emit({ type: 'changed', message: `backup written to ${path}` });
    return sendJson(reply, 201, { path, nodes: store.nodes.count() });
  });
  app.post('/api/restore', async (request, reply) => {
    const { path } = readBody(request, absolutePathBody);
    await refusing(() => store.restore(path));
    events.emit({ type: 'changed', message: `everything was replaced by the backup ${path}` });
    return sendJson(reply, 200, { path, nodes: store.nodes.count() });
  });
  app.post('/api/secrets/rotate', async (_request, reply) => {
    const { key, sealed } = await refusing(() => store.rotateSecrets());
    events.emit({ type: 'changed', message: `${sealed} secrets were sealed anew, with key ${key}` });
    return sendJson(reply, 200, { key, sealed });
  });
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RazorMkError) throw new Refusal(422, `${error.message} (${error.remedy})`);
    throw error;
  }
}
