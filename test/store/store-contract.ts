/** What every store does, whatever is behind it: run on SQLite by npm test and on PostgreSQL by npm run test:store. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Store } from '../../lab/store/store.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { binding, MADE, MODEL, type Opened } from './contract-samples.ts';
import { secretsContract } from './secrets-contract.ts';

const LINE = { at: 1, who: 'a', address: 'b', status: 200, details: '' };
const POLICY = {
  label: 'p',
  line: 0,
  enabled: true,
  maximum: 2,
  tags: ['a', 'b'],
  model: 'M',
  broker: undefined,
  tries: undefined,
  installTimeout: 60,
};

/** Registers the tests of one kind of store. */
export function storeContract(
  kind: string,
  open: (t: TestContext) => Promise<Opened>,
  skip: string | false = false,
): void {
  const check = (name: string, work: (opened: Opened, t: TestContext) => Promise<void>): void =>
    test(`${kind}: ${name}`, { skip }, async (t) => await work(await open(t), t)) as unknown as void;

  check('a node is found by its ids, changed, and gone with all that belongs to it', async ({ store }) => {
    const { nodes, activeModels } = store;
    const a = await store.write(() => nodes.create({ ...MADE, hwIds: ['A1', 'A2'] }));
    const b = await store.write(() => nodes.create({ ...MADE, hwIds: ['B1'] }));
    assert.deepEqual([a.id, b.id], [1, 2]);
    assert.deepEqual(
      nodes.find(['A1', 'A2', 'B1']).map(({ id }) => id),
      [1, 2],
    );
    await store.write(() => {
      nodes.setFacts(a.id, { serialnumber: 'S', nested: { list: [1, 2.5, null, true] } }, 'idle', 2000);
      nodes.update(a.id, {
        dhcpMac: '01-52',
        installed: 'os',
        forcedAction: 'reboot',
        forcedParam: { a: 1 },
        metadata: { rack: 'r1' },
      });
      nodes.addHwIds(b.id, ['A2']);
    });
    const stored = nodes.byId(a.id);
    assert.deepEqual({ ...nodes.facts(a.id) }, { serialnumber: 'S', nested: { list: [1, 2.5, null, true] } });
    assert.deepEqual(
      [
        stored?.contact,
        stored?.registered,
        stored?.factsVersion,
        stored?.version,
        stored?.lastState,
        stored?.installed,
      ],
      [2000, 2000, 1, 2, 'idle', 'os'],
    );
    assert.deepEqual(
      [stored?.forcedAction, stored?.forcedParam, stored?.metadata],
      ['reboot', { a: 1 }, { rack: 'r1' }],
    );
    assert.deepEqual([nodes.hwIds(a.id), nodes.hwIds(b.id)], [['A1'], ['B1', 'A2']]);
    assert.equal(nodes.anyHasFact('serialnumber'), true);
    assert.equal(nodes.anyHasFact('serial'), false);
    await store.write(() => nodes.update(a.id, { installed: null, forcedAction: null, forcedParam: null }));
    assert.deepEqual([nodes.byId(a.id)?.installed, nodes.byId(a.id)?.forcedParam], [undefined, undefined]);
    assert.deepEqual(
      nodes.silent(1500, ['razor']).map(({ id }) => id),
      [b.id],
    );
    const active = await store.write(() => activeModels.bind(binding(a.id)));
    await store.write(() => nodes.remove(a.id));
    assert.deepEqual([nodes.byId(a.id), activeModels.get(active.uuid), nodes.find(['A1'])], [undefined, undefined, []]);
    const c = await store.write(() => nodes.create({ ...MADE, hwIds: ['C1'] }));
    await store.write(() => nodes.remove(c.id));
    const d = await store.write(() => nodes.create({ ...MADE, hwIds: ['D1'] }));
    assert.equal(d.id, 4, 'a number is never given twice');
  });

  check('a write that throws is undone alone, and its neighbours are kept', async ({ store, again }) => {
    const add = (name: string, fails: boolean): Promise<unknown> =>
      store.write(() => {
        store.brokers.add({ name, url: `http://${name}/` });
        store.nodes.create({ ...MADE, hwIds: [name] });
        if (fails) throw new Error(`no ${name}`);
      });
    const results = await Promise.allSettled([add('one', false), add('two', true), add('three', false)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const names = (of: Store): string[] => of.brokers.list().map(({ name }) => name);
    assert.deepEqual([names(store), store.nodes.find(['two']).length, store.nodes.count()], [['one', 'three'], 0, 2]);
    const later = await again();
    assert.deepEqual([names(later), later.nodes.find(['three']).length, later.nodes.count()], [['one', 'three'], 1, 2]);
  });

  check(
    'what people configure comes back as it was, in its order, and the version counts each change',
    async ({ store, again }) => {
      const { version } = store;
      const rule = { name: 'r', tag: 't', matchers: [], rule: ['=', ['fact', 'a'], 'b'] };
      await store.write(() => {
        store.tagRules.add(rule);
        store.models.add(MODEL);
        store.policies.add({ ...POLICY, label: 'second', line: 1 });
        store.policies.add(POLICY);
      });
      assert.ok(store.version > version);
      const later = await again();
      const [first, second] = later.policies.list();
      assert.deepEqual([first?.label, second?.label], ['p', 'second']);
      assert.deepEqual({ ...first, uuid: '' }, { ...POLICY, uuid: '' });
      assert.deepEqual({ ...later.models.list()[0], uuid: '' }, { ...MODEL, uuid: '' });
      assert.deepEqual(later.tagRules.list()[0]?.rule, rule.rule);
      await later.write(() => {
        if (first && second) later.policies.replace({ ...first, enabled: false, line: 2 });
        later.models.remove(later.models.list()[0]?.uuid ?? '');
      });
      assert.deepEqual(
        later.policies.list().map(({ label, enabled }) => [label, enabled]),
        [
          ['second', true],
          ['p', false],
        ],
      );
      assert.equal(later.models.list().length, 0);
    },
  );

  check('an active model counts for its policy, moves, and keeps its log', async ({ store, again }) => {
    const { nodes, activeModels } = store;
    const [a, b] = await store.write(() => ['A', 'B'].map((id) => nodes.create({ ...MADE, hwIds: [id] })));
    const first = await store.write(() => activeModels.bind(binding(a?.id ?? 0)));
    const other = await store.write(() => activeModels.bind(binding(b?.id ?? 0)));
    assert.deepEqual([first.counter, other.counter, activeModels.countOf('P')], [1, 2, 2]);
    await store.write(() => {
      activeModels.setTry(first, { tries: 1, tried: 5, overdue: true });
      activeModels.record(first, {
        at: 6,
        oldState: 'init',
        state: 'preinstall',
        action: 'boot',
        method: 'boot_call',
        result: 'ok',
      });
      activeModels.setHandOver(first.uuid, { id: 'h', attempts: 1, next: 9, why: 'so' });
    });
    await assert.rejects(
      store.write(() => activeModels.bind(binding(a?.id ?? 0))),
      'one node, one active model',
    );
    const later = await again();
    const found = later.activeModels.get(first.uuid);
    assert.deepEqual(
      [found?.state, found?.tries, found?.tried, found?.overdue, found?.handOver?.why],
      ['preinstall', 1, 5, true, 'so'],
    );
    assert.deepEqual(
      later.activeModels.log(first.id).map(({ action, result }) => [action, result]),
      [['boot', 'ok']],
    );
    assert.deepEqual([...later.activeModels.states()].sort(), [
      ['init', 1],
      ['preinstall', 1],
    ]);
    assert.deepEqual(
      later.activeModels.installing().map(({ uuid }) => uuid),
      [first.uuid],
    );
    await later.write(() => later.activeModels.remove(first.uuid));
    assert.deepEqual([later.activeModels.ofNode(first.node), later.activeModels.log(first.id)], [undefined, []]);
  });

  check('contacts are counted at once and kept', async ({ store, again }) => {
    const node = await store.write(() => store.nodes.create({ ...MADE, hwIds: ['A'] }));
    store.nodes.touch(node.id, 'busy', 5000);
    store.nodes.touch(node.id, 'idle', 6000);
    assert.deepEqual([store.nodes.byId(node.id)?.contact, store.nodes.get(node.uuid)?.lastState], [6000, 'idle']);
    assert.deepEqual(store.nodes.silent(5500, ['razor']), []);
    const later = await again();
    const kept = later.nodes.byId(node.id);
    assert.deepEqual([kept?.contact, kept?.lastState, kept?.version], [6000, 'idle', 3]);
  });

  check('text and facts that hardware reports come back to the letter', async ({ store, again }) => {
    const strange = {
      nul: 'a\0b',
      half: 'x\ud800y',
      emoji: '\u{1f600}',
      quote: `it's "so" \\u0000 \\`,
      big: 12_345_678_901_234_567_000,
      small: 5e-324,
      zero: 0,
      empty: '',
      __proto: null,
      ключ: ['ä', { deep: [[]] }],
      long: 'ß'.repeat(100_000),
    };
    const node = await store.write(() => {
      const made = store.nodes.create({ ...MADE, hwIds: ['A'] });
      store.nodes.setFacts(made.id, strange, 'idle', 1);
      return made;
    });
    assert.deepEqual({ ...store.nodes.facts(node.id) }, strange);
    const later = await again();
    assert.deepEqual({ ...later.nodes.facts(node.id) }, strange);
    await later.write(() =>
      later.nodes.update(node.id, { installed: 'it\'s; DROP TABLE "node" --', metadata: { 'ä"': '\\' } }),
    );
    assert.deepEqual(later.nodes.byId(node.id)?.installed, 'it\'s; DROP TABLE "node" --');
    assert.deepEqual(later.nodes.byId(node.id)?.metadata, { 'ä"': '\\' });
  });

  check('a backup is a file of SQLite, and restoring it brings everything back', async ({ store }, t) => {
    const path = join(temporaryDirectory(t), 'copy.db');
    const node = await store.write(() => {
      const made = store.nodes.create({ ...MADE, hwIds: ['A'] });
      store.nodes.setFacts(made.id, { a: '1' }, 'idle', 1);
      store.brokers.add({ name: 'kept', url: 'http://a/' });
      store.people.audit.add({ ...LINE, action: 'before' });
      return made;
    });
    await store.backup(path);
    await store.write(() => {
      store.people.audit.add({ ...LINE, action: 'after' });
      store.nodes.remove(node.id);
      store.nodes.create({ ...MADE, hwIds: ['B'] });
      store.brokers.add({ name: 'later', url: 'http://b/' });
    });
    await store.restore(path);
    assert.deepEqual(
      [store.nodes.count(), store.nodes.find(['A'])[0]?.uuid, store.nodes.find(['B'])],
      [1, node.uuid, []],
    );
    assert.deepEqual({ ...store.nodes.facts(node.id) }, { a: '1' });
    assert.deepEqual(
      store.brokers.list().map(({ name }) => name),
      ['kept'],
    );
    await assert.rejects(store.restore('/nowhere/at/all'), { code: 'RAZOR_MK_LAB_DB' });
    const next = await store.write(() => store.nodes.create({ ...MADE, hwIds: ['C'] }));
    const actions = store.people.audit.list(9).map(({ action }) => action);
    assert.deepEqual(actions, ['after', 'before'], 'no line of the audit log goes');
    assert.equal(next.id, 3, 'a number of what was replaced is not given again');
  });

  secretsContract(check);

  check('many writes at once are each as if they were alone', async ({ store, again }) => {
    const policy = await store.write(() => store.policies.add(POLICY));
    const nodes = await store.write(() =>
      Array.from({ length: 40 }, (_, i) => store.nodes.create({ ...MADE, hwIds: [`N${i}`] })),
    );
    const bind = (node: number): Promise<boolean> =>
      store.write(() => {
        if (store.activeModels.countOf(policy.uuid) >= policy.maximum) return false;
        store.activeModels.bind({ ...binding(node), policy: policy.uuid });
        return true;
      });
    const bound = await Promise.all(nodes.map(({ id }) => bind(id)));
    assert.equal(bound.filter(Boolean).length, 2, 'the policy’s maximum');
    assert.equal((await again()).activeModels.countOf(policy.uuid), 2);
  });
}
