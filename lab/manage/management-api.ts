/** The management API, on the listener for people: `/api/…`, JSON both ways. Verbs and page use it; beside it figures and health. */
import type { FastifyInstance } from 'fastify';
import { ansibleInventory } from '../engine/hand-over/ansible-inventory.ts';
import type { LabCore } from '../lab-core.ts';
import { sendJson } from '../listeners/replies.ts';
import type { Access } from '../people/access.ts';
import { clientConfig } from '../lab-settings.ts';
import { manageBackups } from './manage-backups.ts';
import { manageCatalog } from './manage-catalog.ts';
import { manageNodes } from './manage-nodes.ts';
import { manageOperators, manageTokens, selfView } from './manage-operators.ts';
import { healthRoutes } from './monitoring/health.ts';
import { metricsRoute } from './monitoring/metrics.ts';
import { openApi } from './openapi.ts';
import { Refusal } from './request.ts';

/** What the API needs besides the core. */
export interface ManagementParts {
  /** Gives the directory that ISOs are unpacked into. */
  readonly imageDir: () => string;
  readonly access: Access;
}

/** The version of the API, which moves when a client must. */
const API_VERSION = '1.0.0';

/** Adds the routes. */
export function managementApi(app: FastifyInstance, core: LabCore, { imageDir, access }: ManagementParts): void {
  void app.register((api, _options, done) => {
    const fallback = app.errorHandler;
    api.setErrorHandler((error, request, reply) => {
      if (error instanceof Refusal) return sendJson(reply, error.status, { error: error.message });
      return fallback.call(app, error as Parameters<typeof fallback>[0], request, reply);
    });
    manageNodes(api, core);
    manageCatalog(api, core, imageDir);
    manageBackups(api, core);
    manageOperators(api, core, access);
    manageTokens(api, core);
    metricsRoute(api, core);
    healthRoutes(api, core);
    api.get('/api/openapi.json', (_request, reply) => sendJson(reply, 200, openApi(API_VERSION)));
    api.get('/api/status', (request, reply) => {
      const { settings, store } = core;
      return sendJson(reply, 200, {
        ...core.addresses(request),
        nodesKnown: store.nodes.count(),
        policies: store.policies.list().length,
        imagesKnown: store.images.list().length,
        access: access.words(),
        you: selfView(request),
        faithful: settings.faithful,
        protectNewNodes: settings.protectNewNodes,
        registerTimeoutMs: settings.timing.registerTimeoutMs,
        nodeExpireMs: settings.timing.nodeExpireMs,
        clientConfig: clientConfig(settings, core.addresses(request).nodes),
      });
    });
    api.get('/api/inventory/ansible', async (_request, reply) => sendJson(reply, 200, await ansibleInventory(core)));
    api.get('/api/events', (request, reply) => {
      const { since, node } = request.query as { since?: string; node?: string };
      return sendJson(reply, 200, core.events.since(Number(since ?? 0) || 0, node));
    });
    done();
  });
}
