/** Management of tag rules, models, brokers, policies and images. */
import type { FastifyInstance } from 'fastify';
import { rm } from 'node:fs/promises';
import { sep } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { LabCore } from '../lab-core.ts';
import { addImage } from '../images/image-add.ts';
import { newWebhookSecret } from '../engine/hand-over/webhook.ts';
import { FAMILY_IMAGE, familyOf, TEMPLATES } from '../installers/templates.ts';
import { sendJson } from '../listeners/replies.ts';
import type { Policy } from '../store/records.ts';
import { refuseUnknownSettings, refuseUnknownTags, refuseUsedRule } from './meaning.ts';
import { cloudSettings, refuseMissing, refuseWrongImage, refuseWrongSettings } from './model-settings.ts';
import { previewModel } from './preview.ts';
import { forced, idOf, pick, pickNode, readBody, Refusal } from './request.ts';
import { brokerSchema, imageSchema, modelSchema, policyChangeSchema, policySchema, tagRuleSchema } from './schemas.ts';
import { brokerView, imageView, modelView, policyView, templateView } from './views.ts';

/** Adds the routes. `imageDir` gives the directory that ISOs are unpacked into. */
export function manageCatalog(app: FastifyInstance, core: LabCore, imageDir: () => string): void {
  manageTags(app, core);
  manageModels(app, core);
  manageImages(app, core, imageDir);
  managePolicies(app, core);
}

function changed(core: LabCore, message: string): void {
  core.events.emit({ type: 'changed', message });
}

function manageTags(app: FastifyInstance, core: LabCore): void {
  const { tagRules } = core.store;
  app.get('/api/tags', (_request, reply) => sendJson(reply, 200, tagRules.list()));
  app.get('/api/tags/:id', (request, reply) =>
    sendJson(
      reply,
      200,
      pick('tag rule', tagRules.list(), idOf(request), (rule) => rule.name),
    ),
  );
  app.post('/api/tags', async (request, reply) => {
    const rule = readBody(request, tagRuleSchema);
    const stored = await core.store.write(() => tagRules.add(rule));
    changed(core, `tag rule ${stored.name} added`);
    return sendJson(reply, 201, stored);
  });
  app.delete('/api/tags/:id', async (request, reply) => {
    const rule = pick('tag rule', tagRules.list(), idOf(request), (each) => each.name);
    if (!forced(request)) refuseUsedRule(core, rule.uuid);
    await core.store.write(() => tagRules.remove(rule.uuid));
    changed(core, `tag rule ${rule.name} removed`);
    return sendJson(reply, 200, { removed: rule.uuid });
  });
}

function manageModels(app: FastifyInstance, core: LabCore): void {
  const { models, brokers, images, policies } = core.store;
  app.get('/api/templates', (_request, reply) => sendJson(reply, 200, TEMPLATES.map(templateView)));
  app.get('/api/models', (_request, reply) => sendJson(reply, 200, models.list().map(modelView)));
  app.get('/api/models/:id', (request, reply) =>
    sendJson(reply, 200, modelView(pick('model', models.list(), idOf(request), (model) => model.label))),
  );
  app.post('/api/models', async (request, reply) => {
    const { force, userData, networkConfig, ...body } = readBody(request, modelSchema);
    if (!force) refuseUnknownSettings(core, body.metadata);
    refuseWrongSettings(body.metadata);
    refuseWrongImage(body, { userData, networkConfig });
    const image = body.image === undefined ? undefined : pick('image', images.list(), body.image, (each) => each.name);
    const wanted = FAMILY_IMAGE[familyOf(body.template)];
    if (image && image.type !== wanted)
      throw new Refusal(422, `image: ${body.template} wants an image of type ${wanted}`);
    await refuseMissing(core, body.template, body.metadata);
    const metadata = { ...body.metadata, ...cloudSettings({ userData, networkConfig }) };
    const model = { ...body, metadata, image: image?.uuid };
    const stored = await core.store.write(() => models.add(model));
    changed(core, `model ${stored.label} added`);
    return sendJson(reply, 201, modelView(stored));
  });
  app.get('/api/models/:id/preview', async (request, reply) => {
    const model = pick('model', models.list(), idOf(request), (each) => each.label);
    const { node } = request.query as { node?: string };
    const asked = node === undefined ? undefined : pickNode(core.store, node);
    return sendJson(reply, 200, await previewModel(core, core.addresses(request), model, asked));
  });
  app.delete('/api/models/:id', async (request, reply) => {
    const model = pick('model', models.list(), idOf(request), (each) => each.label);
    const user = policies.list().find((policy) => policy.model === model.uuid);
    if (user) throw new Refusal(409, `policy ${user.label} uses it`);
    await core.store.write(() => models.remove(model.uuid));
    changed(core, `model ${model.label} removed`);
    return sendJson(reply, 200, { removed: model.uuid });
  });
  app.get('/api/brokers', (_request, reply) => sendJson(reply, 200, brokers.list().map(brokerView)));
  app.post('/api/brokers', async (request, reply) => {
    const { secret: wanted, ...body } = readBody(request, brokerSchema);
    const secret = wanted === true ? newWebhookSecret() : wanted;
    const broker = { ...body, secret };
    const stored = await core.store.write(() => brokers.add(broker));
    changed(core, `broker ${stored.name} added`);
    // a secret that was made here is told this once
    return sendJson(reply, 201, { ...brokerView(stored), ...(wanted === true && { secret }) });
  });
  app.delete('/api/brokers/:id', async (request, reply) => {
    const broker = pick('broker', brokers.list(), idOf(request), (each) => each.name);
    const user = policies.list().find((policy) => policy.broker === broker.uuid);
    if (user) throw new Refusal(409, `policy ${user.label} uses it`);
    await core.store.write(() => brokers.remove(broker.uuid));
    changed(core, `broker ${broker.name} removed`);
    return sendJson(reply, 200, { removed: broker.uuid });
  });
}

function manageImages(app: FastifyInstance, core: LabCore, imageDir: () => string): void {
  const { images, models } = core.store;
  app.get('/api/images', (_request, reply) => sendJson(reply, 200, images.list().map(imageView)));
  app.get('/api/images/:id', (request, reply) =>
    sendJson(reply, 200, imageView(pick('image', images.list(), idOf(request), (image) => image.name))),
  );
  app.post('/api/images', async (request, reply) => {
    const body = readBody(request, imageSchema);
    try {
      return sendJson(reply, 201, imageView(await addImage(core, imageDir(), body)));
    } catch (error) {
      if (error instanceof RazorMkError) throw new Refusal(422, `${error.message} (${error.remedy})`);
      throw error;
    }
  });
  app.delete('/api/images/:id', async (request, reply) => {
    const image = pick('image', images.list(), idOf(request), (each) => each.name);
    const user = models.list().find((model) => model.image === image.uuid);
    if (user) throw new Refusal(409, `model ${user.label} uses it`);
    await core.store.write(() => images.remove(image.uuid));
    // only what the lab unpacked itself is deleted
    if (image.path.startsWith(imageDir() + sep)) await rm(image.path, { recursive: true, force: true });
    changed(core, `image ${image.name} ${image.version} removed`);
    return sendJson(reply, 200, { removed: image.uuid });
  });
}

function managePolicies(app: FastifyInstance, core: LabCore): void {
  const { policies, models, brokers } = core.store;
  const modelOf = (id: string): string => pick('model', models.list(), id, (model) => model.label).uuid;
  const brokerOf = (id: string): string => pick('broker', brokers.list(), id, (broker) => broker.name).uuid;
  /** Puts a policy at its line and counts all lines from 0 again. */
  const order = (moved: Policy, line: number): void => {
    const others = policies.list().filter((policy) => policy.uuid !== moved.uuid);
    others.splice(Math.min(line, others.length), 0, moved);
    others.forEach((policy, i) => policies.replace({ ...policy, line: i }));
  };
  app.get('/api/policies', (_request, reply) =>
    sendJson(
      reply,
      200,
      policies.list().map((policy) => policyView(core, policy)),
    ),
  );
  app.get('/api/policies/:id', (request, reply) =>
    sendJson(
      reply,
      200,
      policyView(
        core,
        pick('policy', policies.list(), idOf(request), (policy) => policy.label),
      ),
    ),
  );
  app.post('/api/policies', async (request, reply) => {
    const { line, force, ...body } = readBody(request, policySchema);
    if (!force) refuseUnknownTags(core, body.tags);
    const policy = {
      ...body,
      model: modelOf(body.model),
      broker: body.broker === undefined ? undefined : brokerOf(body.broker),
      line: policies.list().length,
    };
    const uuid = await core.store.write(() => {
      const stored = policies.add(policy);
      if (line !== undefined) order(stored, line);
      return stored.uuid;
    });
    changed(core, `policy ${body.label} added`);
    return sendJson(reply, 201, policyView(core, policies.get(uuid) as Policy));
  });
  app.patch('/api/policies/:id', async (request, reply) => {
    const policy = pick('policy', policies.list(), idOf(request), (each) => each.label);
    const { line, model, broker, force, ...rest } = readBody(request, policyChangeSchema);
    if (!force && rest.tags !== undefined) refuseUnknownTags(core, rest.tags);
    const next: Policy = {
      ...policy,
      ...(rest.label !== undefined && { label: rest.label }),
      ...(rest.tags !== undefined && { tags: rest.tags }),
      ...(rest.enabled !== undefined && { enabled: rest.enabled }),
      ...(rest.maximum !== undefined && { maximum: rest.maximum }),
      ...(rest.tries !== undefined && { tries: rest.tries }),
      ...(rest.installTimeout !== undefined && { installTimeout: rest.installTimeout }),
      ...(model !== undefined && { model: modelOf(model) }),
      ...(broker !== undefined && { broker: broker === null ? undefined : brokerOf(broker) }),
    };
    await core.store.write(() => {
      policies.replace(next);
      if (line !== undefined) order(next, line);
    });
    changed(core, `policy ${next.label} changed`);
    return sendJson(reply, 200, policyView(core, policies.get(policy.uuid) as Policy));
  });
  app.delete('/api/policies/:id', async (request, reply) => {
    const policy = pick('policy', policies.list(), idOf(request), (each) => each.label);
    await core.store.write(() => {
      policies.remove(policy.uuid);
      policies.list().forEach((each, i) => policies.replace({ ...each, line: i }));
    });
    changed(core, `policy ${policy.label} removed; nodes that it bound stay bound`);
    return sendJson(reply, 200, { removed: policy.uuid });
  });
}
