/** The holes of the original ramdisk, one test each. Those that need a real target are in test/deploy/real-target.deploy.ts. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitForDisk } from '../../../../agent/disks/choose-disk.ts';
import { deploy } from '../../../../agent/servers/ironic-2014/deploy.ts';
import { parseParameters } from '../../../../agent/servers/ironic-2014/parameters/deploy-parameters.ts';
import { DEPLOY_DEFAULTS } from '../../../../agent/servers/ironic-2014/parameters/deploy-settings.ts';
import { startDeployment } from '../../../../agent/servers/ironic-2014/start-deploy.ts';
import { cleanToken } from '../../../../agent/servers/ironic-2014/parameters/virtual-media.ts';
import { systemClock } from '../../../../platform/time/clock.ts';
import { silentLog } from '../../../../platform/log/log.ts';
import { createSystem } from '../../../../platform/system.ts';
import { freePort } from '../../../deploy/ports.ts';
import { aDisk, deployBench, KEY, LINE, scriptedApi, type BenchOptions } from '../../../helpers/deploy-bench.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';
import { until } from '../../../helpers/until.ts';

const TOKEN = 'd41d8cd98f00b204e9800998ecf8427e';

/** A deployment that the API refuses, so that it is over at once. */
async function refused(bench: Partial<BenchOptions>): Promise<{ sent: string | undefined; written: string }> {
  const http = scriptedApi([{ status: 400, body: `{"error_message": "expected ${KEY}, token ${TOKEN}"}` }]);
  const made = deployBench({ clock: fakeClock(), http, ...bench });
  const result = await deploy(made.context);
  return { sent: http.requests[0]?.headers?.['x-auth-token'], written: `${made.written()}${result.error ?? ''}` };
}

test('hole: the admin token. It goes over https, over http only when somebody says so, and into no log', async () => {
  const https = 'ironic_api_url=https://127.0.0.1:6385';
  assert.equal((await refused({ options: { token: TOKEN }, line: https })).sent, TOKEN);
  assert.equal((await refused({ options: { token: TOKEN, tokenOverHttp: true } })).sent, TOKEN);
  const plain = await refused({ options: { token: TOKEN } });
  assert.equal(plain.sent, undefined);
  assert.match(plain.written, /the token is not sent: the API is not https/);
  for (const { written } of [plain, await refused({ options: { token: TOKEN, tokenOverHttp: true } })])
    assert.doesNotMatch(written, new RegExp(TOKEN));
  assert.deepEqual([DEPLOY_DEFAULTS.tftpToken, DEPLOY_DEFAULTS.tokenOverHttp], [false, false]);
});

test('hole: eval with text of others. A token or a target name with shell words is none, and runs nothing', async () => {
  assert.equal(cleanToken(Buffer.from("x'; reboot; '")), undefined);
  for (const iqn of ['$(reboot)', 'a/../../b', '..', '-x', 'iqn;reboot', 'i'.repeat(300)]) {
    const http = scriptedApi([202]);
    const bench = deployBench({ clock: fakeClock(), http, line: `iscsi_target_iqn=${iqn}` });
    assert.equal((await deploy(bench.context)).error, 'iscsi_target_iqn is not a valid name');
    assert.deepEqual([bench.exports, bench.changes], [[], []]);
    assert.equal(http.bodies()[0]?.['iqn'], iqn);
  }
});

test('hole: the deployment key in texts. It is in no log and no error, also when the server repeats it', async () => {
  const { written } = await refused({});
  assert.match(written, /refused pass_deploy_info: HTTP 400: expected …/);
  assert.doesNotMatch(written, new RegExp(KEY));
  const short = await refused({
    line: 'deployment_key=short',
    http: scriptedApi([{ status: 400, body: '{"error_message": "Expected key short."}' }]),
  });
  assert.match(short.written, /Expected key …\./);
});

test('hole: iSCSI for everybody. API host and boot server may log in, others by name, all only when that is asked for', async () => {
  const initiators = async (
    line: string,
    allowInitiators: readonly string[],
  ): Promise<readonly string[] | undefined> => {
    const bench = deployBench({ clock: fakeClock(), http: scriptedApi([400]), line, options: { allowInitiators } });
    await deploy(bench.context);
    return bench.exports[0]?.initiators;
  };
  assert.deepEqual(await initiators('', []), ['127.0.0.1']);
  assert.deepEqual(await initiators('ironic_api_url=http://[fd00::1]:6385', ['192.0.2.7']), ['fd00::1', '192.0.2.7']);
  assert.deepEqual(await initiators('', ['ALL']), ['ALL']);
  const chap = { user: 'u', password: 'twelve-chars' };
  const bench = deployBench({
    clock: fakeClock(),
    http: scriptedApi([400]),
    context: { readChap: () => Promise.resolve(chap) },
  });
  await deploy(bench.context);
  assert.deepEqual([bench.exports[0]?.chap, bench.exports[0]?.address], [chap, '127.0.0.1']);
});

test('hole: port 10000. It is open before the conductor is told; strangers, early and empty calls do not end the wait', async () => {
  const port = await freePort();
  const call = (text: string, localAddress = '127.0.0.1'): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, localAddress }, () => socket.end(text));
      socket.on('error', () => undefined); // strangers are cut off
      socket.on('close', () => resolve());
    });
  let calls = Promise.resolve();
  const http = scriptedApi([202], () => {
    calls = (async () => {
      await call('done', '127.0.0.2');
      for (const text of ['done', '', 'Done', 'done now']) await call(text);
      bench.target.sessions = 1;
      await call('done');
    })();
  });
  const stop = new AbortController();
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 50, signal) };
  const bench = deployBench({ clock, http, options: { donePort: port }, context: { signal: stop.signal } });
  const ended = deploy(bench.context);
  const ignored = (): string[] => bench.written().match(/^ignored on port \d+: .*/gm) ?? [];
  await until('six ignored calls', () => ignored().length >= 6);
  await calls;
  const words = ignored().map((line) => line.replace(/^ignored on port \d+: /, ''));
  const expected = [
    '"done" from 127.0.0.1: nobody has logged in yet',
    '4 bytes from 127.0.0.1 that are not "done"',
    '8 bytes from 127.0.0.1 that are not "done"',
    'a connection from 127.0.0.2, which is neither the API nor the boot server',
    'an empty connection from 127.0.0.1',
    '"done" from 127.0.0.1: 1 session is still open',
  ];
  assert.deepEqual([...words].sort(), [...expected].sort());
  bench.target.sessions = 0;
  await call('done');
  assert.equal((await ended).ok, true);
});

test('hole: a lost POST was waited for without end. It is sent again', async () => {
  const clock = fakeClock();
  const http = scriptedApi(['gone', 503, 400]);
  const ended = deploy(deployBench({ clock, http }).context);
  await clock.advance(120_000);
  assert.match((await ended).error ?? '', /HTTP 400/);
  assert.equal(http.requests.length, 3);
});

test('hole: the original went on after errors and exported an empty path. Nothing is exported and the error is told', async () => {
  for (const line of ['disk=', 'disk=nvme0n1', 'root_device=colour=red', 'disk=sd', 'disk=/dev/']) {
    const clock = fakeClock();
    const http = scriptedApi([202]);
    const bench = deployBench({ clock, http, line });
    const ended = deploy(bench.context);
    await clock.advance(10_000);
    assert.equal((await ended).ok, false, line);
    assert.deepEqual(bench.exports, [], line);
    assert.match(http.bodies()[0]?.['error'] ?? '', /Could not find disk to use|root_device/, line);
  }
});

test('hole: the wrong disk, and data that was not flushed. Names are whole, disks in use are none, all is flushed before the end', async () => {
  const disks = [aDisk('sdaa'), aDisk('nvme0n1', { refused: 'it is read-only' }), aDisk('xvdq')];
  const clock = fakeClock();
  const wish = { names: ['sda', 'nvme0n1', 'xvdq'], hints: undefined };
  assert.equal((await waitForDisk({ list: () => disks, wish, clock })).name, 'xvdq');
  const bench = deployBench({ clock, http: scriptedApi([400]) });
  await deploy(bench.context);
  assert.deepEqual(bench.changes.slice(-3), [
    'flush what was written to /dev/razor-mk-none-xvdq',
    'flush /dev/razor-mk-none-xvdq',
    'read the partitions of /dev/razor-mk-none-xvdq again',
  ]);
});

test('hole: a root shell for a key at the console. Only troubleshoot=1 opens one, and only after an error', async () => {
  const dir = temporaryDirectory();
  const shells = async (line: string, size: number): Promise<number> => {
    writeFileSync(join(dir, 'disk'), Buffer.alloc(size));
    const system = createSystem({ live: false, log: silentLog });
    const text = `${line} ${LINE}`;
    await startDeployment({
      source: { text, words: parseParameters(text), token: undefined, media: '' },
      settings: { ...DEPLOY_DEFAULTS, diskAttempts: 0, then: 'reboot' },
      trust: { siteKey: '', unsignedDeploy: false },
      address: '127.0.0.1',
      diskFile: join(dir, 'disk'),
      system,
      clock: fakeClock(),
      log: silentLog,
      http: scriptedApi([202]),
      signal: new AbortController().signal,
    });
    return system.changes.filter(({ what }) => /^open a shell/.test(what)).length;
  };
  assert.equal(await shells('troubleshoot=0', 0), 0);
  assert.equal(await shells('troubleshoot=yes', 0), 0);
  assert.equal(await shells('troubleshoot=1', 512), 0);
  assert.equal(await shells('troubleshoot=1', 0), 1);
});

test('hole: whatever the conductor writes. With a site key nothing is exported, and the conductor is told why', async () => {
  const disk = join(temporaryDirectory(), 'disk');
  writeFileSync(disk, Buffer.alloc(512));
  const exported = async (trust: {
    siteKey: string;
    unsignedDeploy: boolean;
  }): Promise<[boolean, string | undefined]> => {
    const system = createSystem({ live: false, log: silentLog });
    const { error } = await startDeployment({
      source: { text: LINE, words: parseParameters(LINE), token: undefined, media: '' },
      settings: { ...DEPLOY_DEFAULTS, diskAttempts: 0, target: 'tgt' },
      trust,
      address: '127.0.0.1',
      diskFile: disk,
      system,
      clock: fakeClock(),
      log: silentLog,
      http: scriptedApi([202]),
      signal: new AbortController().signal,
    });
    return [system.changes.some(({ what }) => /export/.test(what)), error];
  };
  const [byDefault, why] = await exported({ siteKey: '/etc/razor-mk/site-key.pub', unsignedDeploy: false });
  assert.equal(byDefault, false);
  assert.match(why ?? '', /site key, and nobody vouches/);
  assert.deepEqual(await exported({ siteKey: '/etc/razor-mk/site-key.pub', unsignedDeploy: true }), [true, undefined]);
  assert.deepEqual(await exported({ siteKey: '', unsignedDeploy: false }), [true, undefined]);
});
