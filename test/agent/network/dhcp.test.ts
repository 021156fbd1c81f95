import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dhcpClientPid, restartDhcp, udhcpcArgv } from '../../../agent/network/dhcp.ts';
import { bench } from '../../helpers/command-bench.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();

test('the image’s own starter is used when it is there, and Tiny Core’s file of the same name is not', async () => {
  const service = join(dir, 'dhcp.sh');
  const options = { service, pidDir: dir, scripts: [] };
  writeFileSync(
    service,
    '#!/bin/sh\n# One DHCP client for every card. dhcp.sh [start] [CARD...]. dhcp.sh restart [CARD...]: ended first.\n',
  );
  const ours = await bench();
  assert.equal(await restartDhcp('eth1', { ...ours.runtime, ...options }), true);
  assert.deepEqual(ours.programs, [[service, 'restart', 'eth1']]);
  writeFileSync(service, '#!/bin/sh\n# Tiny Core\nfor i in eth*; do udhcpc -b -i $i; done\n');
  const core = await bench();
  await restartDhcp('eth1', { ...core.runtime, ...options });
  assert.deepEqual(core.programs, [udhcpcArgv('eth1', options)]);
});

test('only a udhcpc of that very NIC is ended: a pid file may name another program by now', async (t) => {
  const sleeper = spawn('sleep', ['30']);
  t.after(() => sleeper.kill());
  writeFileSync(join(dir, 'udhcpc.eth0.pid'), `${sleeper.pid}\n`);
  assert.equal(dhcpClientPid('eth0', dir), undefined);
  const { runtime } = await bench();
  await restartDhcp('eth0', { ...runtime, pidDir: dir, service: '/nonexistent' });
  assert.equal(sleeper.exitCode ?? sleeper.signalCode, null, 'the other program still runs');
});

test('a name that is no interface starts nothing', async () => {
  const { runtime, programs } = await bench();
  for (const bad of ['-h', 'eth0; reboot', '../x', ''])
    assert.equal(await restartDhcp(bad, { ...runtime, service: '/nonexistent' }), false);
  assert.deepEqual(programs, []);
});
