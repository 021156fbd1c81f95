import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hanlonIds, hanlonLookupIds } from '../../../../lab/dialects/hanlon/hanlon-identity.ts';
import { labCore } from '../../../helpers/lab-core.ts';

const UUID = '4c4c4544-0042-4a10-8054-b7c04f564432';
const BIG = UUID.toUpperCase();

describe('who a machine is for Hanlon', () => {
  it('is its UUID before its MACs, each once and in one spelling', () => {
    assert.deepEqual(hanlonIds(UUID, '52:54:00:00:00:01__525400000001_52-54-00-00-00-02', false), [
      BIG,
      '525400000001',
      '525400000002',
    ]);
  });

  it('is its MACs alone where the UUID is what boards are shipped with, or none', () => {
    const shipped = [
      '03000200-0400-0500-0006-000700080009',
      '00020003-0004-0005-0006-000700080009',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '00000000-0000-0000-0000-000000000000',
      '12345678-1234-5678-90ab-cddeefaabbcc',
      'Not Settable',
      `${UUID}0`,
      `x${UUID}`,
      UUID.slice(1),
      '',
    ];
    for (const uuid of shipped) assert.deepEqual(hanlonIds(uuid, '525400000001', false), ['525400000001'], uuid);
    const near = '00000000-0000-0000-0000-000000000001';
    assert.deepEqual(hanlonIds(near, '', false), [near]);
    assert.deepEqual(hanlonIds('', '', false), []);
  });

  it('is the UUID alone for a faithful lab, whatever it is, and the MACs where it is empty', () => {
    assert.deepEqual(hanlonIds('Not Settable', '525400000001', true), ['NOT SETTABLE']);
    assert.deepEqual(hanlonIds('', '52540000000a__525400000002', true), ['52540000000A', '525400000002']);
  });

  it('is looked up by the MACs in a faithful lab, where nobody has the UUID and somebody has them', async (t) => {
    const { core } = labCore(t, { faithful: true });
    const create = (id: string): Promise<unknown> =>
      core.store.write(() => core.store.nodes.create({ dialect: 'hanlon', hwIds: [id], at: 1, allowed: true }));
    assert.deepEqual(hanlonLookupIds(core, UUID, '525400000001'), [BIG]);
    await create('525400000001');
    assert.deepEqual(hanlonLookupIds(core, UUID, '525400000001'), ['525400000001']);
    assert.deepEqual(hanlonLookupIds(core, UUID, ''), [BIG]);
    assert.deepEqual(hanlonLookupIds(core, UUID, '525400000002'), [BIG]);
    assert.deepEqual(hanlonLookupIds(core, '', '525400000001'), ['525400000001']);
    await create(BIG);
    assert.deepEqual(hanlonLookupIds(core, UUID, '525400000001'), [BIG]);
  });

  it('is looked up by all ids at once elsewhere', async (t) => {
    const { core } = labCore(t);
    const { nodes } = core.store;
    await core.store.write(() => nodes.create({ dialect: 'hanlon', hwIds: ['525400000001'], at: 1, allowed: true }));
    assert.deepEqual(hanlonLookupIds(core, UUID, '525400000001'), [BIG, '525400000001']);
  });
});
