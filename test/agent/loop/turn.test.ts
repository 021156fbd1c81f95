/** Turns of one agent against a real server, on a clock that moves when the test says so. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { machine, runUntil, testAgent, type TestAgent } from '../../helpers/agent-parts.ts';
import { command, json, scriptedServer, text, type ScriptedServer } from '../../helpers/scripted-server.ts';

let server: ScriptedServer;
let agent: TestAgent | undefined;
beforeEach(async () => (server = await scriptedServer()));
afterEach(async () => {
  await agent?.stop();
  await server.close();
});

test('a node registers when told to, is acknowledged, and would reboot: three turns', async () => {
  server.checkins(command('register'), command('acknowledge'), command('reboot'));
  agent = await testAgent({ server: server.url, stopAfter: ['reboot'] });
  await runUntil(agent, () => agent?.of('stopped').length === 1);
  assert.deepEqual(
    agent.of('checkin').map(({ command: name, firstCheckin }) => [name, firstCheckin]),
    [
      ['register', true],
      ['acknowledge', false],
      ['reboot', false],
    ],
  );
  assert.equal(agent.of('registered').length, 1);
  assert.deepEqual(
    agent.of('would').map(({ what }) => what),
    [`reboot (the server ${server.url} said so)`],
  );
  assert.deepEqual(
    server.asked.map(({ method }) => method),
    ['GET', 'POST', 'GET', 'GET'],
  );
});

test('the first-check-in flag stays until a register was accepted by errcode 0', async () => {
  server.checkins(command('register'));
  server.registers(json({ std_err_code: 1, result: 'No rows updated' }), json({ errcode: 0 }));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('checkin').length === 3);
  assert.deepEqual(
    agent.of('checkin').map(({ firstCheckin }) => firstCheckin),
    [true, true, false],
  );
  assert.match(agent.of('error')[0]?.message ?? '', /No rows updated/);
});

test('changed facts are sent without being asked for, volatile and excluded ones aside', async () => {
  server.checkins(command('register'), command('acknowledge'));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('registered').length === 1);
  agent.facts = machine({
    hostname: 'mk',
    is_virtual: 'true',
    memoryfree: '12 MB',
    uptime: '1 day',
    kernelrelease: '6.1',
  });
  await runUntil(agent, () => agent?.of('checkin').length === 4);
  assert.equal(agent.of('registered').length, 1, 'nothing that counts has changed');
  agent.facts = machine({ hostname: 'mk', is_virtual: 'true', blockdevices: 'sda' });
  await runUntil(agent, () => agent?.of('registered').length === 2);
  assert.equal(agent.of('registered')[1]?.reason, 'changed: blockdevices');
});

test('an agent that was restarted goes on where it was', async () => {
  server.checkins(command('register'), command('acknowledge'));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('registered').length === 1);
  await agent.stop();
  const { dir } = agent.store;
  agent = await testAgent({ server: server.url, dir });
  await runUntil(agent, () => agent?.of('checkin').length === 2);
  assert.deepEqual(
    agent.of('checkin').map(({ firstCheckin }) => firstCheckin),
    [false, false],
  );
  assert.equal(agent.of('registered').length, 0);
});

test('what the agent says of itself is sent again when it changed, after a restart too, and never else', async () => {
  server.checkins(command('register'), command('acknowledge'));
  const able = { razor_mk_write_image: 'off: allow_deploy is not set on the node' };
  agent = await testAgent({ server: server.url, ownFacts: () => able });
  await runUntil(agent, () => agent?.of('checkin').length === 3);
  assert.equal(agent.of('registered').length, 1);
  await agent.stop();
  const { dir } = agent.store;
  agent = await testAgent({ server: server.url, dir, ownFacts: () => ({ razor_mk_write_image: 'on' }) });
  await runUntil(agent, () => agent?.of('checkin').length === 2);
  assert.deepEqual(
    agent.of('registered').map(({ reason }) => reason),
    ['changed: razor_mk_write_image'],
  );
  assert.equal(agent.store.previousFacts?.['razor_mk_write_image'], 'on');
});

test('an unknown command is reported and nothing is done', async () => {
  server.checkins(command('selfdestruct; rm -rf /'), command('acknowledge'));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('checkin').length === 2);
  assert.equal(agent.of('command')[0]?.known, false);
  assert.ok(agent.lines.some((line) => line.startsWith('warn: the server asks for an unknown command')));
  assert.equal(agent.system.changes.length, 0);
});

test('three registers in a row are warned about, and so is an interval beyond the server’s patience', async () => {
  server.checkins(command('register'));
  agent = await testAgent({ server: server.url, args: { 'checkin-interval': '130' } });
  await runUntil(agent, () => agent?.of('checkin').length === 4);
  const warnings = agent.of('warning').map(({ message }) => message);
  assert.equal(warnings.filter((message) => /longer than the 120 s/.test(message)).length, 1);
  assert.equal(warnings.filter((message) => /answered register 3 times in a row/.test(message)).length, 1);
});

test('whatever a server answers, the agent goes on, and obeys the next good reply', async () => {
  server.checkins(
    text('<html>It works!</html>'),
    text('{"errcode":0,"resp'),
    text('['.repeat(100_000), 200, 'application/json'),
    json({ errcode: 0, response: null }),
    text('', 500),
    command('register'),
  );
  agent = await testAgent({ server: server.url, stopAfter: ['register'] });
  await runUntil(agent, () => agent?.of('stopped').length === 1);
  assert.equal(agent.of('error').length, 5);
  assert.equal(agent.of('registered').length, 1);
});
