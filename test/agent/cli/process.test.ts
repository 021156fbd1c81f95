/** The real agent as a process: signals in every state, missing directories, what it leaves behind. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { agentProcess, type AgentProcess } from '../../helpers/agent-process.ts';
import { command, scriptedServer } from '../../helpers/scripted-server.ts';
import { dnsServer } from '../../helpers/dns-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const silent: Server[] = [];
after(() => {
  for (const server of silent) server.close();
});

async function silentServer(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  silent.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const has = (agent: AgentProcess, event: string, count = 1): boolean =>
  agent.events.filter((one) => one.event === event).length >= count;

test('SIGTERM ends the agent within 5 s in every state, with its state saved', async (t) => {
  const server = await scriptedServer();
  const dns = await dnsServer(() => undefined);
  const resolvConf = join(dir, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n');
  const nobody = ['--cmdline', '/dev/null', '--resolv-conf', resolvConf, '--next-server-file', join(dir, 'none')];
  const states: [string, string[], (agent: AgentProcess) => boolean][] = [
    ['asking DNS', [...nobody, '--dns-port', String(dns.port)], () => dns.asked.length > 0],
    ['waiting after a discovery that found nothing', [...nobody, '--dns-port', '1'], (agent) => has(agent, 'waiting')],
    ['waiting for the skew', ['--server', server.url, '--checkin-skew', '3600'], (agent) => has(agent, 'waiting')],
    ['connecting to nobody', ['--server', '192.0.2.1', '--checkin-skew', '0'], (agent) => has(agent, 'collected')],
    [
      'in the middle of a check-in',
      ['--server', await silentServer(), '--checkin-skew', '0'],
      (agent) => has(agent, 'collected'),
    ],
    [
      'waiting after an error',
      ['--server', '127.0.0.1:1', '--checkin-skew', '0', '--backoff-cap', '600'],
      (agent) => has(agent, 'error'),
    ],
    [
      'between two turns',
      ['--server', server.url, '--checkin-skew', '0', '--checkin-interval', '600'],
      (agent) => has(agent, 'registered'),
    ],
  ];
  server.checkins(command('register'));
  try {
    for (const [name, args, reached] of states) {
      const agent = await agentProcess(args, { keepState: true });
      try {
        await agent.until(name, () => reached(agent));
      } finally {
        const ms = await agent.stop();
        t.diagnostic(`${name}: ${Math.round(ms)} ms`);
        assert.ok(ms < 5000, `${name}: ${ms} ms`);
        assert.ok(has(agent, 'stopped'), `${name}: it said that it stopped, so that nothing killed it`);
      }
      assert.deepEqual(await agent.daemon.exited, { status: 0, signal: undefined }, name);
      if (name === 'between two turns') {
        assert.match(readFileSync(join(agent.stateDir, 'first_checkin.yaml'), 'utf8'), /--- false/);
        assert.ok(existsSync(join(agent.stateDir, 'prev_facts.yaml')));
      }
      rmSync(agent.stateDir, { recursive: true, force: true });
    }
  } finally {
    await server.close();
    await dns.close();
  }
});

test('without a usable state directory the agent says so and works', async () => {
  const server = await scriptedServer();
  server.checkins(command('register'), command('acknowledge'));
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'gone'));
  const agent = await agentProcess(['--server', server.url, '--checkin-skew', '0', '--checkin-interval', '0.2'], {
    stateDir: join(dir, 'gone'),
  });
  try {
    await agent.until('a first turn', () => has(agent, 'registered'));
    // moved away at one stroke: removing it file by file races with the agent, which writes into it
    renameSync(join(dir, 'gone'), join(dir, 'moved'));
    server.checkins(command('register'), command('acknowledge'));
    await agent.until('registered again', () => has(agent, 'registered', 2));
    await agent.until('a warning', () =>
      agent.events.some((event) => event.event === 'warning' && /cannot write/.test(event.message)),
    );
    await agent.until('goes on', () => has(agent, 'checkin', 5));
  } finally {
    await agent.stop();
    await server.close();
  }
});

// whoever answers DHCP first could collect the token of every machine
test('a server that DHCP names over http is not sent the token, and the log says so', async (t) => {
  const server = await scriptedServer();
  t.after(() => server.close());
  const resolvConf = join(dir, 'resolv-none.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  const lease = join(dir, 'next-server');
  writeFileSync(lease, '127.0.0.1\n');
  const found = [
    '--resolv-conf',
    resolvConf,
    '--dns-port',
    '1',
    '--next-server-file',
    lease,
    '--port',
    `${server.port}`,
  ];
  const agent = await agentProcess(['--cmdline', '/dev/null', ...found, '--token', 'secret', '--checkin-skew', '0']);
  t.after(() => agent.stop());
  await agent.until('a check-in', () => has(agent, 'checkin'));
  assert.ok(server.asked.every(({ headers }) => headers.authorization === undefined));
  const warnings = agent.events.flatMap((event) => (event.event === 'warning' ? [event.message] : []));
  assert.match(warnings.join('\n'), /the token is not sent to http:.*found by next-server file/);
});
