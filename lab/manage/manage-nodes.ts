/** Management of nodes and active models. */
import type { FastifyInstance } from 'fastify';
import type { LabCore } from '../lab-core.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { handOverAgain, handOverObstacle } from '../engine/brokers.ts';
import { explainNode } from '../engine/explain-node.ts';
import { choosePolicy, policyAfterRemoval } from '../engine/policy.ts';
import { retryInstallation, retryObstacle } from '../engine/tries.ts';
import { sendJson, sendText } from '../listeners/replies.ts';
import type { NodeRecord, Policy } from '../store/records.ts';
import { forced, idOf, pick, pickNode, readBody, Refusal } from './request.ts';
import { forceSchema, nodeChangeSchema } from './schemas.ts';
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
    const policy = core.settings.faithful ? undefined : policyAfterRemoval(core, node);
    if (policy !== undefined && !forced(request)) refuseReinstall(core, node, policy);
    await store.write(() => store.nodes.remove(node.id));
    const note = policy && `when its microkernel checks in again, ${policy.label} binds and installs it`;
    const message = `removed by hand; ${note ?? 'its next check-in registers it anew'}`;
    events.emit({ type: 'removed', node: node.uuid, message });
    return sendJson(reply, 200, { removed: node.uuid, ...(note !== undefined && { note }) });
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
    const policy = node && choosePolicy(core, node, active).policy;
    const note = policy && `when its microkernel checks in again, ${policy.label} binds and installs it`;
    await store.write(() => store.activeModels.remove(active.uuid));
    events.emit({
      type: 'changed',
      ...(node && { node: node.uuid }),
      message: `the active model of ${active.policyLabel} was removed; policies are looked through again`,
    });
    return sendJson(reply, 200, { removed: active.uuid, ...(note !== undefined && { note }) });
  });
  app.post('/api/active-models/:id/retry', async (request, reply) => {
    const active = pickActive(idOf(request));
    const { force } = readBody(request, forceSchema);
    const obstacle = retryObstacle(core, active);
    if (obstacle !== undefined && !force) throw new Refusal(409, `${obstacle}. ${ANYWAY}`);
    await retryInstallation(core, active);
    return sendJson(reply, 200, activeView(core, pickActive(active.uuid)));
  });
  app.post('/api/active-models/:id/handover', async (request, reply) => {
    const active = pickActive(idOf(request));
    const obstacle = handOverObstacle(active, readBody(request, forceSchema).force);
    if (obstacle !== undefined) throw new Refusal(409, obstacle);
    await handOverAgain(core, active);
    return sendJson(reply, 200, activeView(core, pickActive(active.uuid)));
  });
}

const ANYWAY = '“force” (--force) does it all the same';

/** Throws a Refusal where the machine's microkernel runs: a turn later it would be known again, bound and installed. */
function refuseReinstall(core: LabCore, node: NodeRecord, { label }: Policy): void {
  const silent = core.wall() - node.contact;
  if (silent > core.settings.timing.registerTimeoutMs) return;
  const seen = `its microkernel was here ${Math.round(silent / 1000)} s ago and would come back as a new node`;
  const ways = `Switch it off first, disable ${label}, or start the lab with --protect-new-nodes. ${ANYWAY}`;
  throw new Refusal(409, `${seen}, which ${label} binds and installs. ${ways}`);
}
