import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hostnameOf, hostsWith, setHostname } from '../../../agent/network/hostname.ts';
import { askSntp, leaseNtpServers, ntpToUnixMs, readSntpReply, stepClock } from '../../../agent/network/ntp.ts';
import { listenForNeighbours } from '../../../agent/network/neighbours/listen.ts';
import { startWatchdog } from '../../../agent/network/watchdog.ts';
import type { AgentEvent } from '../../../agent/loop/events.ts';
import { bootNode } from '../../../agent/node/boot/boot.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const NO_MODULES = { modules: new Set<string>(), undriven: [], firmwareErrors: [] };
const card = (name: string, carrier: boolean) => ({
  name,
  carrier,
  index: 1,
  mac: '52:54:00:00:00:01',
  physical: true,
  up: true,
  driver: undefined,
  addresses: [],
});
const dir = temporaryDirectory();
const lines: string[] = [];
const log = createLog({ people: (line, level) => lines.push(`${level}: ${line}`) });
const live = createSystem({ live: true, log }); // its changes go to files below `dir` only
const dry = createSystem({ live: false, log });

test('the host name is mk and the MAC without colons, and no other text becomes one', () => {
  assert.equal(hostnameOf('52:54:00:AB:CD:EF'), 'mk525400abcdef');
  for (const bad of ['', '00:00:00:00:00:00', '52:54', 'x;reboot', '52:54:00:ab:cd:eg'])
    assert.equal(hostnameOf(bad), undefined, bad);
});

test('/etc/hosts keeps its other lines, and an older name of ours goes', () => {
  assert.equal(hostsWith('', 'mk1'), '127.0.0.1 localhost mk1\n');
  const before = '# mine\n127.0.0.1 localhost box mk525400000001\n::1 localhost\n10.0.0.1 razor\n';
  assert.equal(
    hostsWith(before, 'mk525400000002'),
    '# mine\n127.0.0.1 localhost box mk525400000002\n::1 localhost\n10.0.0.1 razor\n',
  );
});

test('the host name is set in the kernel, /etc/hostname and /etc/hosts, once; dry changes nothing', async () => {
  const root = join(dir, 'root');
  for (const [path, text] of [
    ['proc/sys/kernel/hostname', 'box\n'],
    ['etc/hostname', 'box\n'],
    ['etc/hosts', '127.0.0.1 localhost box\n'],
  ] as const) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  await setHostname('mk525400000001', { system: dry, log, root });
  assert.deepEqual([read('etc/hostname'), read('proc/sys/kernel/hostname')], ['box\n', 'box\n']);
  await setHostname('mk525400000001', { system: live, log, root });
  assert.deepEqual(
    [read('proc/sys/kernel/hostname'), read('etc/hostname'), read('etc/hosts')],
    ['mk525400000001', 'mk525400000001\n', '127.0.0.1 localhost box mk525400000001\n'],
  );
  const changes = live.changes.length;
  await setHostname('mk525400000001', { system: live, log, root });
  assert.equal(live.changes.length, changes, 'nothing left to do');
});

/** An SNTP server whose clock is `offsetMs` ahead. `spoil` may break the reply. */
async function ntpServer(
  t: TestContext,
  offsetMs: number,
  spoil: (reply: Buffer) => Buffer = (reply) => reply,
): Promise<{ port: number }> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.on('message', (request, from) => {
    const reply = Buffer.alloc(48);
    reply[0] = 0x24;
    reply[1] = 2;
    request.copy(reply, 24, 40, 48);
    const now = Date.now() + offsetMs;
    for (const at of [32, 40]) {
      reply.writeUInt32BE((Math.floor(now / 1000) + 2_208_988_800) % 2 ** 32, at);
      reply.writeUInt32BE(Math.floor(((now % 1000) / 1000) * 2 ** 32), at + 4);
    }
    socket.send(spoil(reply), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port };
}

test('a real SNTP server tells the offset, and the clock is stepped by it, in the dry system only in words', async (t) => {
  const server = await ntpServer(t, 3_600_000);
  const answer = await askSntp('127.0.0.1', { port: server.port });
  assert.ok(Math.abs(answer.offsetMs - 3_600_000) < 200, `${answer.offsetMs}`);
  assert.equal(await stepClock(answer, dry), true);
  assert.match(dry.changes.at(-1)?.what ?? '', /step the clock by 3600\.\d s, as 127\.0\.0\.1 says/);
  assert.equal(await stepClock({ ...answer, offsetMs: 100 }, dry), false, 'a clock that is right is left alone');
});

test('an NTP server of a DHCP lease sets the clock too, after those that were named for this machine', async (t) => {
  const server = await ntpServer(t, 7_200_000);
  const root = join(dir, 'lease');
  mkdirSync(join(root, 'tmp/razor-mk-net/eth0'), { recursive: true });
  mkdirSync(join(root, 'tmp/razor-mk-net/eth1'));
  writeFileSync(join(root, 'tmp/razor-mk-net/eth0/ntp'), '127.0.0.1 $(reboot) 127.0.0.2\n');
  writeFileSync(join(root, 'tmp/razor-mk-net/eth1/ntp'), 'ntp.example 127.0.0.1\n');
  assert.deepEqual(leaseNtpServers(root), ['127.0.0.1', '127.0.0.2']);
  assert.deepEqual(leaseNtpServers(join(root, 'nowhere')), []);
  const system = createSystem({ live: false, log });
  const steps: string[] = [];
  const nic = { name: 'eth0', index: 2, mac: '52:54:00:00:00:01', physical: true, up: true, carrier: true };
  const nics = [{ ...nic, driver: 'e1000', addresses: ['10.0.0.7'] }];
  const emit = (event: AgentEvent): void => {
    if (event.event === 'step') steps.push(`${event.name} ${event.state} ${event.note}`);
  };
  const runtime = { clock: fakeClock(), log, emit, system, signal: new AbortController().signal };
  const named = async (ntp: readonly string[]): Promise<string> => {
    steps.splice(0);
    await bootNode(runtime, {
      cmdline: 'quiet',
      ntp,
      ntpPort: server.port,
      reloadModules: [],
      root,
      say: () => undefined,
      resolve: () => Promise.resolve(undefined),
      observe: () => ({ nics, modules: new Set(), undriven: [], firmwareErrors: [] }),
    });
    return steps.at(-1) ?? '';
  };
  assert.match(await named([]), /^clock done stepped by 7\d\d\d\.\d+ s, as 127\.0\.0\.1 says$/);
  assert.match(await named(['localhost.invalid']), /^clock done stepped by/, 'one that is named and absent gives way');
});

test('replies that are no answer to our question are not believed', async (t) => {
  for (const [spoil, why] of [
    [(reply: Buffer) => reply.fill(7, 24, 32), /answer is to another question/],
    [(reply: Buffer) => reply.fill(0, 1, 2), /kiss-o/],
    [(reply: Buffer) => reply.fill(0xe4, 0, 1), /not synchronised/],
    [(reply: Buffer) => reply.subarray(0, 20), /short reply/],
    [(reply: Buffer) => reply.fill(0x23, 0, 1), /not a server/],
  ] as const) {
    const server = await ntpServer(t, 0, spoil);
    await assert.rejects(askSntp('127.0.0.1', { port: server.port }), { code: 'RAZOR_MK_NTP', message: why });
  }
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => silent.close());
  await once(silent, 'listening');
  await assert.rejects(askSntp('127.0.0.1', { port: silent.address().port, timeoutMs: 100 }), /no answer/);
});

test('times after 2036 are read as such', () => {
  const packet = Buffer.alloc(48);
  packet.writeUInt32BE(0, 32); // 2036-02-07 06:28:16 UTC, the beginning of era 1
  assert.equal(new Date(ntpToUnixMs(packet, 32)).toISOString(), '2036-02-07T06:28:16.000Z');
  const cookie = Buffer.alloc(8, 1);
  packet[0] = 0x24;
  packet[1] = 1;
  cookie.copy(packet, 24);
  assert.throws(() => readSntpReply(packet, Buffer.alloc(8, 2), 0, 0, 'x'), { code: 'RAZOR_MK_NTP' });
});

test('the watchdog is fed while the work gets on, not when it stands still, and is disarmed at the end', async (t) => {
  const device = join(dir, 'watchdog');
  writeFileSync(device, '');
  const clock = fakeClock();
  const watchdog = await startWatchdog({ system: live, log, clock, device, feedMs: 5000, stallMs: 60_000 });
  t.after(() => watchdog.stop());
  const fed = (): number => readFileSync(device, 'latin1').length;
  assert.ok(watchdog.armed);
  await clock.advance(50_000);
  assert.equal(fed(), 11);
  watchdog.progress();
  await clock.advance(60_000);
  const before = fed();
  await clock.advance(300_000);
  assert.ok(fed() <= before + 1, 'nobody made progress: the machine may restart');
  assert.match(lines.join('\n'), /error: the work stands still since \d+ s: the watchdog is not fed any more/);
  watchdog.progress();
  await clock.advance(5000);
  assert.ok(fed() > before, 'it goes on when the work does');
  watchdog.stop();
  assert.equal(readFileSync(device, 'latin1').at(-1), 'V');
});

test('without a device, and in the dry system, there is no watchdog', async (t) => {
  const device = join(dir, 'watchdog2');
  writeFileSync(device, '');
  const none = await startWatchdog({ system: live, log, clock: fakeClock(), device: join(dir, 'absent') });
  t.after(() => none.stop());
  const off = await startWatchdog({ system: dry, log, clock: fakeClock(), device });
  t.after(() => off.stop());
  assert.deepEqual([none.armed, off.armed], [false, false]);
  none.stop();
  off.stop();
  assert.equal(readFileSync(device, 'utf8'), '');
});

test('neighbours, on a kernel without macvtap: said once, nothing is waited for, nothing is left to remove', async () => {
  const said: string[] = [];
  const ran: string[] = [];
  const own = createLog({ people: (line, level) => level === 'warn' && said.push(line) });
  const end = new AbortController();
  const system = createSystem({ live: true, log: own });
  const nothing = { signal: undefined, failure: undefined, stdout: Buffer.alloc(0), durationMs: 0 };
  const stderr = Buffer.from('RTNETLINK answers: Operation not supported\n');
  const clock = fakeClock();
  const listening = listenForNeighbours({
    log: own,
    clock,
    signal: end.signal,
    dir: join(dir, 'heard'),
    system: {
      ...system,
      run: (_what, argv) => {
        ran.push(argv.join(' '));
        return Promise.resolve({ ...nothing, argv, status: argv[0] === 'ip' ? 2 : 0, stderr });
      },
    },
    observe: () => ({ nics: [card('eth0', true), card('eth1', true), card('eth2', false)], ...NO_MODULES }),
    onHeard: () => assert.fail('nothing can be heard'),
  });
  await listening.firstRound(1e9);
  end.abort();
  await listening.done;
  assert.deepEqual(ran, ['modprobe macvtap', 'ip link add link eth0 name rzlldp1 type macvtap']);
  assert.deepEqual(said, ['this kernel has no macvtap (module macvtap); they are known only where an lldpd runs']);
});
