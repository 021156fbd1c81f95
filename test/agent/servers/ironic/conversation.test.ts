/** Lookup and heartbeats against a stand-in that has the traps of the real servers; time stands still. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { regularPause } from '../../../../agent/servers/ironic/conductor/heartbeat.ts';
import { MEMORY_FILE } from '../../../../agent/servers/ironic/ironic-state.ts';
import { ironicAgent, recorded } from '../../../helpers/ironic-agent.ts';
import { met as world } from '../../../helpers/ironic-conductor.ts';

const LIMIT = { timeout: 30_000 };

const api = (url: string): string => `ipa-api-url=${url}`;
describe('lookup', LIMIT, () => {
  test('an unknown node is looked up again and again, within a minute each, and becomes known', async (t) => {
    const { ironic, agent } = await world(t, api, { wanted: false }, { random: [0.5] });
    for (let tries = 1; tries <= 9; tries++) {
      await ironic.until(() => ironic.seen.filter(({ path }) => path === '/v1/lookup').length === tries);
      await agent.clock.whenAsleep();
      if (tries === 9) ironic.rules.wanted = true;
      await agent.clock.advance(60_000);
    }
    await agent.until('heartbeat');
    assert.deepEqual(agent.clock.slept.slice(0, 8), [1000, 1500, 2500, 4500, 8500, 16_500, 30_500, 30_500]);
  });

  test('a node that is locked is asked for after 5, 10 and then 30 s', async (t) => {
    const { agent } = await world(t, api, { locked: 4 });
    for (const wait of [5000, 10_000, 30_000, 30_000]) {
      await agent.next('waiting');
      await agent.clock.advance(wait);
    }
    await agent.until('heartbeat');
    assert.deepEqual(agent.clock.slept.slice(0, 4), [5000, 10_000, 30_000, 30_000]);
  });

  test('the second of two APIs is asked where the first does not answer', async (t) => {
    const { ironic, agent } = await world(t, (url) => `ipa-api-url=http://127.0.0.1:1,${url}`);
    const { server } = await agent.until('serving');
    assert.equal(server, ironic.url);
  });

  test('a node without a single MAC address waits, and says why', async (t) => {
    const set = await recorded();
    const { agent } = await world(
      t,
      api,
      {},
      { collect: () => Promise.resolve({ ...set, inventory: undefined as never }) },
    );
    assert.equal((await agent.until('error')).code, 'RAZOR_MK_NO_IDENTITY');
  });
});

test('a heartbeat comes within 10 minutes, however long the conductor would wait: silence makes the watchdog bite', () => {
  assert.deepEqual([regularPause(300, 0), regularPause(300, 0.5), regularPause(86_400, 1)], [90_000, 135_000, 600_000]);
});

describe('heartbeats', LIMIT, () => {
  for (const [version, fields] of [
    [31, ['callback_url']],
    [36, ['callback_url', 'agent_version']],
    [62, ['callback_url', 'agent_version', 'agent_token']],
    [82, ['callback_url', 'agent_version', 'agent_token', 'agent_verify_ca']],
  ] as const) {
    test(`an API of 1.${version} is sent the fields that it knows, and no other`, async (t) => {
      const { ironic, agent } = await world(t, api, { version, tokenRequired: version >= 62 });
      await agent.until('heartbeat');
      assert.deepEqual(Object.keys(ironic.beats[0] ?? {}).sort(), [...fields].sort());
      const sent = ironic.seen.find(({ path }) => path.startsWith('/v1/heartbeat'));
      assert.equal(sent?.headers['x-openstack-ironic-api-version'], `1.${Math.min(version, 68)}`);
    });
  }

  test('they come at 0.3 to 0.6 of the timeout, and 5 to 10 s after one that failed', async (t) => {
    const { ironic, agent } = await world(t, api, { heartbeatTimeout: 100 }, { random: [0, 0, 1, 0.5] });
    const waits: number[] = [];
    for (let beat = 1; beat <= 4; beat++) {
      const { ms } = await agent.next('waiting');
      waits.push(Math.round(ms));
      if (beat === 2) ironic.rules.broken = 1;
      await agent.clock.advance(ms);
    }
    assert.deepEqual(waits, [30_000, 30_000, 10_000, 45_000]);
  });

  test('URL and certificate stay the same from one to the next, and through a restart of the agent', async (t) => {
    const { ironic, agent } = await world(t, api);
    await agent.until('heartbeat');
    await agent.clock.advance(200_000);
    await ironic.until(() => ironic.beats.length >= 2);
    await agent.stop(true);
    t.after(() => rmSync(agent.dir, { recursive: true, force: true }));
    const again = ironicAgent({ line: api(ironic.url), dir: agent.dir });
    t.after(() => again.stop());
    await again.until('heartbeat'); // the stand-in refuses what has changed
    const [first] = ironic.beats;
    assert.match(String(first?.['callback_url']), /^https:\/\/127\.0\.0\.1:\d+$/);
    for (const beat of ironic.beats) assert.deepEqual(beat, first);
  });

  test('the token is handed out once: a restarted agent has kept it, readable by its owner only', async (t) => {
    const { ironic, agent } = await world(t, api);
    await agent.until('heartbeat');
    await agent.stop(true);
    t.after(() => rmSync(agent.dir, { recursive: true, force: true }));
    assert.equal(statSync(join(agent.dir, MEMORY_FILE)).mode & 0o777, 0o600);
    const again = ironicAgent({ line: api(ironic.url), dir: agent.dir });
    t.after(() => again.stop());
    await again.until('heartbeat');
    assert.equal(ironic.beats.at(-1)?.['agent_token'], 'T'.repeat(43));
    assert.doesNotMatch(JSON.stringify([agent.lines, again.lines, agent.events]), /TTTT/);
  });

  test('a token that somebody else has is not made up for: no commands are served, and the console says what to do', async (t) => {
    const { ironic, agent } = await world(t, api);
    await agent.until('heartbeat');
    const stranger = ironicAgent({ line: api(ironic.url) });
    t.after(() => stranger.stop());
    const error = await stranger.until('error');
    assert.match(error.message, /was handed out before/);
    assert.match(error.remedy, /restart the machine through Ironic/);
    assert.equal(stranger.callback, undefined);
    const known = ironicAgent({ line: `${api(ironic.url)} ipa-agent-token=${'T'.repeat(43)}` });
    t.after(() => known.stop());
    await known.until('serving'); // virtual media brought it
  });

  test('a token that was wiped is asked for anew, and a node that is not wanted goes on quietly', async (t) => {
    const { ironic, agent } = await world(t, api, { heartbeatTimeout: 100 });
    await agent.until('heartbeat');
    ironic.wipeToken();
    ironic.rules.wanted = false;
    await agent.clock.advance(30_000);
    await agent.until('error');
    const lookups = (): number => ironic.seen.filter(({ path }) => path === '/v1/lookup').length;
    for (const [wait, count] of [
      [5000, 2],
      [30_000, 3],
    ] as const) {
      await agent.clock.whenAsleep();
      await agent.clock.advance(wait);
      await ironic.until(() => lookups() === count);
    }
    ironic.rules.wanted = true;
    await agent.clock.whenAsleep();
    await agent.clock.advance(30_000);
    await ironic.until(() => ironic.beats.length === 2);
    assert.equal(ironic.beats.at(-1)?.['agent_token'], 'U'.repeat(43));
  });
});

describe('a kernel line that cannot be used', LIMIT, () => {
  test('is said on the console, and the agent goes on', async (t) => {
    const { agent } = await world(t, () => 'ipa-api-url=mdns');
    await agent.until('waiting');
    assert.match(
      agent.said.join('\n'),
      /names no Ironic that can be used: ipa-api-url: "mdns" is not an http\(s\) URL, and mDNS/,
    );
    const before = agent.said.length;
    await agent.clock.advance(60_000);
    await agent.next('waiting');
    assert.ok(agent.said.length > before);
  });

  test('ipa-insecure is honoured with a warning that cannot be overlooked', async (t) => {
    const asked: boolean[] = [];
    const { createHttpClient } = await import('../../../../agent/http/http-client.ts');
    const { agent } = await world(
      t,
      (url) => `${api(url)} ipa-insecure=1`,
      {},
      {
        openHttp: (_, trust) => (asked.push(trust?.insecure === true), Promise.resolve(createHttpClient())),
      },
    );
    await agent.until('heartbeat');
    assert.deepEqual(asked, [true]);
    assert.match(agent.said.join('\n'), /WARNING: ipa-insecure: .* NOT checked/);
  });
});

test('a port that another program has is said on the console and tried again', LIMIT, async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { agent } = await world(t, (url) => `${api(url)} ipa-listen-port=${port}`);
  const error = await agent.next('error');
  assert.match(error.message, /EADDRINUSE/);
  assert.match(error.remedy, /ipa-listen-port=/);
  other.close();
  await once(other, 'close');
  await agent.clock.whenAsleep();
  await agent.clock.advance(10_000);
  assert.equal((await agent.until('serving')).callback, `https://127.0.0.1:${port}`);
});

test(
  'behind an address that another machine has, the API listens everywhere, and the certificate is for that address',
  LIMIT,
  async (t) => {
    const { ironic, agent } = await world(
      t,
      (url) => `${api(url)} ipa-advertise-host=192.0.2.77 ipa-advertise-port=4443`,
    );
    await agent.until('heartbeat');
    assert.equal(agent.callback, 'https://192.0.2.77:4443');
    const certificate = new X509Certificate(String(ironic.beats[0]?.['agent_verify_ca']));
    assert.equal(certificate.checkIP('192.0.2.77'), '192.0.2.77');
    const { port } = JSON.parse(readFileSync(join(agent.dir, MEMORY_FILE), 'utf8')) as { port: number };
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
  },
);
