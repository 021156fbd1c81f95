import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LabCore } from '../../lab/lab-core.ts';
import type { NodeRecord } from '../../lab/store/records.ts';
import { labCore } from '../helpers/lab-core.ts';

const asked = (core: LabCore, host?: string, localAddress?: string): string =>
  core.addresses({ headers: { host }, socket: { localAddress } }).nodes;

describe('the addresses that nodes are given', () => {
  it('are those by which the node reached the lab: the name of its request, else the address of the socket', (t) => {
    const { core } = labCore(t);
    assert.equal(asked(core, 'lab.example:8026', '10.0.0.1'), 'http://lab.example:8026');
    assert.equal(asked(core, 'lab.example', '10.0.0.1'), 'http://lab.example:8026');
    assert.equal(asked(core, '[fe80::1]:80', '10.0.0.1'), 'http://[fe80::1]:8026');
    assert.equal(asked(core, undefined, '::ffff:10.0.0.1'), 'http://10.0.0.1:8026');
    assert.equal(asked(core, undefined, 'fd00::ffff:1'), 'http://[fd00::ffff:1]:8026');
    assert.equal(asked(core, undefined, 'fd00::5'), 'http://[fd00::5]:8026');
    assert.equal(asked(core), 'http://127.0.0.1:8026');
  });

  it('never hold what is no name', (t) => {
    const { core } = labCore(t);
    for (const host of ['a b', 'lab/../x', '-lab', 'lab:123456', "lab'", '[fe80::1', 'x'.repeat(254), 'lab\nx', '']) {
      assert.equal(asked(core, host, '10.0.0.1'), 'http://10.0.0.1:8026', host);
    }
    assert.equal(asked(core, 'x'.repeat(253)), `http://${'x'.repeat(253)}:8026`);
  });

  it('are the ones that the operator names, whatever the node asked', (t) => {
    const { core } = labCore(t, { advertise: 'fd00::1', ports: { razorServer: 8150 } });
    assert.deepEqual(core.addresses({ headers: { host: 'evil' }, socket: {} }), {
      nodes: 'http://[fd00::1]:8026',
      images: 'http://[fd00::1]:8027',
      razorServer: 'http://[fd00::1]:8150',
    });
    const bracketed = labCore(t, { advertise: '[fd00::1]' }).core;
    assert.equal(asked(bracketed), 'http://[fd00::1]:8026');
    assert.equal(bracketed.addresses({ headers: {}, socket: {} }).razorServer, undefined);
  });
});

describe('the tags of a node', () => {
  const tagsOf = (core: LabCore, id: number): string[] => {
    const node = core.store.nodes.byId(id);
    assert.ok(node);
    return core.tags(node).map(({ tag }) => tag);
  };

  it('follow its facts and the rules as they change', async (t) => {
    const { core } = labCore(t);
    const { store } = core;
    const { id } = await store.write(() =>
      store.nodes.create({ dialect: 'razor', hwIds: ['A'], at: 1, allowed: true }),
    );
    assert.deepEqual(tagsOf(core, id), []);
    await store.write(() => store.nodes.setFacts(id, { mk_hw_nic_count: '2' }, 'idle', 2));
    assert.deepEqual(tagsOf(core, id), ['nics_2']);
    const matcher = { key: 'mk_hw_nic_count', compare: 'equal', value: '2', inverse: false } as const;
    await store.write(() => store.tagRules.add({ name: 'r', tag: 'twin', matchers: [matcher] }));
    assert.deepEqual(tagsOf(core, id), ['nics_2', 'twin']);
    await store.write(() => store.nodes.setFacts(id, { mk_hw_nic_count: '3' }, 'idle', 3));
    assert.deepEqual(tagsOf(core, id), ['nics_3']);
  });

  it('are reckoned once as long as facts, rules, metadata and what is installed stay as they are', async (t) => {
    const { core } = labCore(t);
    const { store } = core;
    const make = (hwId: string): Promise<NodeRecord> =>
      store.write(() => store.nodes.create({ dialect: 'razor', hwIds: [hwId], at: 1, allowed: true }));
    const [node, other] = [await make('A'), await make('B')];
    const first = core.tags(node);
    core.tags(other);
    assert.equal(core.tags(node), first);
    const changed: Partial<NodeRecord>[] = [{ metadata: { rack: '1' } }, { installed: 'debian' }, { factsVersion: 9 }];
    for (const change of changed) {
      const reckoned = core.tags(node);
      assert.notEqual(core.tags({ ...node, ...change }), reckoned, Object.keys(change)[0]);
    }
  });

  it('of Hanlon are its ids as well', async (t) => {
    const { core } = labCore(t);
    const { store } = core;
    const { id } = await store.write(() =>
      store.nodes.create({ dialect: 'hanlon', hwIds: ['A', 'B'], at: 1, allowed: true }),
    );
    assert.deepEqual(tagsOf(core, id), ['A', 'B']);
  });
});
