import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { bindPolicy, choosePolicy, policyAfterRemoval } from '../../../lab/engine/policy.ts';
import { explainNode } from '../../../lab/engine/explain-node.ts';
import type { LabCore } from '../../../lab/lab-core.ts';
import type { LabOptions } from '../../../lab/lab-settings.ts';
import type { NodeRecord, Policy } from '../../../lab/store/records.ts';
import { labCore } from '../../helpers/lab-core.ts';

interface Site {
  readonly core: LabCore;
  node(facts?: Readonly<Record<string, unknown>>, allowed?: boolean): Promise<NodeRecord>;
  policy(label: string, more?: Partial<Policy>): Promise<Policy>;
}

async function site(t: TestContext, options?: LabOptions): Promise<Site> {
  const { core } = labCore(t, options);
  const { store } = core;
  const model = { label: 'm', template: 'debian', image: undefined, metadata: {} };
  const { uuid } = await store.write(() => store.models.add(model));
  let ids = 0;
  return {
    core,
    async node(facts, allowed = true) {
      const { id } = await store.write(() => {
        const made = store.nodes.create({ dialect: 'razor', hwIds: [`52540000000${++ids}`], at: 1, allowed });
        if (facts) store.nodes.setFacts(made.id, facts, 'idle', 2);
        return made;
      });
      return store.nodes.byId(id) as NodeRecord;
    },
    policy: (label, more) =>
      store.write(() => {
        const line = store.policies.list().length;
        const plain = { label, line, enabled: true, maximum: 0, tags: [], model: uuid, broker: undefined };
        return store.policies.add({ ...plain, ...more });
      }),
  };
}

const bind = ({ core }: Site, node: NodeRecord): Promise<ReturnType<typeof bindPolicy>> =>
  core.store.write(() => bindPolicy(core, node));

describe('policies', () => {
  it('are looked through in order, and each that does not fit has its reason', async (t) => {
    const here = await site(t);
    const node = await here.node({ mk_hw_nic_count: '2' });
    assert.deepEqual(choosePolicy(here.core, node), { policy: undefined, reason: 'there are no policies' });
    await here.policy('off', { enabled: false });
    await here.policy('picky', { tags: ['nics_2', 'kvm_vm', 'nics_3'] });
    const reason = 'no policy fits: off is disabled; picky wants kvm_vm, nics_3';
    assert.deepEqual(choosePolicy(here.core, node), { policy: undefined, reason });
    await here.policy('two', { tags: ['nics_2'] });
    await here.policy('any');
    const { policy, reason: why } = choosePolicy(here.core, node);
    assert.equal(policy?.label, 'two');
    assert.equal(why, 'two is the first policy that fits: it has nics_2');
    const other = await here.node({});
    assert.equal(choosePolicy(here.core, other).reason, 'any is the first policy that fits: it asks for no tags');
  });

  it('name five of those that do not fit', async (t) => {
    const here = await site(t);
    for (let i = 1; i <= 6; i++) await here.policy(`p${i}`, { enabled: false });
    const { reason } = choosePolicy(here.core, await here.node());
    assert.match(reason, /p1 is disabled; .*p5 is disabled$/);
  });

  it('bind up to their maximum, a node that leaves not counted', async (t) => {
    const here = await site(t);
    const policy = await here.policy('one', { maximum: 1 });
    const [first, second] = [await here.node(), await here.node()];
    const { active } = await bind(here, first);
    assert.equal(active?.policy, policy.uuid);
    assert.equal(active.state, 'init');
    assert.equal(active.bound, here.core.wall());
    assert.deepEqual(await bind(here, second), { active: undefined, reason: 'no policy fits: one has its 1 already' });
    assert.equal(policyAfterRemoval(here.core, first)?.label, 'one');
    assert.equal(policyAfterRemoval(here.core, second), undefined);
  });

  it('say what they did, with the reason', async (t) => {
    const here = await site(t);
    await here.policy('all');
    const node = await here.node();
    await bind(here, node);
    const event = here.core.events.since(0).at(-1);
    assert.equal(event?.type, 'bound');
    assert.equal(event.node, node.uuid);
    assert.equal(event.message, 'bound to all (model m): all is the first policy that fits: it asks for no tags');
  });

  it('bind nobody to a model that does not exist', async (t) => {
    const here = await site(t);
    await here.policy('lost', { model: 'gone' });
    const bound = await bind(here, await here.node());
    assert.deepEqual(bound, { active: undefined, reason: 'lost names a model that does not exist' });
  });

  it('wait for somebody who allows a node where new ones are protected', async (t) => {
    const here = await site(t, { protectNewNodes: true });
    await here.policy('all');
    const stranger = await here.node({}, false);
    const bound = await bind(here, stranger);
    assert.equal(bound.active, undefined);
    assert.match(bound.reason, /^all fits, but new nodes are protected/);
    assert.equal(here.core.events.since(0).at(-1)?.type, 'protected');
    assert.equal(policyAfterRemoval(here.core, stranger), undefined);
    assert.ok((await bind(here, await here.node({}, true))).active);
  });
});

describe('why a node is bound or not', () => {
  const summary = ({ core }: Site, node: NodeRecord): string => explainNode(core, node).summary;

  it('is told from the first thing that it lacks to the policy that will bind it', async (t) => {
    const here = await site(t);
    assert.equal(summary(here, await here.node()), 'it has not sent its facts yet, so it has no tags');
    const node = await here.node({ mk_hw_nic_count: '2' });
    assert.equal(summary(here, node), 'there are no policies');
    await here.policy('picky', { tags: ['kvm_vm'] });
    await here.policy('off', { enabled: false });
    assert.equal(summary(here, node), 'no policy fits');
    await here.policy('two', { tags: ['nics_2'], maximum: 1 });
    assert.equal(summary(here, node), 'two is the first policy that fits: its next check-in binds it');
    const { policies } = explainNode(here.core, node);
    assert.deepEqual(
      policies.map(({ policy, obstacle, has, lacks }) => [policy, obstacle, has, lacks.map(({ tag }) => tag)]),
      [
        ['picky', undefined, [], ['kvm_vm']],
        ['off', 'it is disabled', [], []],
        ['two', undefined, ['nics_2'], []],
      ],
    );
    await bind(here, node);
    assert.equal(summary(here, node), 'it is bound to two; other policies are not looked at');
    assert.equal(explainNode(here.core, node).policies[2]?.obstacle, 'it has its 1 already');
  });

  it('says who has to allow it where new nodes are protected', async (t) => {
    const here = await site(t, { protectNewNodes: true });
    await here.policy('all');
    assert.match(summary(here, await here.node({}, false)), /^all fits, but new nodes are protected .*lab node allow/);
    assert.match(summary(here, await here.node({}, true)), /its next check-in binds it$/);
  });

  it('counts the ids of a Hanlon node as tags', async (t) => {
    const here = await site(t);
    const { store } = here.core;
    await here.policy('this one', { tags: ['5254000000AA'] });
    const make = (dialect: string, hwId: string): Promise<NodeRecord> =>
      store.write(() => {
        const { id } = store.nodes.create({ dialect, hwIds: [hwId], at: 1, allowed: true });
        store.nodes.setFacts(id, {}, 'idle', 2);
        return store.nodes.byId(id) as NodeRecord;
      });
    const hanlon = await make('hanlon', '5254000000AA');
    assert.match(summary(here, hanlon), /^this one is the first policy that fits/);
    assert.equal(choosePolicy(here.core, hanlon).policy?.label, 'this one');
    const razor = await make('razor', '5254000000AB');
    assert.equal(summary(here, razor), 'no policy fits');
  });
});
