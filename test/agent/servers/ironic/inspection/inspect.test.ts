/** Inspections, sent to a stand-in that has the traps of the real servers; time stands still. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recorded, RECORDED_MAC } from '../../../../helpers/ironic-agent.ts';
import { met as world } from '../../../../helpers/ironic-conductor.ts';
import { startIronic } from '../../../../helpers/ironic-standin.ts';

const LIMIT = { timeout: 30_000 };

const api = (url: string): string => `ipa-api-url=${url}`;
const inspection = (url: string): string =>
  `ipa-inspection-callback-url=${url}/v1/continue_inspection BOOTIF=01-52-54-00-00-48-01`;

describe('inspection', LIMIT, () => {
  test('the inventory is posted without a version, with its length, and its node is looked up by its UUID', async (t) => {
    const set = await recorded();
    const facts = new Map(set.facts).set('place', {
      name: 'place',
      value: 'Zürich, 3. Stock ✓',
      group: 'x',
      sources: [],
    });
    const { ironic, agent } = await world(
      t,
      (url) => `${inspection(url)} ${api(url)}`,
      {},
      {
        collect: () => Promise.resolve({ ...set, facts }),
      },
    );
    await agent.until('heartbeat');
    const [body] = ironic.inspections;
    assert.equal((body?.['razor_mk'] as { facts: Record<string, string> }).facts['place'], 'Zürich, 3. Stock ✓');
    assert.equal(body?.['boot_interface'], '01-52-54-00-00-48-01');
    const [posted] = ironic.seen;
    assert.equal(posted?.headers['x-openstack-ironic-api-version'], undefined);
    const lookup = ironic.seen.find(({ path }) => path === '/v1/lookup');
    assert.equal(lookup?.query.get('node_uuid'), ironic.rules.uuid);
    assert.equal(lookup.query.get('addresses'), RECORDED_MAC);
    for (const { method, headers } of ironic.seen.filter((each) => each.method === 'POST')) {
      assert.ok(Number(headers['content-length']) > 0, `${method} has a length`);
      assert.equal(headers['transfer-encoding'], undefined);
    }
  });

  test('with ipa-collect-lldp the inventory waits for the switches, so long as ipa-lldp-timeout says', async (t) => {
    const waited: number[] = [];
    const neighboursHeard = (ms: number): Promise<void> => Promise.resolve(void waited.push(ms));
    for (const words of ['', 'ipa-collect-lldp=1', 'ipa-collect-lldp=true ipa-lldp-timeout=7', 'ipa-collect-lldp=0']) {
      const { agent } = await world(t, (url) => `${inspection(url)} ${words}`, {}, { neighboursHeard });
      await agent.until('reported');
    }
    const { agent } = await world(
      t,
      (url) => `${inspection(url)} ipa-inspection-collectors=default,lldp`,
      {},
      { neighboursHeard },
    );
    await agent.until('reported');
    assert.deepEqual(waited, [30_000, 7000, 30_000]);
  });

  test('a server that is busy or broken is asked five times at growing pauses, then the next URL', async (t) => {
    const second = await startIronic();
    t.after(() => second.close());
    const line = (url: string): string =>
      `ipa-inspection-callback-url=${url}/v1/continue_inspection,${second.url}/v1/continue`;
    const { ironic, agent } = await world(t, line, { locked: 2, broken: 3 });
    for (const wait of [5000, 7500, 11_250, 16_875]) {
      const slept = agent.clock.slept.length;
      await ironic.until(() => ironic.seen.length === slept + 1);
      await agent.clock.whenAsleep();
      assert.equal(agent.clock.slept.at(-1), wait);
      await agent.clock.advance(wait);
    }
    await agent.until('reported');
    assert.equal(ironic.seen.length, 5);
    assert.equal(second.inspections.length, 1);
    assert.equal(second.seen[0]?.path, '/v1/continue');
  });

  test('a refusal is not repeated where a lookup comes next', async (t) => {
    const { ironic, agent } = await world(t, (url) => `${inspection(url)} ${api(url)}`, { wanted: false });
    await ironic.until(() => ironic.seen.some(({ path }) => path === '/v1/lookup'));
    assert.equal(ironic.seen.filter(({ path }) => path === '/v1/continue_inspection').length, 1);
    assert.match(agent.said.join('\n'), /did not take the inventory.*Resource could not be found/);
  });

  test('without an API a refused inspection is tried again, at growing pauses, until it is taken', async (t) => {
    const { ironic, agent } = await world(t, inspection, { wanted: false });
    for (const wait of [60_000, 120_000]) {
      await agent.next('waiting');
      ironic.rules.wanted = wait > 60_000;
      await agent.clock.advance(wait);
    }
    await agent.until('reported');
    assert.equal(ironic.inspections.length, 1);
  });

  test('an inspection that was taken is not sent again: what comes next is Ironic’s decision', async (t) => {
    const { ironic, agent } = await world(t, inspection);
    await agent.until('reported');
    await agent.until('waiting');
    await agent.clock.advance(3600_000);
    assert.equal(ironic.seen.length, 1);
    assert.match(agent.said.join('\n'), /what comes next is its decision/);
  });
});
