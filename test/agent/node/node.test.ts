/** The real process, without --live: its local interface, its log file, its end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { askStatus } from '../../../agent/status/local-client.ts';
import { SOCKET_NAME } from '../../../agent/status/local-api.ts';
import type { StatusSnapshot } from '../../../agent/status/snapshot.ts';
import { LOG_FILE } from '../../../agent/node/logging.ts';
import { RAZOR_MK, WITH_CACHE } from '../../helpers/razor-mk.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('an agent that finds no server says so in its status, takes a server from setMkConfig, reports an unknown command, and ends in order', async () => {
  const dir = temporaryDirectory();
  const registered: string[] = [];
  let command = 'register';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/razor/api/node/register') registered.push(decodeURIComponent(body));
      const reply = {
        command_name: registered.length === 0 || command === 'register' ? 'register' : command,
        command_param: {},
      };
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ errcode: 0, http_err_code: 200, response: reply }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const files = [
    '--cmdline',
    '/dev/null',
    '--config',
    '/dev/null',
    '--resolv-conf',
    '/dev/null',
    '--dns-port',
    '1',
    '--next-server-file',
    '/nonexistent',
  ];
  const pace = ['--checkin-skew', '0', '--interval', '0.3', '--backoff-cap', '1', '--state-dir', dir];
  const [node, ...main] = RAZOR_MK;
  const child = spawn(node, [...main, 'run', ...files, ...pace], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: WITH_CACHE,
  });
  let console_ = '';
  child.stdout.on('data', (chunk: Buffer) => (console_ += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (console_ += chunk.toString()));
  const status = async (good: (snapshot: StatusSnapshot) => boolean): Promise<StatusSnapshot> => {
    let last: StatusSnapshot | undefined;
    for (let i = 0; i < 300; i++) {
      last = await askStatus(join(dir, SOCKET_NAME)).catch(() => undefined);
      if (last !== undefined && good(last)) return last;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not reached: ${JSON.stringify(last)}\n${console_}`);
  };
  try {
    const lost = await status(({ problems }) => problems.length > 0);
    assert.equal(lost.problems[0]?.code, 'RAZOR_MK_NO_SERVER');
    assert.equal(lost.live, false);
    assert.ok(
      lost.controlPort !== undefined && lost.controlPort !== 2156,
      'without --live the system chooses the port',
    );
    const local = `http://127.0.0.1:${lost.controlPort}`;
    const pushed = await fetch(`${local}/setMkConfig`, { method: 'POST', body: JSON.stringify({ mk_uri: uri }) });
    assert.match(await pushed.text(), /^New configuration saved/);
    await status(({ turns }) => turns.registers >= 1);
    command = 'make-coffee';
    const asked = await status(({ unknownCommands }) => unknownCommands.length > 0);
    assert.deepEqual(asked.unknownCommands, ['make-coffee']);
    const before = asked.turns.registers;
    command = 'register';
    await status(({ turns }) => turns.registers > before);
    assert.match(registered.at(-1) ?? '', /"razor_mk_errors":"[^"]*unknown command make-coffee/);
    assert.match(
      await (await fetch(`${local}/metrics`)).text(),
      /^razor_mk_commands_total\{command="make-coffee"\} \d+$/m,
    );
    assert.equal((await fetch(`${local}/healthz`)).status, 200);
  } finally {
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number];
    server.close();
    server.closeAllConnections();
    assert.equal(code, 0, console_);
    assert.ok(!existsSync(join(dir, SOCKET_NAME)), 'the socket goes with the agent');
    const lines = readFileSync(join(dir, LOG_FILE), 'utf8').trim().split('\n');
    for (const line of lines) assert.equal(typeof (JSON.parse(line) as { msg: string }).msg, 'string');
  }
});
