/** Management of nodes and active models. */
import type { FastifyInstance } from 'fastify';
import type { LabCore } from '../lab-core.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { explainNode } from '../engine/explain-node.ts';
import { sendJson, sendText } from '../listeners/replies.ts';
import { idOf, pick, pickNode, readBody } from './request.ts';
import { nodeChangeSchema } from './schemas.ts';
import { activeDetails, activeView, explanationView, nodeDetails, nodeView } from './views.ts';

/** Nodes that are read in one go. */
const SLICE = 100;

/** Adds the routes of nodes and active models. */
export function manageNodes(app: FastifyInstance, core: LabCore): void {
  const { store, events } = core;
  app.get('/api/nodes', async (_request, reply) => {
    const texts: string[] = [];
    // a hundred thousand take seconds: nodes are answered in between
    for (
      let page = store.nodes.after(0, SLICE);
      page.length > 0;
      page = store.nodes.after(page.at(-1)?.id ?? 0, SLICE)
    ) {
      texts.push(...page.map((node) => JSON.stringify(nodeView(core, node))));
      await nextTurn();
    }
    return sendText(reply, 200, `[${texts.join(',')}]\n`, 'application/json');
  });
  app.get('/api/nodes/:id', (request, reply) =>
    sendJson(reply, 200, nodeDetails(core, pickNode(store, idOf(request)))),
  );
  app.get('/api/nodes/:id/explain', (request, reply) =>
    sendJson(reply, 200, explanationView(explainNode(core, pickNode(store, idOf(request))))),
  );
  app.patch('/api/nodes/:id', async (request, reply) => {
    const node = pickNode(store, idOf(request));
    const change = readBody(request, nodeChangeSchema);
    await store.write(() =>
      store.nodes.update(node.id, {
        ...(change.forcedAction !== undefined && {
          forcedAction: change.forcedAction,
          forcedParam: change.forcedParam ?? null,
        }),
        ...(change.allowed !== undefined && { allowed: change.allowed }),
      }),
    );
    if (change.allowed === true) {
      events.emit({ type: 'allowed', node: node.uuid, message: 'somebody allowed policies to bind it' });
    }
    if (change.forcedAction !== undefined) {
      const what = change.forcedAction === null ? 'nothing is forced any more' : `${change.forcedAction} is forced`;
      events.emit({ type: 'changed', node: node.uuid, message: what });
    }
    return sendJson(reply, 200, nodeView(core, store.nodes.byId(node.id) ?? node));
  });
  app.delete('/api/nodes/:id', async (request, reply) => {
    const node = pickNode(store, idOf(request));
    await store.write(() => store.nodes.remove(node.id));
    events.emit({ type: 'removed', node: node.uuid, message: 'removed by hand; its next check-in registers it anew' });
    return sendJson(reply, 200, { removed: node.uuid });
  });

  const pickActive = (id: string): ReturnType<typeof store.activeModels.list>[number] =>
    pick('active model', store.activeModels.list(), id, (active) => active.uuid);
  app.get('/api/active-models', (_request, reply) =>
    sendJson(
      reply,
      200,
      store.activeModels.list().map((active) => activeView(core, active)),
    ),
  );
  app.get('/api/active-models/:id', (request, reply) =>
    sendJson(reply, 200, activeDetails(core, pickActive(idOf(request)))),
  );
  app.delete('/api/active-models/:id', async (request, reply) => {
    const active = pickActive(idOf(request));
    const node = store.nodes.byId(active.node);
    await store.write(() => store.activeModels.remove(active.uuid));
    events.emit({
      type: 'changed',
      ...(node && { node: node.uuid }),
      message: `the active model of ${active.policyLabel} was removed; policies are looked through again`,
    });
    return sendJson(reply, 200, { removed: active.uuid });
  });
}
