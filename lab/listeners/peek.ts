/** HEAD, by which firmware, proxies and scanners ask in advance: an answer without a body, after which nothing is otherwise. */
import type { FastifyRequest } from 'fastify';
import type { LabCore } from '../lab-core.ts';

/** Whether a request may change nothing. A faithful lab knows no difference between HEAD and GET, as the originals' servers. */
export function isPeek(core: LabCore, request: FastifyRequest): boolean {
  return !core.settings.faithful && request.method === 'HEAD';
}
