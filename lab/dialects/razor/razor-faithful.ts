/**
 * Where the original is broken, and a faithful lab with it (docs/contracts/razor-0.x.md#identity-at-the-edges,
 * docs/contracts/razor-0.x.md#errors).
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import type { LabCore } from '../../lab-core.ts';
import { HTML } from '../../listeners/replies.ts';
import type { Facts } from '../../store/records.ts';
import { missing, RazorFault, stumble } from './razor-wire.ts';

/** How long a request that is never answered is held: the original's process grew for ten minutes, then died. */
const HELD_MS = 600_000;

/** Refuses what the original's front end cannot take. */
export function refuseAsTheOriginal(request: FastifyRequest): void {
  const url = request.raw.url ?? '';
  if (/%00/.test(url)) throw new RazorFault({ status: 500, body: 'Command failed: null byte', type: HTML });
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  if (!body || body.length === 0) return;
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type.startsWith('multipart/'))
    throw new RazorFault({ status: 500, body: 'Command failed: multipart', type: HTML });
  if (type !== 'application/x-www-form-urlencoded') return;
  const text = body.toString('latin1');
  if (text.includes('%00')) throw new RazorFault({ status: 500, body: 'Command failed: null byte', type: HTML });
  const bytes = Buffer.from(
    text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  if (!isUtf8(bytes)) throw missing('Hardware IDs[hw_id]', 'register_node');
}

/**
 * Finding a node, as the original does: with two nodes' ids in one request it never comes back; with a fact named
 * `@classname` anywhere it stumbles over that node, whoever asks.
 */
export async function faithfulLookUp(
  core: LabCore,
  request: FastifyRequest,
  hwIds: readonly string[],
  command: string,
): Promise<void> {
  if (core.store.nodes.anyHasFact('@classname')) {
    throw stumble('uninitialized constant', command === 'boot' ? 'Boot' : 'Node', command, true);
  }
  if (core.store.nodes.find(hwIds).length < 2) return;
  core.events.emit({
    type: 'failed',
    dialect: 'razor',
    message: `${command} names ids of two nodes: it is never answered`,
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, HELD_MS);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.raw.socket.once('close', end);
    core.closing.addEventListener('abort', end, { once: true });
  });
  request.raw.socket.destroy();
  throw stumble('stack level too deep', 'Node', command, true);
}

/** Facts as its PostgreSQL driver stores them: text that starts with a colon loses it. */
export function faithfulFacts(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      typeof value === 'string' && value.startsWith(':') ? value.slice(1) : value,
    ]),
  );
}

const registering = new WeakMap<LabCore, Set<string>>();

/** Runs a register; another one of the same machine at the same time fails as the original's update does. */
export async function alone<T>(core: LabCore, hwIds: readonly string[], work: () => Promise<T>): Promise<T> {
  const busy = registering.get(core) ?? new Set<string>();
  registering.set(core, busy);
  if (hwIds.some((hwId) => busy.has(hwId))) throw stumble('No rows updated', 'Node', 'register_node', true);
  for (const hwId of hwIds) busy.add(hwId);
  try {
    return await work();
  } finally {
    for (const hwId of hwIds) busy.delete(hwId);
  }
}
