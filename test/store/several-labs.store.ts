/** Three labs on one database, and a thousand nodes that ask another one each turn. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { herdId, seeded } from '../../lab/herd/herd.ts';
import { resumeHandOvers } from '../../lab/engine/brokers.ts';
import type { LabEvent } from '../../lab/lab-events.ts';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { checkin, register } from '../helpers/lab-process.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { until } from '../helpers/until.ts';

const NODES = 1000;
const SEED = 7;
const skip = NO_POSTGRES;
let server: PostgresServer;
before(async () => {
  if (skip === false) server = await startPostgres(undefined);
});
after(() => server?.stop());

interface Site {
  readonly labs: readonly Lab[];
  /** What each lab's log says, in its order. */
  readonly logs: readonly LabEvent[][];
}

async function site(t: TestContext, db: string, count: number): Promise<Site> {
  const logs = Array.from({ length: count }, (): LabEvent[] => []);
  const labs: Lab[] = [];
  const secretsKey = join(temporaryDirectory(t), 'secrets.key');
  for (const log of logs) {
    const ports = { nodes: 0, images: 0, people: 0 };
    labs.push(
      await startLab({
        ports,
        db,
        secretsKey,
        imageDir: temporaryDirectory(t),
        onEvent: (event) => void log.push(event),
      }),
    );
  }
  t.after(() => Promise.all(labs.map((lab) => lab.close())));
  return { labs, logs };
}

async function patch(lab: Lab, path: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${lab.peopleUrl}/api${path}`, { method: 'PATCH', headers, body: JSON.stringify(body) });
  const text = await reply.text();
  assert.ok(reply.ok, text);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Runs `work` for each, 24 at a time. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one);
  };
  await Promise.all(Array.from({ length: 24 }, worker));
}

/** Registers everybody, binds half, moves a policy, binds the rest. The policy of each node, by its id. */
async function live({ labs }: Site): Promise<Map<string, string>> {
  const random = seeded(SEED);
  const any = (): Lab => labs[Math.floor(random() * labs.length)] as Lab;
  const ids = Array.from({ length: NODES }, (_, i) => herdId(i, SEED));
  await any().store.write(() => undefined);
  const { store } = labs[0] as Lab;
  const policies = await store.write(() => {
    const model = store.models.add({ label: 'm', template: 'ubuntu_jammy', image: undefined, metadata: {} });
    for (const n of [0, 1]) {
      store.tagRules.add({
        name: `t${n}`,
        tag: `t${n}`,
        matchers: [{ key: 'kind', compare: 'equal', value: `k${n}`, inverse: false }],
      });
    }
    const rest = { enabled: true, maximum: 0, model: model.uuid, broker: undefined };
    return [
      store.policies.add({ ...rest, label: 'few', line: 0, tags: ['t0'], maximum: 50 }),
      store.policies.add({ ...rest, label: 'zero', line: 1, tags: ['t0'] }),
      store.policies.add({ ...rest, label: 'all', line: 2, tags: [] }),
      store.policies.add({ ...rest, label: 'one', line: 3, tags: ['t1'] }),
    ];
  });
  await each(ids, async (id) => {
    const kind = `k${Number.parseInt(id.slice(-1), 16) % 2}`;
    const reply = await register(any().nodesUrl, id, { kind, serialnumber: id });
    assert.equal(reply.status, 200, await reply.text());
  });
  const turn = async (id: string): Promise<void> => {
    // until it is bound: a lab that has not heard of the node yet tells it to register
    for (let turns = 0; turns < 10; turns++) {
      const command = await checkin(any().nodesUrl, id);
      if (command === 'reboot') return;
    }
    assert.fail(`${id} was not bound in ten turns`);
  };
  await each(ids.slice(0, NODES / 2), turn);
  // “one” takes the place of “all” for its nodes
  await patch(any(), `/policies/${policies[3]?.uuid}`, { line: 0 });
  await each(ids.slice(NODES / 2), turn);
  await each(ids, turn);
  const bound = new Map<string, string>();
  for (const active of store.activeModels.list()) {
    const [hwId = ''] = store.nodes.hwIds(active.node);
    assert.ok(!bound.has(hwId), `${hwId} is bound twice`);
    bound.set(hwId, active.policyLabel);
  }
  return bound;
}

test('three labs bind as one does, no node twice, and each of them hears everything once', { skip }, async (t) => {
  const one = await live(await site(t, ':memory:', 1));
  const url = await server.newDatabase();
  const three = await site(t, url, 3);
  const bound = await live(three);
  assert.equal(bound.size, NODES);
  const counts = (of: ReadonlyMap<string, string>): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const label of of.values()) sums[label] = (sums[label] ?? 0) + 1;
    return sums;
  };
  assert.deepEqual(counts(bound), counts(one));
  // which fifty come first is chance; everything else is not
  const merged = (label: string | undefined): string => (label === 'few' ? 'zero' : String(label));
  for (const [hwId, label] of one) assert.equal(merged(bound.get(hwId)), merged(label), hwId);
  const [first] = three.labs;
  for (const lab of three.labs) {
    await until('all labs to know the same', () => lab.store.activeModels.list().length === NODES);
    for (const { uuid, label } of lab.store.policies.list())
      assert.equal(lab.store.activeModels.countOf(uuid), counts(bound)[label] ?? 0);
  }
  const doubles = `SELECT count(*) FROM (SELECT policy, counter FROM razor_mk.active_model GROUP BY 1, 2 HAVING count(*) > 1) d`;
  assert.equal(await server.sql(doubles, url), '0', 'each host name once');
  for (const type of ['bound', 'registered'] as const) {
    for (const log of three.logs) {
      const nodes = (): LabEvent[] => log.filter((event) => event.type === type);
      await until(`${type} events of all labs`, () => new Set(nodes().map(({ node }) => node)).size === NODES);
      if (type === 'bound') assert.equal(nodes().length, NODES, 'none twice');
    }
  }
  assert.equal(three.labs.filter((lab) => lab.store.standing.leads).length, 1, 'one of them leads');
  await first?.close();
  const others = three.labs.slice(1);
  await until('another one to lead', () => others.filter((lab) => lab.store.standing.leads).length === 1, 15_000);
});

test(
  'a hand-over that several labs have in hand is made by one of them, and one that a lab left is made by the next',
  { skip },
  async (t) => {
    const asked: string[] = [];
    const broker = createServer((request, reply) => {
      asked.push(String(request.headers['webhook-id']));
      reply.statusCode = 200;
      reply.end();
    }).listen(0, '127.0.0.1');
    t.after(() => broker.close());
    await new Promise((resolve) => broker.once('listening', resolve));
    const { labs } = await site(t, await server.newDatabase(), 3);
    const [first] = labs as [Lab];
    const { store } = first;
    const url = `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`;
    const actives = await store.write(() => {
      const model = store.models.add({ label: 'm', template: 'ubuntu_jammy', image: undefined, metadata: {} });
      const { uuid } = store.brokers.add({ name: 'b', url });
      return ['A', 'B', 'C', 'D', 'E'].map((id) => {
        const node = store.nodes.create({ dialect: 'razor', hwIds: [id], at: 1, allowed: true });
        const rest = { policy: 'P', policyLabel: 'p', model, broker: uuid, state: 'os_complete', bound: 1 };
        return store.activeModels.bind({ ...rest, node: node.id });
      });
    });
    const known = (lab: Lab): boolean => lab.store.activeModels.list().length === actives.length;
    for (const lab of labs) await until('all labs to know them', () => known(lab));
    for (const lab of labs) resumeHandOvers(lab.core);
    const taken = (lab: Lab): boolean => lab.store.activeModels.list().every(({ state }) => state === 'broker_success');
    for (const lab of labs) await until('the hand-overs', () => taken(lab));
    assert.equal(asked.length, actives.length, 'each once');
    assert.equal(new Set(asked).size, actives.length);
  },
);
