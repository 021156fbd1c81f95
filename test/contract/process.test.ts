/** The real program, in every dialect, from its kernel line to the moment where it would reboot. */
import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import type { Emit } from '../../agent/loop/events.ts';
import type { LabOptions } from '../../lab/lab-settings.ts';
import { razorMk } from '../helpers/razor-mk.ts';
import { addToTree } from '../helpers/tree.ts';
import { makeZip } from '../helpers/zip.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

interface Told {
  readonly event: string;
  readonly what?: string;
  readonly command?: string;
  readonly dialect?: string;
  readonly server?: string;
  readonly source?: string;
  readonly message?: string;
}

interface Place {
  readonly directory: string;
  readonly lab: Lab;
}

async function place(t: TestContext, options: LabOptions = {}): Promise<Place> {
  const directory = temporaryDirectory();
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, ...options });
  t.after(() => lab.close());
  addToTree(join(directory, 'root'), {
    'sys/class/net/eth0/type': '1\n',
    'sys/class/net/eth0/ifindex': '2\n',
    'sys/class/net/eth0/address': '52:54:00:ab:cd:01\n',
    'sys/class/net/eth0/addr_assign_type': '0\n',
    'sys/class/net/eth0/device/vendor': '0x8086\n',
    'sys/class/dmi/id/product_uuid': '564d5a12-0f3c-4b1e-9a77-52540012abcd\n',
    'proc/meminfo': 'MemTotal:        2048000 kB\nMemFree:         1024000 kB\n',
  });
  writeFileSync(join(directory, 'resolv.conf'), '');
  return { directory, lab };
}

function addPolicy({ store }: Lab): Promise<void> {
  return store.write(() => {
    const model = store.models.add({ label: 'debian', template: 'debian', image: undefined, metadata: {} });
    store.policies.add({
      label: 'all',
      line: 0,
      enabled: true,
      maximum: 0,
      broker: undefined,
      tags: [],
      model: model.uuid,
    });
  });
}

async function agent(
  { directory }: Place,
  kernelLine: string,
  ...more: string[]
): Promise<{ events: Told[]; status: number | undefined; stderr: string }> {
  writeFileSync(join(directory, 'cmdline'), `${kernelLine}\n`);
  const files = [
    '--cmdline',
    join(directory, 'cmdline'),
    '--root',
    join(directory, 'root'),
    '--state-dir',
    join(directory, 'state'),
  ];
  const quiet = ['--resolv-conf', join(directory, 'resolv.conf'), '--config', '/dev/null'];
  const pace = ['--checkin-interval', '0.2', '--checkin-skew', '0', '--turns', '8', '--stop-after-command', 'reboot'];
  const next = ['--next-server-file', join(directory, 'nextServerIP.addr')];
  const { status, out, err } = await razorMk(['run', '--events', ...files, ...quiet, ...pace, ...next, ...more]);
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  const events = lines.map((line) => JSON.parse(line) as Told);
  return { events, status, stderr: err };
}

const commands = (events: readonly Told[]): (string | undefined)[] =>
  events.filter(({ event }) => event === 'checkin').map(({ command }) => command);

function assertReboots({ events, status, stderr }: Awaited<ReturnType<typeof agent>>): void {
  const would = events.filter(({ event, what }) => event === 'would' && what?.startsWith('reboot'));
  assert.equal(would.length, 1, `${stderr}\n${events.map((event) => JSON.stringify(event)).join('\n')}`);
  assert.equal(status, 0);
}

test('razor: register, acknowledge, would reboot', async (t) => {
  const here = await place(t);
  await addPolicy(here.lab);
  const result = await agent(here, `quiet razor.ip=${new URL(here.lab.nodesUrl).host}`);
  assertReboots(result);
  assert.deepEqual(commands(result.events), ['register', 'acknowledge', 'reboot']);
  assert.deepEqual(here.lab.store.nodes.hwIds(1), ['525400ABCD01']);
});

test('hanlon, by hanlon.ip= on the kernel line: register, acknowledge, would reboot', async (t) => {
  const here = await place(t, { faithful: true });
  await addPolicy(here.lab);
  const result = await agent(here, `quiet hanlon.ip=${new URL(here.lab.nodesUrl).host}`);
  assertReboots(result);
  assert.equal(result.events[0]?.dialect, 'hanlon');
  assert.deepEqual(commands(result.events), ['register', 'acknowledge', 'reboot']);
  assert.deepEqual(here.lab.store.nodes.hwIds(1), ['564D5A12-0F3C-4B1E-9A77-52540012ABCD']);
});

test('hanlon, by the files of the DHCP client: address, port and base path', async (t) => {
  const here = await place(t);
  await addPolicy(here.lab);
  const { hostname, port } = new URL(here.lab.nodesUrl);
  writeFileSync(join(here.directory, 'hanlonServerIP.addr'), `${hostname}\n`);
  writeFileSync(join(here.directory, 'hanlonServerPort.addr'), `${port}\n`);
  writeFileSync(join(here.directory, 'hanlonServerBaseUri.addr'), '/hanlon/api/v1\n');
  const result = await agent(here, 'quiet');
  assertReboots(result);
  const found = result.events.find(({ event }) => event === 'discovered');
  assert.deepEqual(
    [found?.source, found?.server],
    ['DHCP options of Hanlon', `http://${hostname}:${port}/hanlon/api/v1`],
  );
});

test('razor-server, by razor.register=: the first check-in registers, a policy that fits means reboot at once', async (t) => {
  const here = await place(t, { faithful: true });
  const reply = await fetch(`${here.lab.razorServerUrl ?? ''}/svc/nodeid?net0=52:54:00:ab:cd:01`);
  const { id } = (await reply.json()) as { id: number };
  await addPolicy(here.lab);
  const result = await agent(here, `quiet razor.register=${here.lab.razorServerUrl ?? ''}/svc/checkin/${id}`);
  assertReboots(result);
  assert.deepEqual(commands(result.events), ['reboot']);
  const facts = here.lab.store.nodes.facts(id);
  assert.equal(facts['macaddress_eth0'], '52:54:00:ab:cd:01', 'in lower case, as its rules compare it');
  assert.equal(typeof facts['is_virtual'], 'boolean', 'local boot of the server depends on it');
  assert.ok('kernel' in facts, 'the server filters: nothing is kept back');
  assert.ok(result.events.some(({ event, what }) => event === 'would' || /extension/.test(what ?? '')));
});

test('razor-server: the extension is fetched before each turn, and facts are gathered with what is in it', async (t) => {
  const root = temporaryDirectory(t);
  const extensionZip = join(root, 'extension.zip');
  writeFileSync(extensionZip, makeZip([{ name: 'facts.d/site.txt', data: 'rack=12\nrow=b\n' }]));
  utimesSync(extensionZip, 1_790_000_000, 1_790_000_000);
  const here = await place(t, { faithful: true, razorServer: { extensionZip } });
  // live, because a dry run does not fetch code; without a policy there is nothing that this could do to the machine
  const reply = await fetch(`${here.lab.razorServerUrl ?? ''}/svc/nodeid?net0=52:54:00:ab:cd:01`);
  const { id } = (await reply.json()) as { id: number };
  const line = `razor.register=${here.lab.razorServerUrl ?? ''}/svc/checkin/${id} razor.extend=${here.lab.razorServerUrl ?? ''}/svc/mk/extension.zip`;
  const { events, factDirs, stderr } = await agentLiveOnlyForTheExtension(here, line);
  assert.deepEqual(commands(events), ['none', 'none'], stderr);
  assert.ok(id > 0);
  assert.deepEqual(new Set(factDirs), new Set([join(here.directory, 'mk-update/facts.d')]));
  const asked = here.lab.exchanges.list().filter(({ url }) => url.endsWith('.zip'));
  assert.deepEqual(
    asked.map(({ status, replyBody }) => [status, replyBody === '']),
    [
      [200, false],
      [200, true],
    ],
  );
});

/** The parts of `run`, with a system that is live: the whole verb with --live would also set the host name. */
async function agentLiveOnlyForTheExtension(
  here: Place,
  line: string,
): Promise<{ events: Told[]; factDirs: string[]; stderr: string }> {
  const { startAgent } = await import('../../agent/loop/agent.ts');
  const { createRegistry } = await import('../../agent/commands/command-registry.ts');
  const { startExtensions } = await import('../../agent/servers/razor-server/extension/extension-cache.ts');
  const { openStateStore } = await import('../../agent/state/state-store.ts');
  const { setUp } = await import('../../agent/cli/setup.ts');
  const { systemClock } = await import('../../platform/time/clock.ts');
  const { silentLog } = await import('../../platform/log/log.ts');
  const { createSystem } = await import('../../platform/system.ts');
  const { directory } = here;
  writeFileSync(join(directory, 'cmdline'), line);
  const signal = new AbortController().signal;
  const args = {
    cmdline: join(directory, 'cmdline'),
    'resolv-conf': join(directory, 'resolv.conf'),
    config: '/dev/null',
    'next-server-file': join(directory, 'nextServerIP.addr'),
    'dns-port': undefined,
    root: join(directory, 'root'),
    from: undefined,
    'state-dir': directory,
    'checkin-interval': '0.2',
    'checkin-skew': '0',
  };
  const nothing = (): void => undefined;
  const host = {
    env: {},
    out: nothing,
    err: nothing,
    interactive: false,
    colour: false,
    columns: 80,
    self: ['razor-mk'] as [string],
    signal,
  };
  const setup = await setUp(args, host);
  const system = createSystem({ live: true, log: silentLog });
  const store = await openStateStore(directory);
  const { descriptor, kernel, httpFor } = setup;
  assert.ok(descriptor.turns !== undefined);
  const extension = startExtensions({ kernel, httpFor, stateDir: store.dir, system, signal, log: silentLog });
  const events: Told[] = [];
  const factDirs: string[] = [];
  const emit: Emit = (event) => void events.push(event as Told);
  await startAgent(
    { clock: systemClock, log: silentLog, emit, system, signal },
    {
      store,
      turns: 2,
      commands: createRegistry(),
      settings: setup.settings,
      discover: setup.discover,
      httpFor: setup.httpFor,
      collect: () => {
        const dirs = extension.factDirs?.() ?? [];
        factDirs.push(...dirs);
        return setup.collect({ ...setup.settings({}).values, externalFacts: dirs }, signal);
      },
      descriptor,
      kernel,
      service: extension,
    },
  ).done;
  return { events, factDirs, stderr: events.map((event) => JSON.stringify(event)).join('\n') };
}

test('two servers on one kernel line are refused by name, and razor.dialect= decides', async (t) => {
  const here = await place(t);
  await addPolicy(here.lab);
  const { host } = new URL(here.lab.nodesUrl);
  const refused = await agent(here, `razor.ip=${host} hanlon.ip=${host}`, '--once');
  assert.match(refused.stderr, /the kernel line names 2 servers: razor\.ip= \(razor\) and hanlon\.ip= \(hanlon\)/);
  assert.match(refused.stderr, /razor\.dialect=razor or razor\.dialect=hanlon/);
  assertReboots(await agent(here, `razor.ip=${host} hanlon.ip=${host} razor.dialect=hanlon`));
});
