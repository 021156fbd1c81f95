/** Whether the lab lives, and whether it can take requests: for supervisors and load balancers, who say no name. */
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../../platform/errors/errors.ts';
import type { LabCore } from '../../lab-core.ts';
import { sendJson } from '../../listeners/replies.ts';

/** Adds `GET /healthz` and `GET /readyz`. A lab that ends takes no connection: that is answer enough. */
export function healthRoutes(app: FastifyInstance, core: LabCore): void {
  app.get('/healthz', (_request, reply) => sendJson(reply, 200, { status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await core.store.write(() => core.store.nodes.count());
      return sendJson(reply, 200, { status: 'ready' });
    } catch (error) {
      core.events.emit({ type: 'failed', message: `not ready: ${messageOf(error)}` });
      return sendJson(reply, 503, { status: 'the store cannot be used; see the log' });
    }
  });
}
