import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { askStatus, findSocket } from '../../../agent/status/local-client.ts';
import { createStatusTracker } from '../../../agent/status/status-tracker.ts';
import { parsePushBody } from '../../../agent/status/push-body.ts';
import { SOCKET_NAME, openLocalApi, type LocalApi } from '../../../agent/status/local-api.ts';
import { resolveAgentSettings } from '../../../agent/config/resolve.ts';
import type { PushedMap } from '../../../agent/config/pushed.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { sample } from './sample.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const lines: string[] = [];
const log = createLog({ people: (line) => lines.push(line) });

async function control(
  t: TestContext,
  more: Partial<Parameters<typeof openLocalApi>[0]> = {},
): Promise<LocalApi & { offered: PushedMap[]; url: string }> {
  const offered: PushedMap[] = [];
  let last = '';
  const made = await openLocalApi({
    snapshot: () => sample(),
    pushFrom: () => 'root',
    offerConfig(map) {
      offered.push(map);
      const changed = JSON.stringify(map) !== last && map['mk_checkin_interval'] !== -1;
      last = JSON.stringify(map);
      return {
        changed,
        refused:
          map['mk_checkin_interval'] === -1
            ? [{ key: 'mk_checkin_interval', value: '-1', reason: 'is too small' }]
            : [],
      };
    },
    socketPath: join(dir, SOCKET_NAME),
    port: 0,
    log,
    ...more,
  });
  t.after(() => made.close());
  return { ...made, offered, url: `http://127.0.0.1:${made.port}` };
}

const MAP = { mk_checkin_interval: 30, mk_uri: 'http://10.0.0.1:8026', mk_log_level: 'Logger::ERROR' };
/** As Ruby 1.8's Net::HTTP.post_form sends a string. */
const ODD = `${encodeURIComponent(JSON.stringify(MAP)).replaceAll('%20', '+')}=`;

test('the odd body of the original and plain JSON are the same configuration', () => {
  assert.deepEqual(parsePushBody(ODD), MAP);
  assert.deepEqual(parsePushBody(JSON.stringify(MAP)), MAP);
  assert.deepEqual(parsePushBody(`${JSON.stringify({ a: 'x=y+z' })}\n`), { a: 'x=y+z' });
  for (const bad of ['', '=', '[]', '"x"', 'null=', '%ZZ', '{"a":1', 'razorURI=http://x'])
    assert.throws(() => parsePushBody(bad), { status: 400 });
});

test('a push has the original’s two answers', async (t) => {
  const made = await control(t);
  const post = (body: string, headers = {}) => fetch(`${made.url}/setMkConfig`, { method: 'POST', body, headers });
  const first = await post(ODD, { 'content-type': 'application/x-www-form-urlencoded' });
  assert.deepEqual(
    [first.status, await first.text()],
    [200, 'New configuration saved, Microkernel Controller restarted'],
  );
  assert.match(first.headers.get('content-type') ?? '', /^text\/plain/);
  const second = await post(JSON.stringify(MAP), { 'content-type': 'text/json' });
  assert.equal(second.headers.get('content-type'), 'application/json');
  assert.deepEqual(await second.json(), { json_received: MAP, message: 'Configuration unchanged; no update' });
  const refused = await post('{"mk_checkin_interval":-1}');
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /is too small/);
  assert.equal((await post('nonsense')).status, 400);
  assert.equal((await post(`{"a":"${'x'.repeat(100_000)}"}`).catch(() => ({ status: 413 }))).status, 413);
  assert.equal(made.offered.length, 3);
});

test('a page in a browser cannot push, and other methods and paths are told what they are', async (t) => {
  const made = await control(t);
  const foreign = await fetch(`${made.url}/setMkConfig`, {
    method: 'POST',
    body: '{}',
    headers: { origin: 'http://evil.example' },
  });
  assert.equal(foreign.status, 403);
  assert.equal((await fetch(`${made.url}/setMkConfig`)).status, 405);
  assert.equal((await fetch(`${made.url}/etc/passwd`)).status, 404);
  assert.equal(made.offered.length, 0);
});

test('health and metrics are answered, and health fails when nothing happens any more', async (t) => {
  let healthy = true;
  const made = await control(t, { snapshot: () => sample({ healthy, state: 'waiting: the next turn' }) });
  const good = await fetch(`${made.url}/healthz`);
  assert.deepEqual([good.status, await good.text()], [200, 'ok: waiting: the next turn\n']);
  healthy = false;
  assert.equal((await fetch(`${made.url}/healthz`)).status, 503);
  const metrics = await fetch(`${made.url}/metrics`);
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await metrics.text(), /^razor_mk_healthy 0$/m);
});

test('the status socket is for its owner only, is found by its directory, and goes with the agent', async (t) => {
  const made = await control(t);
  const path = join(dir, SOCKET_NAME);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(await findSocket(dir), path);
  assert.equal((await askStatus(path)).server?.url, 'http://10.0.0.1:8026');
  await made.close();
  assert.throws(() => statSync(path));
  await assert.rejects(askStatus(path), { code: 'RAZOR_MK_NO_AGENT' });
});

test('a socket that a killed agent left does not hide an older agent that runs', async () => {
  const base = temporaryDirectory();
  const [older, newer] = ['razor-mk-state-a', 'razor-mk-state-b'].map((name) => join(base, name, SOCKET_NAME));
  assert.ok(older !== undefined && newer !== undefined);
  for (const path of [older, newer]) mkdirSync(dirname(path));
  const agent = createServer().listen(older);
  try {
    await once(agent, 'listening');
    leaveSocket(newer);
    utimesSync(newer, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    assert.equal(await findSocket(undefined, base), older);
  } finally {
    agent.close();
  }
});

/** A socket file without a listener, as kill -9 leaves it. */
function leaveSocket(path: string): void {
  const code = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', code]);
}

test('a socket that a killed agent left is replaced; one that somebody listens on, or a file, is not', async (t) => {
  const stale = join(dir, 'stale.sock');
  leaveSocket(stale);
  assert.ok(statSync(stale).isSocket());
  const made = await control(t, { socketPath: stale });
  assert.equal(made.socketPath, stale);
  const second = await control(t, { socketPath: stale });
  assert.equal(second.socketPath, undefined, 'the first one keeps it');
  assert.ok(lines.some((line) => /another agent answers there/.test(line)));
  await second.close();
  assert.equal((await askStatus(stale)).pid, 1);
  await made.close();
  const file = join(dir, 'file.sock');
  writeFileSync(file, 'precious');
  await (await control(t, { socketPath: file })).close();
  assert.equal(readFileSync(file, 'utf8'), 'precious');
});

test('a port that is taken costs the local web interface, not the agent', async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1');
  t.after(() => squatter.close());
  await once(squatter, 'listening');
  const { port } = squatter.address() as { port: number };
  const made = await control(t, { port });
  assert.equal(made.port, undefined);
  assert.ok(lines.some((line) => /EADDRINUSE/.test(line)));
});

test('the tracker turns events into state in words, counts, and what is wrong', async () => {
  const clock = fakeClock();
  const settings = resolveAgentSettings({ options: { token: 'hush', 'checkin-interval': '60' } });
  const tracker = createStatusTracker({
    clock,
    version: '1',
    stateDir: dir,
    system: createSystem({ live: false, log }),
    settings: () => settings,
  });
  tracker.onEvent({ event: 'step', name: 'network', state: 'running', note: 'no NIC has a link' });
  assert.equal(tracker.snapshot().state, 'network: no NIC has a link');
  tracker.onEvent({ event: 'discovered', server: 'http://a', source: 'DNS', candidates: ['http://a'], steps: [] });
  tracker.onEvent({
    event: 'checkin',
    server: 'http://a',
    firstCheckin: true,
    command: 'wipe',
    durationMs: 20,
    turn: 1,
  });
  tracker.onEvent({ event: 'command', name: 'wipe', known: false, destructive: false, plan: [] });
  for (let i = 0; i < 3; i++)
    tracker.onEvent({ event: 'error', code: 'RAZOR_MK_HTTP', message: 'refused token=hush', remedy: 'look' });
  tracker.onEvent({ event: 'waiting', ms: 5000, reason: 'after 3 failed turns' });
  const seen = tracker.snapshot();
  assert.deepEqual([seen.turns.failedInARow, seen.turns.good, seen.turns.next?.inMs], [3, 1, 5000]);
  assert.deepEqual(
    seen.problems.map(({ times, message }) => [times, message]),
    [[3, 'refused token=[redacted]']],
  );
  assert.deepEqual([seen.unknownCommands, tracker.errorsForFacts()], [['wipe'], ['unknown command wipe']]);
  assert.equal(seen.counters.errors['RAZOR_MK_HTTP'], 3);
  assert.equal(seen.config.find(({ name }) => name === 'token')?.value, '[redacted]');
  assert.doesNotMatch(JSON.stringify(seen), /hush/);
  assert.equal(seen.healthy, true);
  await clock.advance(400_000);
  assert.equal(tracker.snapshot().healthy, false, 'nothing happened for longer than it may');
});

test('an announced wait that is longer than the stall limit is no stall', async () => {
  const clock = fakeClock();
  const tracker = createStatusTracker({
    clock,
    version: '1',
    stateDir: dir,
    system: createSystem({ live: false, log }),
    settings: () => undefined,
  });
  tracker.onEvent({ event: 'waiting', ms: 600_000, reason: 'the server asked to be left alone for 600 s' });
  await clock.advance(590_000);
  assert.equal(tracker.snapshot().healthy, true);
  await clock.advance(311_000);
  assert.equal(tracker.snapshot().healthy, false, 'the turn after the wait never came');
});

test('with Foreman the status tells the last upload and where orders are taken; a due upload that fails is no good turn', () => {
  const settings = resolveAgentSettings({ options: { dialect: 'foreman' } });
  const system = createSystem({ live: false, log });
  const tracker = createStatusTracker({
    clock: fakeClock(),
    version: '1',
    stateDir: dir,
    system,
    settings: () => settings,
  });
  const turn = (number: number, command: string): void =>
    tracker.onEvent({
      event: 'checkin',
      server: 'https://foreman',
      firstCheckin: number === 1,
      command,
      durationMs: 0,
      turn: number,
      asked: false,
    });
  tracker.onEvent({ event: 'started', version: '1', dialect: 'foreman', live: false, stateDir: dir });
  for (let number = 1; number <= 2; number++) {
    turn(number, 'register');
    tracker.onEvent({ event: 'error', code: 'RAZOR_MK_REFUSED', message: 'HTTP 422', remedy: 'look' });
  }
  const failing = tracker.snapshot();
  assert.deepEqual([failing.turns.good, failing.turns.failedInARow, failing.service], [0, 2, undefined]);
  turn(3, 'register');
  tracker.onEvent({ event: 'registered', facts: 5, reason: 'they are due', notes: [], durationMs: 1 });
  tracker.onEvent({ event: 'listening', url: 'https://192.0.2.5:8443', to: ['192.0.2.1'] });
  turn(4, 'acknowledge');
  const { turns, service, counters } = tracker.snapshot();
  assert.deepEqual([turns.count, turns.good, turns.failedInARow], [4, 2, 0]);
  assert.equal(service?.callback, 'https://192.0.2.5:8443');
  assert.notEqual(service?.reportedAt, undefined);
  assert.equal(counters.checkinSeconds.count, 0);
});

test('names of commands from the network cannot fill the memory', () => {
  const tracker = createStatusTracker({
    clock: fakeClock(),
    version: '1',
    stateDir: dir,
    system: createSystem({ live: false, log }),
    settings: () => undefined,
  });
  for (let i = 0; i < 5000; i++)
    tracker.onEvent({ event: 'command', name: `x${i}`, known: false, destructive: false, plan: [] });
  const { counters, unknownCommands } = tracker.snapshot();
  assert.ok(Object.keys(counters.commands).length <= 51 && unknownCommands.length <= 20);
  assert.equal(
    Object.values(counters.commands).reduce((a, b) => a + b),
    5000,
  );
});
