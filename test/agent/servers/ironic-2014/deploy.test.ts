import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { deploy } from '../../../../agent/servers/ironic-2014/deploy.ts';
import { createStrangerWatch, farEnds } from '../../../../agent/servers/ironic-2014/iscsi/strangers.ts';
import { systemClock } from '../../../../platform/time/clock.ts';
import { freePort } from '../../../deploy/ports.ts';
import { aDisk, deployBench, KEY, NODE, scriptedApi, type DeployBench } from '../../../helpers/deploy-bench.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { until } from '../../../helpers/until.ts';

function say(port: number, text = 'done'): void {
  const socket = connect({ host: '127.0.0.1', port }, () => socket.end(text));
  socket.on('error', () => undefined);
}

/** A conductor that logs in, logs out and says done as soon as it is told. */
function prompt(port: number, bench: () => DeployBench): ReturnType<typeof scriptedApi> {
  return scriptedApi([202], () => {
    const { target } = bench();
    target.sessions = 1;
    void (async () => {
      await until('a look at the sessions', () => target.looks > 0);
      target.sessions = 0;
      say(port);
    })();
  });
}

test('exported, reported, done, stopped, flushed: in this order', async () => {
  const port = await freePort();
  const bench: DeployBench = deployBench({
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) },
    http: prompt(port, () => bench),
    options: { donePort: port, iscsiPort: 33_260 },
  });
  const result = await deploy(bench.context);
  assert.deepEqual(result, { ok: true, disk: '/dev/razor-mk-none-xvdq', error: undefined });
  assert.deepEqual(bench.exports[0]?.initiators, ['127.0.0.1']);
  assert.deepEqual(
    bench.changes.map((what) => what.replaceAll(/\S*\d{4,}|\/dev\/\S+/g, 'X')),
    ['wait for "done" on X', 'flush what was written to X', 'flush X', 'read the partitions of X again'],
  );
  assert.equal(bench.target.stops, 1);
});

test('an error of our own is told with every key of the call, and nothing is exported or waited for', async () => {
  const clock = fakeClock();
  const http = scriptedApi([202]);
  const bench = deployBench({ clock, http, disks: [aDisk('xvdq', { refused: 'xvdq1 is mounted on /' })] });
  const ended = deploy(bench.context);
  await clock.advance(10_000);
  const result = await ended;
  assert.equal(result.ok, false);
  assert.deepEqual(http.bodies(), [
    {
      address: '127.0.0.1',
      key: KEY,
      iqn: `iqn-${NODE}`,
      error: 'Could not find disk to use. (sda: there is none; xvdq: xvdq1 is mounted on /)',
    },
  ]);
  assert.deepEqual([bench.exports, bench.changes], [[], []]);
});

test('every early error reaches the conductor: no NIC, no IQN, no target, a CHAP file that is none', async () => {
  const boom = (what: string) => () => Promise.reject(new Error(what));
  const cases: Readonly<Record<string, Parameters<typeof deployBench>[0]['context'] | string>> = {
    'Could not find an interface that owns MAC: x': {
      findAddress: boom('Could not find an interface that owns MAC: x'),
    },
    'Failed to start iscsi target.': { exportDisk: boom('Failed to start iscsi target.') },
    'the CHAP file is none': { readChap: boom('the CHAP file is none') },
    'iscsi_target_iqn is not defined': 'iscsi_target_iqn=',
  };
  for (const [message, what] of Object.entries(cases)) {
    const http = scriptedApi([202]);
    const extra = typeof what === 'string' ? { line: what } : { context: what ?? {} };
    const bench = deployBench({ clock: fakeClock(), http, ...extra });
    assert.deepEqual(await deploy(bench.context), { ok: false, disk: undefined, error: message });
    const [body] = http.bodies();
    assert.deepEqual(Object.keys(body ?? {}).sort(), ['address', 'error', 'iqn', 'key'], message);
    assert.equal(body?.['error'], message);
    assert.equal(bench.changes.length, 0, 'port 10000 was opened');
  }
});

test('done that never comes ends the wait, and the target is stopped', async () => {
  const clock = fakeClock();
  const http = scriptedApi([202]);
  const bench = deployBench({ clock, http, options: { waitMs: 60_000 } });
  const ended = deploy(bench.context);
  await until('the open port and the wait', () => clock.sleeping === 2);
  await clock.advance(59_000);
  assert.equal(bench.target.stops, 0);
  await clock.advance(2000);
  const result = await ended;
  assert.equal(result.error, '"done" did not come within 60 s');
  assert.equal(bench.target.stops, 1);
  assert.match(bench.written(), /waiting for "done": 0 sessions, 10 s left/);
});

test('a conductor that refuses ends the work at once: the target is stopped', async () => {
  const bench = deployBench({ clock: fakeClock(), http: scriptedApi([404]) });
  const result = await deploy(bench.context);
  assert.match(result.error ?? '', /refused pass_deploy_info: HTTP 404/);
  assert.equal(bench.target.stops, 1);
});

test('boot_option=local: a boot loader that fails is told as FAILED in valid JSON, and the deployment failed', async () => {
  const port = await freePort();
  let told = 0;
  const bench: DeployBench = deployBench({
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) },
    http: scriptedApi([202], () => {
      if (told++ > 0) return;
      bench.target.sessions = 1;
      void (async () => {
        await until('a look at the sessions', () => bench.target.looks > 0);
        bench.target.sessions = 0;
        say(port);
      })();
    }),
    line: 'boot_option=local',
    options: { donePort: port },
    runs: (argv) =>
      argv.includes('--rereadpt') ? { status: 1, stderr: Buffer.from('BLKRRPART: "busy"\nline 2') } : {},
  });
  const result = await deploy(bench.context);
  const http = bench.context.http as ReturnType<typeof scriptedApi>;
  assert.match(http.requests[1]?.url ?? '', /pass_bootloader_install_info$/);
  const body = http.bodies()[1];
  assert.equal(body?.['status'], 'FAILED');
  assert.match(body['error'] ?? '', /has no partition that the kernel sees: BLKRRPART: "busy" line 2/);
  assert.match(result.error ?? '', /the boot loader was not installed/);
  assert.equal(bench.target.stops, 2, 'once before the boot loader, once at the end');
});

test('the token is asked for once the disk is exported, and goes with the call; for an error it is asked for too', async () => {
  const order: string[] = [];
  const fetchToken = (): Promise<string> => (order.push('token'), Promise.resolve('tok-7'));
  const clock = fakeClock();
  const http = scriptedApi([404], () => void order.push('call'));
  const bench: DeployBench = deployBench({
    clock,
    http,
    options: { tokenOverHttp: true },
    context: { fetchToken, readChap: () => (order.push('export'), Promise.resolve(undefined)) },
  });
  await deploy(bench.context);
  assert.deepEqual(order.slice(0, 3), ['export', 'token', 'call']);
  assert.equal(http.requests[0]?.headers?.['x-auth-token'], 'tok-7');
});

// the conductor came from another address than the API: Juno logged five failed logins, the node said "0 sessions" for half an hour
test('who connects to the portal and is not allowed is named once, with the option that allows it', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const line = (local: string, remote: string, state: string): string =>
    `   0: ${local} ${remote} ${state} 00000000:00000000`;
  const v4 = [
    head,
    line('0A0200C0:0CBC', '00000000:0000', '0A'),
    line('0A0200C0:0CBC', '090200C0:C350', '06'),
    line('0A0200C0:0CBC', '010200C0:C351', '01'),
    line('0A0200C0:0050', '080200C0:C352', '01'),
  ].join('\n');
  const v6 = [
    head,
    line('B80D0120000000000000000001000000:0CBC', 'B80D0120000000000000000002000000:C350', '06'),
    line('0000000000000000FFFF00000A0200C0:0CBC', '0000000000000000FFFF0000070200C0:C350', '06'),
  ].join('\n');
  assert.deepEqual(farEnds(v4, 3260, true), ['192.0.2.9', '192.0.2.1']);
  assert.deepEqual(farEnds(v6, 3260, true), ['2001:db8::2', '192.0.2.7']);
  const watch = createStrangerWatch(3260, ['192.0.2.1', '192.0.2.10'], (path) => (path.endsWith('6') ? v6 : v4));
  if (endianness() === 'LE') assert.deepEqual(watch(), ['192.0.2.9', '2001:db8::2', '192.0.2.7']);
  assert.deepEqual(watch().length, endianness() === 'LE' ? 0 : watch().length, 'once');
  assert.deepEqual(createStrangerWatch(3260, ['ALL'], () => v4)(), []);
});
