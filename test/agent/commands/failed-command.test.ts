/** A command that cannot be carried out: told to whoever stands in front of the machine, and no fault of the server's. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRegistry } from '../../../agent/commands/command-registry.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { run } from '../../../platform/process/run.ts';
import { runUntil, testAgent } from '../../helpers/agent-parts.ts';
import { command, scriptedServer } from '../../helpers/scripted-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('a command that fails is told with its reason and what to do; turns go on at their pace, with the same server', async () => {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'wipe'), '#!/bin/sh\necho "sda is on fire" >&2\nexit 3\n', { mode: 0o755 });
  const server = await scriptedServer();
  const wipe = command('wipe');
  server.checkins(command('register'), wipe, wipe, wipe, wipe, command('acknowledge'));
  let discoveries = 0;
  const log = createLog({});
  const agent = await testAgent({
    commands: createRegistry([], { commandsDir: () => dir }),
    system: { ...createSystem({ live: false, log }), live: true, run: (_what, argv, options) => run(argv, options) },
    discover: () => {
      discoveries++;
      return Promise.resolve({ candidates: [{ url: server.url, source: 'test', given: false }], steps: [] });
    },
  });
  try {
    await runUntil(agent, () => agent.of('checkin').length === 6);
    const failed = agent.of('command-failed');
    assert.equal(failed.length, 4);
    assert.equal(failed[0]?.name, 'wipe');
    assert.match(failed[0]?.message ?? '', /wipe failed \(status 3\): sda is on fire/);
    assert.match(failed[0]?.remedy ?? '', /\w/);
    assert.deepEqual([agent.of('error').length, discoveries], [0, 1], 'the server did nothing wrong');
    assert.match(agent.lines.join('\n'), /^error: wipe failed: .*sda is on fire/m);
  } finally {
    await agent.stop();
    await server.close();
  }
});

test('a parameter that makes no sense fails the command, and a server that refuses a registration fails the turn', async () => {
  const server = await scriptedServer();
  server.checkins(command('kexec'), command('register'));
  server.registers((_asked, response) => response.writeHead(500).end('no'));
  const agent = await testAgent({ server: server.url });
  try {
    await runUntil(agent, () => agent.of('error').length === 1);
    assert.match(agent.of('command-failed')[0]?.message ?? '', /kexec: kernel/);
    assert.match(agent.of('command-failed')[0]?.remedy ?? '', /Send \{"kernel": URL/);
    assert.equal(agent.of('command-failed').length, 1);
  } finally {
    await agent.stop();
    await server.close();
  }
});
