/** The API of the image over real https: who may, what is done, and what is not. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { createLoopBreaker } from '../../../../../agent/commands/loop-breaker.ts';
import type { Settings } from '../../../../../agent/config/settings.ts';
import { readForemanParameters } from '../../../../../agent/servers/foreman/foreman-parameters.ts';
import type { AgentEvent } from '../../../../../agent/loop/events.ts';
import { createHttpClient } from '../../../../../agent/http/http-client.ts';
import { createForemanApi, type ForemanApi } from '../../../../../agent/servers/foreman/api/foreman-api.ts';
import { createPeers } from '../../../../../agent/servers/foreman/api/allowed-peers.ts';
import { FOREMAN } from '../../../../../agent/servers/foreman/foreman-descriptor.ts';
import { createCommandRunner, type CommandRunner } from '../../../../../agent/loop/command-runner.ts';
import { createFactCache } from '../../../../../agent/state/fact-cache.ts';
import { machine } from '../../../../helpers/agent-parts.ts';
import { bench, type Bench } from '../../../../helpers/command-bench.ts';
import { fakeClock, type FakeClock } from '../../../../helpers/fake-clock.ts';
import { call } from '../../../../helpers/foreman/call.ts';

const FACTS = machine({ interfaces: 'eth0', macaddress_eth0: '52:54:00:00:00:C1', ipaddress_eth0: '127.0.0.1' });
const SETTINGS = { apiPort: 0, apiPlainPort: 0, apiAllow: [] as string[], apiKexec: false } as unknown as Settings;
const SERVER = { url: 'https://foreman.example', source: 'test', given: true };

interface Scene extends Bench {
  readonly api: ForemanApi;
  readonly runner: CommandRunner;
  readonly clock: FakeClock;
  readonly seen: AgentEvent[];
  /** Emits `event` for each of them. */
  readonly happened: EventEmitter;
  /** URLs of the doors. */
  readonly urls: () => string[];
  /** The order that was just answered, until so many programs were run in all. */
  readonly carriedOut: (programs: number) => Promise<void>;
  /** Nothing waits to be carried out, and time does not change that. */
  readonly nothingDone: () => Promise<void>;
}

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.api.close();
  scene = undefined;
});

interface SceneOptions {
  readonly settings?: Partial<Settings>;
  readonly kexec?: string;
  readonly addresses?: readonly string[];
  readonly limit?: number;
  /** The system is live: the doors are where they would be on a node. Programs are recorded all the same. */
  readonly live?: boolean;
}

async function open(options: SceneOptions = {}): Promise<Scene> {
  const made = await bench();
  const clock = fakeClock();
  const seen: AgentEvent[] = [];
  const happened = new EventEmitter();
  const emit = (event: AgentEvent): void => {
    seen.push(event);
    happened.emit('event');
  };
  const { log, system } = made.runtime;
  const { store } = made.request;
  const { signal } = new AbortController();
  const parts = { clock, log, emit, store, signal };
  // programs and reboots are recorded, nothing is fetched; that the doors are on loopback is what a dry system does
  const dry = { ...system, live: options.live ?? false, change: () => Promise.resolve(undefined) };
  const runner = createCommandRunner(
    { ...parts, system: dry },
    {
      store,
      descriptor: FOREMAN,
      facts: createFactCache(() => Promise.resolve(FACTS), clock),
      exclusion: () => ({ pattern: '', excludes: () => false }),
      dialect: () => ({ serverUrl: SERVER.url }) as never,
    },
  );
  const api = createForemanApi({
    ...parts,
    system: dry,
    breaker: createLoopBreaker(
      { ...parts, system: dry },
      { store, limit: options.limit ?? 5, efivars: '/nonexistent' },
    ),
    parameters: readForemanParameters(() => undefined),
    release: 'razor-mk test',
    kexec: options.kexec,
    openFiles: () => Promise.resolve(createHttpClient()),
    resolve: () => Promise.resolve(options.addresses ?? ['127.0.0.1']),
  });
  await api.refresh(SERVER, { ...SETTINGS, ...options.settings }, runner);
  const bootNic = {
    mac: '52:54:00:00:00:c1',
    name: 'eth0',
    address: options.live === true ? '127.0.0.1' : '192.0.2.5',
    why: 'test',
  };
  api.accepted({ facts: {}, bootNic, notes: [] });
  await api.refresh(SERVER, { ...SETTINGS, ...options.settings }, runner);
  scene = {
    ...made,
    api,
    runner,
    clock,
    seen,
    happened,
    urls: () => seen.filter((event) => event.event === 'listening').map(({ url }) => url),
    async carriedOut(programs) {
      await clock.whenAsleep();
      await clock.advance(2000);
      await made.ran(programs);
    },
    async nothingDone() {
      await call('GET', url('/facts')); // behind the answer of the order
      assert.equal(clock.sleeping, 0);
    },
  };
  return scene;
}

const url = (path: string): string => `${scene?.urls()[0] ?? ''}${path}`;
const json = async (method: string, path: string, body?: string): Promise<[number, unknown]> => {
  const reply = await call(method, url(path), body);
  return [reply.status, JSON.parse(reply.body)];
};

test('the order to reboot is answered first and carried out two seconds later, once however often it came', async () => {
  const { programs, carriedOut, seen } = await open();
  assert.match(url(''), /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual(await json('PUT', '/power/reboot', '{}'), [200, { result: true }]);
  assert.deepEqual(await json('PUT', '/power/reboot'), [200, { result: true }]);
  assert.deepEqual(programs, []);
  await carriedOut(1);
  assert.deepEqual(programs, [['reboot']]);
  assert.equal(seen.filter(({ event }) => event === 'command').length, 1);
});

test('old smart proxies reboot through their BMC route, and read the facts under their old name', async () => {
  const { programs, carriedOut } = await open();
  const reply = await json('PUT', '/bmc/192.0.2.5/chassis/power/cycle');
  assert.deepEqual(reply, [200, { action: 'cycle', result: true }]);
  await carriedOut(1);
  assert.deepEqual(programs, [['reboot']]);
  const facts = await json('GET', '/facts');
  assert.deepEqual(facts, await json('GET', '/inventory/facter'));
  const [status, value] = facts;
  assert.equal(status, 200);
  assert.equal((value as Record<string, string>)['discovery_bootif'], '52:54:00:00:00:c1');
});

test('only the server’s addresses and those written down may give orders; a stranger is told so and logged once', async () => {
  const { programs, lines, nothingDone, api, runner } = await open({ addresses: ['192.0.2.1', 'fd00::1'] });
  const [status, value] = await json('PUT', '/power/reboot', '{}');
  assert.equal(status, 403);
  assert.match(JSON.stringify(value), /api_allow/);
  assert.equal((await json('GET', '/inventory/facter'))[0], 403);
  await nothingDone();
  assert.deepEqual(programs, []);
  assert.equal(lines.filter((line) => line.includes('127.0.0.1 tried to give orders')).length, 1);
  await api.refresh(SERVER, { ...SETTINGS, apiAllow: ['127.0.0.0/8', 'nonsense'] }, runner);
  const again = scene?.urls().at(-1) ?? '';
  assert.equal((await call('PUT', `${again}/power/reboot`)).status, 200);
  assert.ok(lines.some((line) => line.includes('nonsense is neither an address nor a network')));
});

test('strangers who only hold connections open do not keep the server out', async (t) => {
  await open();
  const port = Number(new URL(url('')).port);
  const idle = Array.from({ length: 40 }, () =>
    connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' }).on('error', () => undefined),
  );
  t.after(() => idle.forEach((socket) => socket.destroy()));
  let cut = 0;
  const closed = new EventEmitter();
  for (const socket of idle) socket.once('close', () => (cut++, closed.emit('close')));
  while (cut < 36) await once(closed, 'close');
  assert.equal((await call('GET', url('/facts'))).status, 200);
});

test('a loop of reboots is held back with 503 and Retry-After, and nothing is done', async () => {
  const { programs, carriedOut, nothingDone, seen } = await open({ limit: 2 });
  for (let count = 0; count < 2; count++) {
    assert.equal((await json('PUT', '/power/reboot'))[0], 200);
    await carriedOut(count + 1);
  }
  const [status, value] = await json('PUT', '/power/reboot');
  assert.equal(status, 503);
  assert.match(JSON.stringify(value), /held back for 60 s/);
  await nothingDone();
  assert.equal(programs.length, 2);
  assert.ok(seen.some((event) => event.event === 'warning' && event.message.includes('looks like a loop')));
});

test('kexec is refused unless the node allows it', async () => {
  const { programs, nothingDone } = await open();
  const [status, value] = await json(
    'PUT',
    '/power/kexec',
    '{"kernel":"http://192.0.2.1/k","initram":"http://192.0.2.1/i"}',
  );
  assert.equal(status, 500);
  assert.match(JSON.stringify(value), /razor\.api_kexec=on/);
  await nothingDone();
  assert.deepEqual(programs, []);
});

test('an allowed kexec goes to the command that checks and caps, each word as an argument of its own', async () => {
  const { programs, carriedOut } = await open({ kexec: 'kexec-tools 2.0.25' });
  const order = {
    kernel: 'http://192.0.2.1/vmlinuz',
    initram: 'http://192.0.2.1/initrd',
    append: 'ks=http://192.0.2.1/ks; rm -rf / $(id)',
    extra: ['--reset-vga'],
  };
  assert.deepEqual(await json('PUT', '/power/kexec', JSON.stringify(order)), [200, { result: true }]);
  await carriedOut(2);
  const load = programs.find((argv) => argv[1] === '-l');
  assert.deepEqual(load?.slice(0, 3), ['kexec', '-l', '--reset-vga']);
  assert.equal(load?.at(-1), `--command-line=${order.append}`);
  assert.deepEqual(programs.at(-1), ['kexec', '-e']);
});

test('kexec orders that are no orders get a 500 with a reason', async () => {
  await open({ kexec: 'kexec-tools 2.0.25' });
  for (const [body, reason] of [
    ['', /not JSON/],
    ['{', /not JSON/],
    ['[]', /./],
    ['{"kernel":"file:///etc/shadow"}', /not an http/],
    ['{"kernel":"http://192.0.2.1/k","extra":"--load-panic /dev/mem"}', /options/],
    ['{"kernel":"http://192.0.2.1/k","append":"a\\u0000b"}', /cmdline/],
  ] as const) {
    const [status, value] = await json('PUT', '/power/kexec', body);
    assert.equal(status, 500, body);
    assert.match(JSON.stringify(value), reason, body);
  }
});

test('bodies are bounded, other routes and methods are none', async () => {
  await open();
  const long = await call('PUT', url('/power/reboot'), 'x'.repeat(70_000)).catch((error: unknown) => error as Error);
  assert.ok(long instanceof Error || long.status === 413);
  assert.equal((await json('GET', '/power/reboot'))[0], 405);
  assert.equal((await json('PUT', '/inventory/facter'))[0], 405);
  assert.equal((await json('GET', '/etc/passwd'))[0], 404);
  assert.equal(scene?.programs.length, 0);
});

test('plain http is opened only when it is asked for, as a second door with the same rules', async () => {
  await open();
  assert.equal(scene?.urls().length, 1);
  await scene?.api.close();
  const second = await open({ settings: { apiPlainPort: 8448 } });
  assert.deepEqual(
    second.urls().map((one) => one.split(':')[0]),
    ['https', 'http'],
  );
  // what the legacy route of a smart proxy asks: http, on the port where it expects the node
  assert.equal((await call('PUT', `${second.urls()[1] ?? ''}/bmc/127.0.0.1/chassis/power/cycle`)).status, 200);
});

test('a port that is taken is tried again, and the door that is open stays open', async (t) => {
  const holder = createServer();
  t.after(() => holder.close());
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const { clock, lines, urls, happened } = await open({ live: true, settings: { apiPort: 0, apiPlainPort: port } });
  assert.equal(urls().length, 1);
  assert.ok(lines.some((line) => line.includes(`no orders by http on 127.0.0.1 port ${port}`)));
  await new Promise((resolve) => holder.close(resolve));
  await clock.advance(10_000);
  while (urls().length < 2) await once(happened, 'event');
  assert.equal(urls()[1], `http://127.0.0.1:${port}`);
  assert.equal((await call('GET', url('/facts'))).status, 200);
});

test('peers are addresses and networks of both families, mapped ones too, and nobody else', () => {
  const { allows, wrong } = createPeers(['192.0.2.1', 'fd00::1'], ['198.51.100.0/24', 'fe80::/10', '1.2.3.4/40', 'x']);
  for (const yes of ['192.0.2.1', '::ffff:192.0.2.1', 'fd00::1', 'fd00:0::1', '198.51.100.9', 'fe80::1%eth0']) {
    assert.ok(allows(yes), yes);
  }
  for (const no of ['192.0.2.2', 'fd00::2', '198.51.101.1', '1.2.3.4', '', undefined])
    assert.ok(!allows(no), String(no));
  assert.deepEqual(wrong, ['1.2.3.4/40', 'x']);
});
