import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expireNodes, startExpiry } from '../../../lab/engine/expiry.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { LabCore } from '../../../lab/lab-core.ts';
import type { NodeRecord } from '../../../lab/store/records.ts';
import { labCore } from '../../helpers/lab-core.ts';

const create = ({ store }: LabCore, dialect: string, at: number): Promise<NodeRecord> =>
  store.write(() => store.nodes.create({ dialect, hwIds: [`${dialect}${at}`], at, allowed: true }));

describe('nodes that were silent for too long', () => {
  it('are forgotten, of Razor and Hanlon, and it is said for how long they were', async (t) => {
    const { core } = labCore(t, { timing: { nodeExpireMs: 300_000 } });
    const now = core.wall();
    const silent = await create(core, 'razor', now - 300_001);
    await create(core, 'hanlon', now - 400_600);
    const kept = [await create(core, 'razor', now - 300_000), await create(core, 'razor-server', 1)];
    assert.equal(await expireNodes(core), 2);
    assert.deepEqual(
      core.store.nodes.list().map(({ id }) => id),
      kept.map(({ id }) => id),
    );
    const [first, second] = core.events.since(0);
    assert.equal(first?.type, 'expired');
    assert.equal(first.node, silent.uuid);
    assert.equal(first.message, 'forgotten: unbound, and silent for 300 s');
    assert.equal(second?.message, 'forgotten: unbound, and silent for 401 s');
    assert.equal(await expireNodes(core), 0);
  });

  it('are kept for ever where the time is 0', async (t) => {
    const { core } = labCore(t, { timing: { nodeExpireMs: 0 } });
    await create(core, 'razor', 1);
    assert.equal(await expireNodes(core), 0);
    assert.equal(core.store.nodes.count(), 1);
  });

  it('are looked for at every sweep, until that is ended', async (t) => {
    const { core, clock } = labCore(t, { timing: { nodeExpireMs: 100, sweepMs: 1000 } });
    await create(core, 'razor', core.wall());
    const stop = startExpiry(core);
    await clock.advance(999);
    assert.equal(core.store.nodes.count(), 1);
    const gone = core.events.waitFor(({ type }) => type === 'expired');
    await clock.advance(1);
    await gone;
    assert.equal(core.store.nodes.count(), 0);
    await clock.whenAsleep();
    stop();
    assert.equal(clock.sleeping, 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(core.events.since(0).at(-1)?.type, 'expired', 'an end that was asked for is no failure');
  });

  it('are asked about again when the database was away, and what else goes wrong ends the sweeps, and is said', async (t) => {
    for (const [code, sweeps] of [
      ['RAZOR_MK_LAB_DB_AWAY', 2],
      ['RAZOR_MK_LAB_DB', 1],
    ] as const) {
      const { core, clock } = labCore(t, { timing: { nodeExpireMs: 100, sweepMs: 1000 } });
      let asked = 0;
      const silent = (): never => {
        asked++;
        throw new RazorMkError(code, 'no answer');
      };
      const store = { ...core.store, nodes: { ...core.store.nodes, silent }, standing: core.store.standing };
      const stop = startExpiry({ ...core, store });
      await clock.advance(1000);
      await clock.advance(1000);
      await clock.advance(0);
      assert.equal(asked, sweeps, code);
      const failures = core.events.since(0).filter(({ type }) => type === 'failed');
      assert.equal(failures.length, sweeps === 1 ? 1 : 0);
      if (sweeps === 1) assert.match(failures[0]?.message ?? '', /^expiry stopped: .*no answer/);
      stop();
    }
  });

  it('are left to the lab that leads, and to later while the database is away', async (t) => {
    const { core, clock } = labCore(t, { timing: { nodeExpireMs: 100, sweepMs: 1000 } });
    await create(core, 'razor', 1);
    for (const standing of [
      { leads: false, away: undefined },
      { leads: true, away: new Error('gone') },
    ]) {
      const store = { ...core.store, standing: { ...core.store.standing, ...standing } };
      const stop = startExpiry({ ...core, store } as LabCore);
      await clock.advance(1000);
      await clock.whenAsleep();
      stop();
      assert.equal(core.store.nodes.count(), 1);
    }
  });
});
