import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decode, encode } from 'dns-packet';
import yargs from 'yargs';
import { verb } from '../../../agent/cli/doctor.ts';
import { CHECKS, exitStatusOf, type CheckResult } from '../../../agent/doctor/check.ts';
import { checkDriver, checkFirmware, checkLease, checkLink, checkRoute } from '../../../agent/doctor/machine-checks.ts';
import { parseRoutes4, parseRoutes6, routeTo } from '../../../agent/network/routes.ts';
import type { NetworkState, NicState } from '../../../agent/network/network-state.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { commandLine } from '../../helpers/command-line.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const closing: (() => void)[] = [];
after(() => closing.forEach((close) => close()));

interface Answer {
  readonly exit: number;
  readonly broken: CheckResult | null;
  readonly checks: readonly CheckResult[];
}

/** The verb in this process, asked for JSON; its exit status must be the one that it prints. */
async function doctor(
  args: readonly string[],
  resolver?: { address: string; port: number },
  env: Record<string, string> = {},
): Promise<Answer> {
  let text = '';
  const controller = new AbortController();
  const host: Host = {
    env,
    out: (more) => void (text += more),
    err: () => undefined,
    interactive: false,
    colour: false,
    columns: 80,
    self: ['razor-mk'],
    signal: controller.signal,
  };
  const parsed = await verb.options(yargs(['--json', ...files(resolver), ...args])).parseAsync();
  const status = await verb.run(parsed, host);
  const answer = JSON.parse(text) as Answer;
  assert.equal(status, answer.exit);
  assert.deepEqual(
    answer.checks.map(({ name }) => name),
    [...CHECKS],
  );
  return answer;
}

let confs = 0;
function files(resolver?: { address: string; port: number }): string[] {
  const conf = join(dir, `resolv-${confs++}.conf`);
  writeFileSync(conf, resolver === undefined ? '' : `nameserver ${resolver.address}\noptions timeout:1 attempts:1\n`);
  const none = ['--cmdline', '/dev/null', '--config', '/dev/null', '--next-server-file', '/nonexistent'];
  return [...none, '--resolv-conf', conf, '--dns-port', String(resolver?.port ?? 1)];
}

async function http(listener: RequestListener): Promise<{ server: Server; at: string }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return { server, at: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function dns(answer: (name: string) => string | undefined): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const asked = decode(message);
    const question = asked.questions?.[0];
    const address = question?.type === 'A' ? answer(question.name) : undefined;
    const answers =
      address === undefined ? [] : [{ type: 'A' as const, name: question?.name ?? '', ttl: 60, data: address }];
    const flags = 0x8180 | (address === undefined ? 3 : 0);
    socket.send(
      encode({ type: 'response', id: asked.id ?? 0, flags, questions: asked.questions ?? [], answers }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return { socket, port: socket.address().port };
}

test('a dead DNS server is named as such, first of all, with what to do', async () => {
  const silent = createSocket('udp4'); // it takes questions and never answers
  silent.bind(0, '127.0.0.1');
  await once(silent, 'listening');
  closing.push(() => silent.close());
  const args = files({ address: '127.0.0.1', port: silent.address().port });
  const { status, out: told } = await commandLine(['doctor', ...args]);
  const first = /The first thing that is broken: (.*?)\. (.*)\nWhat to do: (.*)\n$/.exec(told);
  // a machine without any network cannot get as far as DNS
  if (CHECKS.slice(0, 5).some((name) => name === first?.[1])) return;
  assert.equal(first?.[1], 'DNS', told);
  assert.equal(status, exitStatusOf('DNS'));
  assert.match(first[2] ?? '', /127\.0\.0\.1 is dead: no answer within 2000 ms/);
  assert.match(first[3] ?? '', /replace the DNS server 127\.0\.0\.1/);
});

test('a dead DNS server is a note where the server is found without it', async () => {
  const { at } = await http((_, response) => response.end('{}'));
  const { checks } = await doctor(['--server', at], { address: '127.0.0.1', port: 1 });
  const found = checks.find(({ name }) => name === 'DNS');
  assert.deepEqual([found?.state, /is dead/.test(found?.found ?? '')], ['note', true]);
});

test('Foreman would keep what it is sent, so it is sent nothing; the DNS name asked for is that of its URL', async () => {
  const asked: string[] = [];
  const { at } = await http((request, response) => (asked.push(request.method ?? ''), response.end('{}')));
  const { port } = await dns((name) => (name === 'foreman.lab' ? '127.0.0.1' : undefined));
  const url = `http://foreman.lab:${at.split(':')[1] ?? ''}`;
  const { checks } = await doctor(['--dialect', 'foreman', '--server', url], { address: '127.0.0.1', port });
  const found = (name: string): CheckResult | undefined => checks.find((check) => check.name === name);
  assert.deepEqual([found('DNS')?.state, found('HTTP')?.state, found('reply')?.state], ['ok', 'ok', 'skipped']);
  assert.match(found('DNS')?.found ?? '', /NOERROR/);
  assert.match(found('reply')?.found ?? '', /use razor-mk register/);
  assert.ok(!asked.includes('POST'));
});

test('razor-server: the facts of Facter that are not there are noted, and what a rule on one of them does', async () => {
  const { at } = await http((_, response) => response.end('{}'));
  const { checks } = await doctor(['--dialect', 'razor-server', '--server', at]);
  const reply = checks.find(({ name }) => name === 'reply');
  assert.equal(reply?.state, 'note');
  assert.match(reply.found, /use razor-mk checkin; facts of Facter that are not there: .*lsbdistid/);
  assert.match(reply.remedy, /without a default makes razor-server answer none/);
});

test('nothing listens: TCP is what is broken', async () => {
  const { server, at } = await http(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  const { broken, exit } = await doctor(['--server', at]);
  assert.deepEqual([broken?.name, exit], ['TCP', 8]);
  assert.match(broken?.found ?? '', /refuses connections/);
});

test('a port that is no web server: HTTP is what is broken', async () => {
  const server = createTcpServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { broken, exit } = await doctor(['--server', `127.0.0.1:${(server.address() as AddressInfo).port}`]);
  assert.deepEqual([broken?.name, exit], ['HTTP', 10]);
});

test('plain HTTP behind https: TLS is what is broken', async () => {
  const { at } = await http((_, response) => response.end('{}'));
  const { broken, exit } = await doctor(['--server', `https://${at}`]);
  assert.deepEqual([broken?.name, exit], ['TLS and clock', 9]);
});

test('what was configured and cannot be used is a matter of TLS, with the walk before it', async () => {
  const { at } = await http((_, response) => response.end('{}'));
  for (const [option, value] of [
    ['--ca-file', '/nonexistent'],
    ['--pin', 'abc'],
    ['--site-key', import.meta.filename],
  ] as const) {
    const { broken, exit, checks } = await doctor(['--server', `https://${at}`, option, value]);
    assert.deepEqual([broken?.name, exit, checks[7]?.state], ['TLS and clock', 9, 'ok'], option);
  }
});

test('behind a proxy it is the proxy that must be reached; one that is away, refuses or is none is named', async () => {
  const { at } = await http((_, response) => response.setHeader('content-type', 'application/json').end(ANSWER));
  const far = ['--server', 'http://192.0.2.77:8026']; // nobody has this address: it can only be asked through the proxy
  const { exit, checks } = await doctor(far, undefined, { http_proxy: at });
  assert.deepEqual([exit, checks[7]?.found], [0, `the proxy ${at.replace(':', ' port ')} answers`]);
  const away = await doctor(far, undefined, { HTTP_PROXY: 'http://127.0.0.1:1' });
  assert.deepEqual([away.broken?.name, away.exit], ['TCP', 8]);
  assert.match(
    `${away.broken?.found} ${away.broken?.remedy}`,
    /^the proxy 127\.0\.0\.1 port 1 refuses .*: HTTP_PROXY\.$/,
  );
  const none = await doctor(far, undefined, { http_proxy: 'socks5://127.0.0.1:1' });
  assert.deepEqual([none.broken?.name, none.exit], ['TCP', 8]);
  const refuses = await doctor(['--server', 'https://192.0.2.77'], undefined, { https_proxy: at });
  assert.deepEqual([refuses.broken?.name, refuses.exit, refuses.checks[8]?.state], ['HTTP', 10, 'skipped']);
});

test('another web server: the reply is what is broken', async () => {
  const { at } = await http((_, response) => response.setHeader('content-type', 'text/html').end('<h1>It works!</h1>'));
  const { broken, exit } = await doctor(['--server', at]);
  assert.deepEqual([broken?.name, exit], ['reply', 11]);
});

test('a clock that is wrong is told with its offset', async () => {
  const past = new Date(Date.now() - 7_200_000).toUTCString();
  const { at } = await http((_, response) => response.setHeader('date', past).end('{}'));
  const { checks } = await doctor(['--server', at]);
  const clock = checks.find(({ name }) => name === 'TLS and clock');
  assert.equal(clock?.state, 'note');
  assert.match(clock.found, /our clock is .*(2 h|120 min|7200 s)/);
});

test('a healthy server found by DNS: nothing is broken, the exit status is 0, and only a first check-in was asked for', async () => {
  const asked: string[] = [];
  const { at } = await http((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const body = {
      resource: 'x',
      command: 'checkin_node',
      result: 'Ok',
      http_err_code: 200,
      errcode: 0,
      response: { command_name: 'register', command_param: {} },
      client_config: {},
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  const names = await dns((name) => (name === 'razor' ? '127.0.0.1' : undefined));
  const answer = await doctor(['--port', at.split(':')[1] as string], { address: '127.0.0.1', port: names.port });
  assert.deepEqual([answer.exit, answer.broken], [0, null], JSON.stringify(answer.checks));
  assert.match(answer.checks.at(-1)?.found ?? '', /the server says register to/);
  assert.deepEqual(
    asked.map((line) => line.replace(/hw_id=[^&]*/, 'hw_id=X')),
    ['GET /', 'GET /razor/api/node/checkin?hw_id=X&last_state=idle&first_checkin=true'],
  );
});

const ANSWER = JSON.stringify({ errcode: 0, response: { command_name: 'register', command_param: {} } });

const nic: NicState = {
  name: 'eth0',
  index: 2,
  mac: '52:54:00:00:00:01',
  physical: true,
  up: true,
  carrier: true,
  driver: 'bnx2',
  addresses: [],
};
const state = (nics: readonly NicState[], more: Partial<NetworkState> = {}): NetworkState => ({
  nics,
  modules: new Set(),
  undriven: [],
  firmwareErrors: [],
  ...more,
});

test('each check of the machine names what is broken', () => {
  const undriven = ['0000:02:00.0 14e4:1639'];
  assert.match(checkDriver(state([], { undriven })).found, /no driver took .*14e4:1639/);
  assert.equal(checkDriver(state([nic], { undriven })).state, 'note');
  const firmwareErrors = ['bnx2 0000:02:00.0: Direct firmware load for bnx2/a.fw failed with error -2'];
  assert.equal(checkFirmware(state([{ ...nic, carrier: false }], { firmwareErrors })).state, 'broken');
  assert.equal(checkFirmware(state([nic], { firmwareErrors })).state, 'note', 'another NIC has its link');
  assert.match(checkLink(state([{ ...nic, carrier: false, up: false }])).found, /eth0 52:54:00:00:00:01 \(down\)/);
  assert.match(checkLease(state([{ ...nic, addresses: ['169.254.7.7'] }]), false).found, /only eth0 169\.254\.7\.7/);
  assert.equal(checkLease(state([{ ...nic, addresses: ['10.0.0.7'] }]), false).state, 'ok');
  assert.match(checkLease(state([nic]), false).remedy, /or give ip= on the kernel line/);
  assert.match(checkLease(state([nic]), true).remedy, /^Correct ip= on the kernel line/, 'who gave it');
});

test('routes are read from /proc and the longest one counts', () => {
  const four = parseRoutes4(
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n' +
      'eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n',
  );
  assert.deepEqual(
    four.map((r) => [r.network, r.prefix, r.gateway]),
    [
      ['0.0.0.0', 0, '10.0.0.1'],
      ['10.0.0.0', 24, undefined],
    ],
  );
  assert.equal(routeTo('10.0.0.9', four)?.prefix, 24);
  assert.equal(routeTo('192.0.2.1', four)?.gateway, '10.0.0.1');
  const six = parseRoutes6(
    'fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n',
  );
  assert.equal(routeTo('fd00::7', six)?.nic, 'eth0');
  assert.equal(routeTo('2001:db8::1', six), undefined);
  assert.match(
    checkRoute(four.slice(1), '192.0.2.1', false).found,
    /no route to the server 192\.0\.2\.1, and no default route/,
  );
  assert.equal(checkRoute([], undefined, false).state, 'broken');
  assert.match(checkRoute(four, '192.0.2.1', false).found, /by 10\.0\.0\.1/);
});
