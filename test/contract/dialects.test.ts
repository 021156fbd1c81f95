/** One story, told in every dialect: the agent's side against the lab's, which were written apart and meet only here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dialect, NodeReport } from '../../agent/servers/dialect.ts';
import { createHanlon } from '../../agent/servers/hanlon/hanlon.ts';
import { createRazorServer } from '../../agent/servers/razor-server/razor-server.ts';
import { createRazorDialect } from '../../agent/servers/razor/razor.ts';
import { exchangeOf } from '../../agent/http/exchange.ts';
import { createHttpClient } from '../../agent/http/http-client.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import type { LabOptions } from '../../lab/lab-settings.ts';
import { fakeClock, type FakeClock } from '../helpers/fake-clock.ts';

const OPEN = { razor: createRazorDialect, hanlon: createHanlon, 'razor-server': createRazorServer };
type DialectName = keyof typeof OPEN;
const NAMES: readonly DialectName[] = ['razor', 'hanlon', 'razor-server'];
const FACTS = {
  hostname: 'mk525400abcd01',
  is_virtual: 'false',
  mk_hw_nic_count: '2',
  macaddress: '52:54:00:ab:cd:01',
  'näme "x"': 'ü+&=%',
};
const STRUCTURED = { networking: { hostname: FACTS.hostname, mac: FACTS.macaddress } };
/** What razor-server gets of them. */
const FACTER_FORM = { ...FACTS, is_virtual: false, ...STRUCTURED };
const IDENTITY: Identity = {
  interfaces: [
    { name: 'eth0', mac: '52:54:00:ab:cd:01' },
    { name: 'eth1', mac: '52:54:00:ab:cd:02' },
  ],
  uuid: '564d5a12-0f3c-4b1e-9a77-52540012abcd',
  serial: 'CZ3012ABCD',
  assetTag: undefined,
  note: undefined,
};

const report = (more: Partial<NodeReport> = {}): NodeReport => ({
  identity: IDENTITY,
  facts: FACTS,
  firstCheckin: false,
  structured: STRUCTURED,
  lastState: 'idle',
  ...more,
});

function speak(name: DialectName, url: string, onSwitch?: (from: string | undefined, to: string) => void): Dialect {
  const exchange = exchangeOf(createHttpClient());
  return OPEN[name]({ serverUrl: url, exchange, ...(onSwitch && { onSwitch }) });
}

const doorOf = (name: DialectName, lab: Lab): string =>
  name === 'razor-server' ? (lab.razorServerUrl ?? '') : lab.nodesUrl;

interface World {
  readonly lab: Lab;
  readonly clock: FakeClock;
  readonly dialect: Dialect;
  /** The command of one more check-in. */
  ask(more?: Partial<NodeReport>): Promise<string>;
  node(): NonNullable<ReturnType<Lab['store']['nodes']['byId']>>;
}

async function inWorld(name: DialectName, options: LabOptions, story: (world: World) => Promise<void>): Promise<void> {
  const clock = fakeClock();
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, clock, ...options });
  try {
    const dialect = speak(name, doorOf(name, lab));
    await story({
      lab,
      clock,
      dialect,
      ask: async (more) => (await dialect.checkin(report(more))).command.name,
      node() {
        const node = lab.store.nodes.list()[0];
        assert.ok(node, 'the lab knows a node');
        return node;
      },
    });
  } finally {
    await lab.close();
  }
}

function addPolicy({ store }: Lab): Promise<void> {
  return store.write(() => {
    const model = store.models.add({ label: 'debian', template: 'debian', image: undefined, metadata: {} });
    const policy = { label: 'two-nics', line: 0, enabled: true, maximum: 0, broker: undefined };
    store.policies.add({ ...policy, tags: ['nics_2'], model: model.uuid });
  });
}

function setState({ lab, node }: World, state: string): Promise<void> {
  return lab.store.write(() => {
    const active = lab.store.activeModels.ofNode(node().id);
    assert.ok(active);
    const entry = { at: 0, oldState: active.state, state, action: 'test', method: 'callback', result: 'ok' };
    lab.store.activeModels.record(active, entry);
  });
}

type Told = Readonly<Record<DialectName, string>>;

interface Step {
  readonly what: string;
  readonly told: Told;
  readonly act: (world: World) => Promise<string>;
}

const each = (command: string): Told => ({ razor: command, hanlon: command, 'razor-server': command });

/** In order; `told` is what each dialect is answered. */
const STORY: readonly Step[] = [
  {
    what: 'a machine that nobody knows, at its first check-in',
    told: { ...each('register'), 'razor-server': 'none' },
    act: (world) => world.ask({ firstCheckin: true }),
  },
  {
    what: 'its facts are taken, flat texts or Facter’s form',
    told: each('stored'),
    async act({ dialect, lab, node }) {
      await dialect.register(report({ firstCheckin: true }));
      const isFacter = dialect.previewRegister(report()) === undefined;
      assert.deepEqual({ ...lab.store.nodes.facts(node().id) }, isFacter ? FACTER_FORM : FACTS);
      assert.equal(lab.store.nodes.count(), 1);
      return 'stored';
    },
  },
  {
    what: 'known, and no policy',
    told: { ...each('acknowledge'), 'razor-server': 'none' },
    act: (world) => world.ask(),
  },
  {
    what: 'a policy fits: razor-server says so at once, the older two with the next check-in',
    told: { ...each('acknowledge'), 'razor-server': 'reboot' },
    async act(world) {
      await addPolicy(world.lab);
      return await world.ask();
    },
  },
  { what: 'bound', told: each('reboot'), act: (world) => world.ask() },
  {
    what: 'installed, and booted into the microkernel all the same',
    told: { ...each('acknowledge'), 'razor-server': 'reboot' },
    async act(world) {
      await setState(world, 'complete_no_broker');
      return await world.ask();
    },
  },
  {
    what: 'silent for longer than the register timeout',
    told: { ...each('register'), 'razor-server': 'reboot' },
    async act(world) {
      await world.clock.advance(121_000);
      return await world.ask();
    },
  },
  {
    what: 'forced to turn itself off; razor-server has no such thing',
    told: { ...each('poweroff'), 'razor-server': 'reboot' },
    async act(world) {
      const { lab, node } = world;
      await lab.store.write(() => lab.store.nodes.update(node().id, { forcedAction: 'poweroff' }));
      return await world.ask();
    },
  },
  {
    what: 'forgotten by the server; razor-server makes a new node of it and the agent goes on under the new id',
    told: { ...each('register'), 'razor-server': 'reboot' },
    async act(world) {
      const { lab, node } = world;
      await lab.store.write(() => lab.store.nodes.remove(node().id));
      return await world.ask();
    },
  },
];

for (const faithful of [false, true]) {
  for (const name of NAMES) {
    test(`${name}: the whole story against a lab that is ${faithful ? 'faithful' : 'right'}`, async () => {
      await inWorld(name, { faithful }, async (world) => {
        for (const { what, told, act } of STORY) assert.equal(await act(world), told[name], what);
      });
    });
  }
}

describe('what differs', () => {
  test('Razor and Hanlon push their configuration, razor-server has none to push', async () => {
    for (const name of NAMES) {
      await inWorld(name, {}, async ({ dialect }) => {
        const { clientConfig } = await dialect.checkin(report({ firstCheckin: true }));
        assert.equal(clientConfig?.['mk_checkin_interval'], name === 'razor-server' ? undefined : 60);
      });
    }
  });

  test('a machine whose UUID is a placeholder is known to Hanlon by its MACs, and no two become one', async () => {
    await inWorld('hanlon', { faithful: true }, async ({ dialect, lab }) => {
      for (const mac of ['52:54:00:00:00:01', '52:54:00:00:00:02']) {
        const identity = { ...IDENTITY, uuid: 'Not Settable', interfaces: [{ name: 'eth0', mac }] };
        const notes = await dialect.register(report({ identity }));
        assert.match(notes[0] ?? '', /"Not Settable" is a placeholder/);
      }
      assert.equal(lab.store.nodes.count(), 2);
      assert.deepEqual(lab.store.nodes.hwIds(lab.store.nodes.list()[0]?.id ?? 0), ['525400000001']);
    });
  });

  test('razor-server: an id that was merged away answers 404 for ever, and the agent finds the id that is left', async () => {
    await inWorld('razor-server', { faithful: true }, async ({ lab }) => {
      const only = (mac: string): Partial<NodeReport> => ({
        identity: { ...IDENTITY, interfaces: [{ name: 'eth0', mac }] },
        facts: { macaddress: mac },
      });
      await speak('razor-server', lab.razorServerUrl ?? '').checkin(report(only('52:54:00:ab:cd:01')));
      const [old] = lab.store.nodes.list();
      const reply = await fetch(`${lab.razorServerUrl ?? ''}/svc/nodeid?net0=52:54:00:ab:cd:02`);
      const { id } = (await reply.json()) as { id: number };
      assert.notEqual(id, old?.id);
      const switches: [string | undefined, string][] = [];
      const dialect = speak('razor-server', `${lab.razorServerUrl ?? ''}/svc/checkin/${id}`, (from, to) =>
        switches.push([from, to]),
      );
      const both = { ...FACTS, macaddress_eth1: '52:54:00:ab:cd:02' };
      assert.equal((await dialect.checkin(report({ facts: both }))).command.name, 'none');
      assert.deepEqual(switches, [], 'the check-in that merges is still answered');
      assert.equal((await dialect.checkin(report({ facts: both }))).command.name, 'none');
      assert.deepEqual(switches, [[String(id), String(old?.id)]]);
      assert.equal(lab.store.nodes.count(), 1);
    });
  });

  test('razor-server: what goes wrong on the node is told to the server’s log of it', async () => {
    await inWorld('razor-server', {}, async ({ dialect, lab, ask, node }) => {
      await ask();
      await dialect.logToServer?.('error', 'the disk is on fire & more');
      const said = lab.events.since(0, node().uuid).findLast((event) => event.type === 'log');
      assert.equal(said?.message, 'the disk is on fire & more');
      assert.deepEqual(said?.details, { severity: 'error' });
    });
  });

  test('without any id nothing is sent', async () => {
    const nobody = { ...IDENTITY, interfaces: [], uuid: undefined };
    for (const name of NAMES) {
      await inWorld(name, {}, async ({ dialect, lab }) => {
        await assert.rejects(dialect.checkin(report({ identity: nobody })), { code: 'RAZOR_MK_NO_IDENTITY' });
        assert.equal(lab.exchanges.list().length, 0);
      });
    }
  });
});

const CROSSED: readonly (readonly [DialectName, DialectName])[] = [
  ['razor', 'razor-server'],
  ['hanlon', 'razor-server'],
  ['razor-server', 'razor'],
];

for (const [name, other] of CROSSED) {
  test(`${name} spoken to a server of ${other} is never taken for success`, async () => {
    await inWorld(name, { faithful: true }, async ({ lab }) => {
      const dialect = speak(name, doorOf(other, lab));
      const refused = { code: /^RAZOR_MK_(REPLY|REFUSED)$/ };
      await assert.rejects(dialect.checkin(report({ firstCheckin: true })), refused);
      if (name !== 'razor-server') await assert.rejects(dialect.register(report()), refused);
      assert.equal(lab.store.nodes.count(), 0);
    });
  });
}
