/** Turns of one agent against the stand-in, on a clock that moves when the test says so. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';
import { FOREMAN } from '../../../../agent/servers/foreman/foreman-descriptor.ts';
import type { FactSet } from '../../../../facts/fact-types.ts';
import { machine, runUntil, testAgent, type TestAgent, type TestAgentOptions } from '../../../helpers/agent-parts.ts';
import { startForeman, startSmartProxy, type ForemanStandIn } from '../../../helpers/foreman/server.ts';
import { json, scriptedServer, text } from '../../../helpers/scripted-server.ts';

let foreman: ForemanStandIn;
let agent: TestAgent | undefined;
beforeEach(async () => (foreman = await startForeman()));
afterEach(async () => {
  await agent?.stop();
  await foreman.close();
});

const NIC = { interfaces: 'eth0', macaddress_eth0: '52:54:00:00:00:C1', ipaddress_eth0: '192.0.2.5' };

function facts(more: Record<string, string> = {}): FactSet {
  return machine({ ...NIC, ...more });
}

async function start(words: Record<string, string> = {}, more: Partial<TestAgentOptions> = {}): Promise<TestAgent> {
  const line = Object.entries(words).map(([key, value]) => `${key}=${value}`);
  const started = await testAgent({
    server: foreman.url,
    descriptor: FOREMAN,
    kernel: parseCommandLine(line.join(' ')),
    ...more,
    args: { dialect: 'foreman', ...more.args },
  });
  started.facts = facts();
  return started;
}

const turns = (count: number) => () => (agent?.of('checkin').length ?? 0) >= count;
const warnings = (): string[] => (agent?.of('warning') ?? []).map(({ message }) => message);
const waits = (): number[] => agent?.of('waiting').map(({ ms }) => ms) ?? [];

test('facts go up once, are looked at every 15 minutes, and go up again only when the machine changed', async () => {
  agent = await start();
  await runUntil(agent, turns(4));
  assert.equal(foreman.uploads.length, 1);
  assert.deepEqual(
    waits()
      .slice(1)
      .map((ms) => Math.round(ms / 1000)),
    waits()
      .slice(1)
      .map(() => 900),
  );
  agent.facts = facts({ uptime_seconds: '4711', memoryfree: '1 MB' });
  await runUntil(agent, turns(5));
  assert.equal(foreman.uploads.length, 1, 'what changes by itself is no change');
  agent.facts = facts({ ipaddress_eth0: '192.0.2.6' });
  await runUntil(agent, () => agent?.of('registered').length === 2);
  assert.match(agent.of('registered')[1]?.reason ?? '', /changed: ipaddress_eth0/);
  assert.equal(foreman.hosts.get('52:54:00:00:00:c1')?.ip, '192.0.2.6');
});

test('nobody is asked: no check-in is told to people or counted as one', async () => {
  agent = await start();
  await runUntil(agent, turns(2));
  assert.deepEqual(
    agent.of('checkin').map(({ asked }) => asked),
    [false, false],
  );
});

test('fdi.uploadsleep is the pace, an interval that somebody wrote down wins, fdi.cachefacts forces uploads', async () => {
  agent = await start({ 'fdi.uploadsleep': '30', 'fdi.cachefacts': '2' });
  await runUntil(agent, turns(6));
  assert.equal(foreman.uploads.length, 3);
  assert.ok(waits().every((ms) => ms <= 30_000));
  assert.ok(!warnings().some((text) => text.includes('register')));
  await agent.stop();
  agent = await start({ 'fdi.uploadsleep': '30' }, { args: { 'checkin-interval': '600' } });
  await runUntil(agent, turns(3));
  assert.equal(Math.round((waits().at(-1) ?? 0) / 1000), 600);
  assert.ok(!warnings().some((text) => text.includes('forget')), 'Foreman forgets no node');
});

test('a refusal is shown in Foreman’s words with a remedy, and facts go up until they are taken', async () => {
  foreman.settings = { ...foreman.settings, ignoredInterfaces: ['eth*'] };
  agent = await start();
  await runUntil(agent, () => (agent?.of('error').length ?? 0) >= 2);
  const [error] = agent.of('error');
  assert.equal(error?.code, 'RAZOR_MK_REFUSED');
  assert.match(error?.message ?? '', /HTTP 422.*has all NICs filtered out, filter: eth\*/);
  assert.match(error?.remedy ?? '', /Ignore interfaces with matching identifier/);
  foreman.settings = { ...foreman.settings, ignoredInterfaces: [] };
  await runUntil(agent, () => foreman.hosts.size === 1);
  await runUntil(agent, () => agent?.of('registered').length === 1);
});

test('changed facts that were refused are not forgotten when the next turn finds nothing new', async () => {
  agent = await start();
  await runUntil(agent, turns(1));
  foreman.settings = { ...foreman.settings, autoProvisionError: 'No rule found for host mac5254000000c1' };
  agent.facts = facts({ ipaddress_eth0: '192.0.2.6' });
  await runUntil(agent, () => (agent?.of('error').length ?? 0) >= 1);
  assert.match(agent.of('error')[0]?.remedy ?? '', /discovery rules/);
  foreman.settings = { ...foreman.settings, autoProvisionError: undefined };
  await runUntil(agent, () => foreman.hosts.get('52:54:00:00:00:c1')?.ip === '192.0.2.6');
});

test('a boot card that gets its address late is told at the very next try, not when facts are a minute old', async () => {
  agent = await start();
  agent.facts = machine({ interfaces: 'eth0', macaddress_eth0: '52:54:00:00:00:C1' });
  await runUntil(agent, () => agent?.of('error').length === 1);
  assert.equal(agent.of('error')[0]?.code, 'RAZOR_MK_BOOT_NIC');
  agent.facts = facts();
  await runUntil(agent, () => agent?.of('registered').length === 1);
  assert.equal(agent.of('error').length, 1);
  assert.equal(foreman.uploads.length, 1, 'what Foreman must refuse was not sent');
});

test('through a smart proxy the path is another one, and Foreman’s refusal is found in its line', async (t) => {
  const proxy = await startSmartProxy({ foreman: foreman.url });
  t.after(() => proxy.close());
  foreman.settings = { ...foreman.settings, errorOnExisting: true, managed: ['52:54:00:00:00:c1'] };
  agent = await start({ 'proxy.type': 'proxy' }, { server: proxy.url });
  await runUntil(agent, () => (agent?.of('error').length ?? 0) >= 1);
  assert.match(
    agent.of('error')[0]?.message ?? '',
    /HTTP 500.*Discovery failed, code 422, reason: Host already exists/,
  );
  assert.match(agent.of('error')[0]?.remedy ?? '', /managed by Foreman already/);
  foreman.settings = { ...foreman.settings, errorOnExisting: false };
  await runUntil(agent, () => foreman.hosts.size === 1);
  assert.ok(proxy.requests.every((line) => line === 'POST /discovery/create'));
});

test('an address of the wrong kind says which proxy.type it may need', async () => {
  agent = await start({ 'proxy.type': 'proxy' });
  await runUntil(agent, () => (agent?.of('error').length ?? 0) >= 1);
  assert.match(agent.of('error')[0]?.remedy ?? '', /proxy\.type=foreman/);
});

test('whatever stands in front of Foreman may answer, the node goes on and says what came', async (t) => {
  const server = await scriptedServer();
  t.after(() => server.close());
  server.checkins(
    text('<html><h1>502 Bad Gateway</h1></html>', 502),
    text('', 500),
    json(['not', { an: 'object' }], 422),
    json({ error: { message: 'Resource not found' } }, 404),
    text('x'.repeat(3000), 422, 'text/plain'),
    (_asked, response) => response.writeHead(301, { location: 'https://other.example/' }).end(),
    text('{"message":'.repeat(200), 422),
    json({ id: 1 }, 201),
  );
  agent = await start({}, { server: server.url });
  await runUntil(agent, () => agent?.of('registered').length === 1);
  const said = agent.of('error').map(({ message }) => message);
  assert.equal(said.length, 7);
  assert.match(said[0] ?? '', /HTTP 502.*502 Bad Gateway$/);
  assert.match(said[1] ?? '', /no explanation/);
  assert.match(said[3] ?? '', /Resource not found/);
  assert.match(said[5] ?? '', /to https:\/\/other\.example\/; redirects are not followed/);
  assert.ok(said.every((message) => message.length < 1000));
});

test('Foreman below a path is asked there', async (t) => {
  const below = await startForeman({ prefix: '/foreman' });
  t.after(() => below.close());
  agent = await start({}, { server: below.url });
  await runUntil(agent, () => below.hosts.size === 1);
  assert.equal(below.uploads[0]?.headers['content-type'], 'application/json');
});
