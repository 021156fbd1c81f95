/** The agent's API, called as a conductor calls it: over TLS, with the certificate of the heartbeat as the only one trusted. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { loginOf, withAccount } from '../../../../agent/servers/ironic/commands/rescue.ts';
import { observeNetwork } from '../../../../agent/network/network-state.ts';
import { faultOf } from '../../../../agent/servers/ironic/conductor/faults.ts';
import { LOG_FILE } from '../../../../agent/node/logging.ts';
import { ironicAgent, rememberingSystem } from '../../../helpers/ironic-agent.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';
import { TOKEN, conducted as world, resultOf } from '../../../helpers/ironic-conductor.ts';

const LIMIT = { timeout: 30_000 };

describe('the API of the agent', LIMIT, () => {
  test('versions and status are for everybody, with and without /v1 and slashes', async (t) => {
    const { get } = await world(t);
    assert.equal((await get('/')).status, 200);
    assert.equal((await get('/v1/')).status, 200);
    const status = await get('/v1/status');
    assert.equal(typeof status.body['started_at'], 'number');
    assert.match(String(status.body['version']), /^\d+\.\d+\.\d+$/);
    assert.equal((await get('/status/')).status, 200);
    assert.equal((await get('/v1/elsewhere')).status, 404);
  });

  test('a command needs the token; what is wrong is told in a text, as conductors look for words in it', async (t) => {
    const { post, get } = await world(t);
    for (const query of ['', 'agent_token=', `agent_token=${'X'.repeat(43)}`]) {
      const { status, body } = await post({ name: 'standby.sync', params: {} }, query);
      assert.equal(status, 401);
      assert.equal(body['faultcode'], 'Client');
      assert.match(String(body['faultstring']), /agent_token/);
    }
    assert.equal((await get('/v1/commands', 'X'.repeat(43))).status, 401);
  });

  test('the list is given without a token until somebody has shown it there: conductors of 2023 never send it', async (t) => {
    const { get, order } = await world(t);
    await order('poll.get_hardware_info');
    assert.equal((await get('/v1/commands/')).status, 200);
    assert.equal((await get('/commands', TOKEN)).status, 200);
    assert.equal((await get('/v1/commands/')).status, 401);
  });

  test('a server of API 1.95 or newer sends the token with every GET, so it is asked for from the beginning', async (t) => {
    for (const [version, status] of [
      [94, 200],
      [95, 401],
    ] as const) {
      const { get } = await world(t, {}, '', { version });
      assert.equal((await get('/v1/commands/')).status, status, `1.${version}`);
      assert.equal((await get('/v1/commands/', TOKEN)).status, 200);
    }
  });

  test('razor.ironic_strict=1 gives the list to nobody without the token', async (t) => {
    const { get } = await world(t, {}, 'razor.ironic_strict=1');
    assert.equal((await get('/v1/commands/')).status, 401);
    assert.equal((await get('/v1/commands/', TOKEN)).status, 200);
  });

  test('bodies that are none, unknown commands and unknown extensions are refused in their ways', async (t) => {
    const { post, order, agent } = await world(t);
    assert.equal((await post('{"name":')).status, 400);
    assert.equal((await post({ name: 5 })).status, 400);
    assert.equal((await post({ name: 'standby.sync', params: [] })).status, 400);
    const unknown = await order('standby.make_coffee');
    assert.deepEqual([unknown.status, unknown.body['faultstring']], [400, 'Invalid command: standby.make_coffee']);
    assert.equal((await order('flow.start_flow')).status, 404);
    assert.equal((await order('nonsense')).status, 400);
    const told = agent.events.filter((event) => event.event === 'command').map(({ name, known }) => [name, known]);
    assert.deepEqual(told.at(-1), ['nonsense', false]);
  });

  test('one command at a time: while one runs another is refused as busy, and the list is in the order of execution', async (t) => {
    let finish = (): void => undefined;
    const set = new Promise<never>((_, reject) => (finish = () => reject(new Error('the probe broke'))));
    const { ironic, agent, order, get } = await world(t);
    void ironic;
    await order('deploy.get_deploy_steps');
    const slow = ironicAgent({ line: `ipa-api-url=${ironic.url} ipa-agent-token=${TOKEN}`, capture: () => set });
    t.after(() => slow.stop());
    await slow.until('serving');
    const first = slow.call('POST', `/v1/commands/?agent_token=${TOKEN}`, {
      name: 'log.collect_system_logs',
      params: {},
    });
    await slow.until('command');
    const busy = await slow.call('POST', `/v1/commands/?agent_token=${TOKEN}`, { name: 'standby.sync', params: {} });
    assert.equal(busy.status, 409);
    assert.match(String(busy.body['faultstring']), /^Agent is busy: /);
    finish();
    assert.equal((await first).body['command_status'], 'SUCCEEDED'); // the capture is missing, the logs are there
    await slow.call('POST', `/v1/commands/?agent_token=${TOKEN}`, { name: 'clean.get_clean_steps', params: {} });
    const { body } = await slow.call('GET', `/v1/commands/?agent_token=${TOKEN}`);
    const names = (body['commands'] as { command_name: string }[]).map(({ command_name }) => command_name);
    assert.deepEqual(names, ['collect_system_logs', 'get_clean_steps']);
    const id = (body['commands'] as { id: string }[])[0]?.id ?? '';
    assert.equal((await slow.call('GET', `/v1/commands/${id}?wait=true&agent_token=${TOKEN}`)).status, 200);
    assert.equal((await get('/v1/commands/none', TOKEN)).status, 404);
    assert.equal(agent.events.filter((event) => event.event === 'error').length, 0);
  });

  test('an async command is answered at once, and its end brings a heartbeat, 5 s after the last at the soonest', async (t) => {
    const { ironic, agent, post, get } = await world(t);
    const step = { step: 'rz_noop', interface: 'deploy', priority: 10 };
    const begun = await post({ name: 'clean.execute_clean_step', params: { step } }, `wait=false&agent_token=${TOKEN}`);
    assert.equal(begun.body['command_name'], 'execute_clean_step');
    await agent.clock.whenAsleep();
    await agent.clock.advance(4999);
    assert.equal(ironic.beats.length, 1);
    await agent.clock.advance(1);
    await ironic.until(() => ironic.beats.length === 2);
    const { body } = await get(`/v1/commands/${String(begun.body['id'])}`, TOKEN);
    assert.equal(body['command_status'], 'SUCCEEDED');
  });
});

describe('commands that end an operation', LIMIT, () => {
  test('without --live nothing is done, and the conductor is told so: it would take the machine for changed', async (t) => {
    const { agent, order } = await world(t);
    for (const name of ['standby.sync', 'standby.power_off', 'standby.run_image', 'system.lockdown']) {
      const { status, body } = await order(name);
      assert.deepEqual([status, body['command_status']], [200, 'FAILED'], name);
    }
    assert.ok(agent.system.acts.length >= 4);
    assert.equal(
      agent.system.acts.some((act) => act.startsWith('poweroff')),
      false,
    );
  });

  for (const [name, act] of [
    ['standby.power_off', 'poweroff (Ironic asked for it)'],
    ['standby.run_image', 'reboot (Ironic asked for it)'],
  ] as const) {
    test(`${name} is answered first, done a moment later, and no heartbeat follows`, async (t) => {
      const system = rememberingSystem();
      const { ironic, agent, order } = await world(t, { system }, 'ipa-listen-port=0');
      const done = await order(name);
      assert.equal(done.body['command_status'], 'SUCCEEDED');
      assert.equal(system.acts.includes(act), false);
      await agent.clock.advance(2000);
      assert.ok(system.acts.includes(act));
      await agent.clock.advance(600_000);
      assert.equal(ironic.beats.length, 1);
      await assert.rejects(agent.call('GET', '/'), /ECONNREFUSED|ECONNRESET/);
    });
  }

  test('system.lockdown is answered first, then every card is taken down, and no command or heartbeat follows', async (t) => {
    const system = rememberingSystem();
    const { ironic, agent, order } = await world(t, { system }, 'ipa-listen-port=0');
    const cards = observeNetwork().nics.filter(({ physical, up }) => physical && up);
    const down = cards.map(({ name }) => `take ${name} down`);
    assert.equal((await order('system.lockdown')).body['command_status'], 'SUCCEEDED');
    assert.match(agent.said.at(-1) ?? '', /^Ironic: lockdown: take .+ down, and take no more commands$/);
    for (const { name } of cards) assert.ok(agent.said.at(-1)?.includes(name), name);
    assert.deepEqual(
      system.acts.filter((act) => act.endsWith(' down')),
      [],
    );
    await agent.clock.advance(2000);
    assert.deepEqual(
      system.acts.filter((act) => act.endsWith(' down')),
      down,
    );
    assert.equal(
      system.acts.some((act) => /^(poweroff|reboot)/.test(act)),
      false,
    );
    await agent.clock.advance(600_000);
    assert.equal(ironic.beats.length, 1);
    await assert.rejects(agent.call('GET', '/'), /ECONNREFUSED|ECONNRESET/);
  });

  test('sync flushes, and whole disks have no UUIDs to tell', async (t) => {
    const system = rememberingSystem();
    const { order } = await world(t, { system }, 'ipa-listen-port=0');
    assert.deepEqual((await order('standby.sync')).body['command_status'], 'SUCCEEDED');
    assert.ok(system.acts.includes('write everything to the disks'));
    assert.deepEqual(resultOf(await order('standby.get_partition_uuids')), {});
  });
});

describe('rescue', LIMIT, () => {
  test('an image in which nobody can log in fails the command in words that Ironic shows', async (t) => {
    const { order } = await world(t, { system: rememberingSystem() }, 'ipa-listen-port=0');
    const refused = await order('rescue.finalize_rescue', { rescue_password: '$6$salt$hash', hashed: true });
    assert.deepEqual([refused.status, refused.body['command_status']], [200, 'FAILED']);
    assert.match(String(JSON.stringify(refused.body['command_error'])), /nobody can log in to this image/);
  });

  test('a login is a console that asks for a password, or dropbear', (t) => {
    const root = temporaryDirectory(t);
    assert.equal(loginOf(root), undefined);
    const overlay = new URL('../../../../tinycore/overlay/', import.meta.url).pathname;
    for (const [flavour, login] of [
      ['prod', undefined],
      ['debug', undefined],
      ['dev', 'the consoles'],
    ] as const) {
      mkdirSync(join(root, 'etc'), { recursive: true });
      copyFileSync(join(overlay, flavour, 'etc/inittab'), join(root, 'etc/inittab'));
      assert.equal(loginOf(root), login, flavour);
    }
    writeFileSync(join(root, 'etc/inittab'), '# tty2::respawn:/sbin/getty 38400 tty2\n');
    mkdirSync(join(root, 'proc/77'), { recursive: true });
    writeFileSync(join(root, 'proc/77/comm'), 'dropbear\n');
    assert.equal(loginOf(root), 'ssh');
  });

  test('the account takes the place of one before, and others stay', () => {
    const file = 'root:*:0:0:99999:7:::\nrescue:$6$old:19000:0:99999:7:::\ntc:*:0:0:99999:7:::\n';
    assert.equal(withAccount(file, 'rescue:new'), 'root:*:0:0:99999:7:::\ntc:*:0:0:99999:7:::\nrescue:new\n');
    assert.equal(withAccount('', 'rescue:new'), 'rescue:new\n');
  });
});

describe('what the agent tells', LIMIT, () => {
  test('the logs are a gzipped tar with log, facts and capture, and without secrets', async (t) => {
    const { agent, order } = await world(t);
    writeFileSync(join(agent.dir, LOG_FILE), '{"msg":"ipa-agent-token=verysecret told"}\n');
    const text = String(resultOf(await order('log.collect_system_logs'))['system_logs']);
    const tar = (await promisify(gunzip)(Buffer.from(text, 'base64'))).toString('latin1');
    for (const name of [LOG_FILE, 'facts.json', 'capture.tar.gz']) assert.ok(tar.includes(name), name);
    assert.ok(tar.includes('ipa-agent-token=[redacted] told'));
    assert.equal(tar.includes('verysecret'), false);
    assert.ok(tar.includes('a capture'));
  });

  test('the inventory can be asked for', async (t) => {
    const { order } = await world(t);
    const [nic] = resultOf(await order('poll.get_hardware_info'))['interfaces'] as { mac_address: string }[];
    assert.equal(nic?.mac_address, '52:54:00:00:48:01');
  });
});

test('the words of Ironic’s errors are found in both of its shapes, in inspector’s, and in what is none', () => {
  const inString = (value: object): string => JSON.stringify({ error_message: JSON.stringify(value) });
  assert.equal(
    faultOf(inString({ faultcode: 'Client', faultstring: 'Node is locked', debuginfo: null })),
    'Node is locked',
  );
  assert.equal(faultOf(inString({ code: 406, title: 'Not Acceptable', description: 'Version 1.99' })), 'Version 1.99');
  assert.equal(faultOf(inString({ code: 406, title: 'Not Acceptable' })), 'Not Acceptable');
  assert.equal(faultOf(JSON.stringify({ error_message: { faultstring: 'already an object' } })), 'already an object');
  assert.equal(
    faultOf(JSON.stringify({ error: { message: 'Hardware inventory is empty' } })),
    'Hardware inventory is empty',
  );
  assert.equal(faultOf('<html><h1>503 Service Unavailable</h1></html>'), '503 Service Unavailable');
  assert.equal(faultOf(''), '');
  assert.equal(faultOf('{"error_message": "{not json"}'), '{not json');
});
