/** Parts of `lab vm` that need no virtual machine: the way into the namespace, what a killed parent leaves, QEMU's arguments. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../../../platform/process/daemon.ts';
import { forwardPort } from '../../../lab/vm/forward.ts';
import { firmwareFiles, qemuArgv, textOfScreen } from '../../../lab/vm/machine.ts';
import { needPrograms } from '../../../lab/vm/programs.ts';
import { createSegment, prefixOf } from '../../../lab/vm/segment.ts';
import { askQemu } from '../../../lab/vm/qmp.ts';
import { createNamespace, needTaps, type Namespace } from '../../../lab/vm/namespace.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { until } from '../../helpers/until.ts';

async function namespaceOrReason(): Promise<Namespace | string> {
  return await createNamespace().catch((error: unknown) => `no namespaces here: ${String(error)}`);
}

test('a port of the namespace’s loopback is reachable from outside, and no longer when it is closed', async (t) => {
  const namespace = await namespaceOrReason();
  if (typeof namespace === 'string') return t.skip(namespace);
  const dir = temporaryDirectory();
  try {
    const server = `require('node:http').createServer((_, r) => r.end('from inside')).listen(8025, '127.0.0.1', () => console.log('up'))`;
    await new Promise<void>((up) => {
      void namespace.start([process.execPath, '-e', server], { onLine: () => up() });
    });
    const forward = await forwardPort(namespace, 8025, join(dir, 'page.sock'));
    t.after(() => forward.close());
    const replies = await Promise.all([1, 2, 3].map(async () => await (await fetch(forward.url)).text()));
    assert.deepEqual(replies, ['from inside', 'from inside', 'from inside']);
    await forward.close();
    await assert.rejects(fetch(forward.url));
  } finally {
    await namespace.close();
  }
});

test('kill -9 of the process that made a namespace ends every process in it', async (t) => {
  const namespace = await namespaceOrReason();
  if (typeof namespace === 'string') return t.skip(namespace);
  await namespace.close();
  const module = new URL('../../../lab/vm/namespace.ts', import.meta.url).href;
  const script = `import { createNamespace } from '${module}';
    const n = await createNamespace(); await n.start(['sleep', '1000']); console.log(n.pid); setInterval(() => {}, 1000);`;
  let pid = '';
  let line: () => void = () => undefined;
  const said = new Promise<void>((resolve) => (line = resolve));
  const parent = await startDaemon([process.execPath, '--input-type=module', '-e', script], {
    onLine: (text, stream) => stream === 'stdout' && ((pid = text), line()),
  });
  t.after(() => parent.stop());
  await said;
  const inside = readlinkSync(`/proc/${pid}/ns/net`);
  assert.ok(inNetwork(inside) >= 2);
  process.kill(parent.pid, 'SIGKILL');
  await parent.exited;
  await until('the end of every process inside', () => inNetwork(inside) === 0);
});

function inNetwork(inside: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/ns/net`) === inside;
    } catch {
      return false; // it ended meanwhile
    }
  }).length;
}

test('on user networking QEMU itself serves razor.ipxe by TFTP, and there is no tap', () => {
  const nics = [{ mac: '52:54:00:00:00:01', user: { tftp: '/srv/tftp' } }];
  const words = qemuArgv({ name: 'n', dir: '/d', nics }).join(' ');
  assert.match(words, /-netdev user,id=n0,tftp=\/srv\/tftp,bootfile=razor\.ipxe -device virtio-net-pci,netdev=n0,mac=/);
  assert.doesNotMatch(words, /tap/);
});

test('packets are kept for each connected card where that is asked for', () => {
  const nics = [{ mac: '52:54:00:00:00:01', tap: 't' }, { mac: '52:54:00:00:00:02' }];
  const words = (pcap: boolean): string => qemuArgv({ name: 'n', dir: '/d', nics, pcap }).join(' ');
  assert.match(words(true), /-object filter-dump,id=dump0,netdev=n0,maxlen=\d+,file=\/d\/n-nic0\.pcap/);
  assert.doesNotMatch(words(true), /nic1\.pcap/);
  assert.doesNotMatch(words(false), /pcap/);
});

test('programs that are missing are named all at once, with the packages that have them', () => {
  const dir = temporaryDirectory();
  for (const name of ['qemu-system-x86_64', 'setpriv', 'unshare', 'nsenter']) {
    writeFileSync(join(dir, name), '#!/bin/sh\n');
    chmodSync(join(dir, name), 0o755);
  }
  assert.throws(() => needPrograms({ network: 'auto', uefi: false }, dir), {
    message: /: ip, dnsmasq$/,
    remedy: /install --no-install-recommends iproute2 dnsmasq-base\./,
  });
  // QEMU's user networking needs none of the two
  needPrograms({ network: 'user', uefi: false }, dir);
});

test('a dnsmasq that does not start is told with its words', async (t) => {
  const namespace = await namespaceOrReason();
  if (typeof namespace === 'string') return t.skip(namespace);
  if (spawnSync('dnsmasq', ['--version']).error) {
    await namespace.close();
    return t.skip('dnsmasq is not installed');
  }
  try {
    const segment = await createSegment(namespace, { bridge: 'br0', net: '10.77.0' });
    await assert.rejects(segment.startDhcp({ lines: ['no-such-option'] }), {
      code: 'RAZOR_MK_VM',
      message: /dnsmasq did not start: .*option/,
    });
    await segment.startDhcp({});
    await segment.stopDhcp();
  } finally {
    await namespace.close();
  }
});

test('a machine without tap devices is said before a namespace is made', () => {
  assert.throws(() => needTaps('/nowhere/net/tun'), {
    code: 'RAZOR_MK_VM',
    message: 'there is no /nowhere/net/tun, which machines in a network namespace need',
  });
  assert.throws(() => needTaps('/etc/hostname/tun'), /there is no/);
});

test('the text of a screen is read out of its memory, colours and empty lines left out', () => {
  const memory = Buffer.alloc(32_768);
  for (const [row, text] of [
    [0, 'first'],
    [30, 'login: \x07'],
  ] as const)
    for (const [column, char] of [...text].entries())
      memory.writeUInt16LE(0x0700 + char.charCodeAt(0), row * 160 + column * 2);
  assert.equal(textOfScreen(memory), 'first\nlogin:');
});

test('an order to QEMU waits through its greeting and events, and its refusal is told', async () => {
  const dir = temporaryDirectory();
  const path = join(dir, 'n.qmp');
  const asked: unknown[] = [];
  const server = createServer((socket) => {
    socket.write('{"QMP": {"version": {}}}\r\n');
    socket.on('data', (bytes: Buffer) => {
      const { execute, arguments: args } = JSON.parse(bytes.toString()) as { execute: string; arguments: unknown };
      asked.push(execute, args);
      const refused = execute === 'screendump';
      socket.write(`{"event": "RESET"}\r\n${refused ? '{"error": {"desc": "no screen"}}' : '{"return": 7}'}\r\n`);
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
  try {
    assert.equal(await askQemu(path, 'query', { a: 1 }), 7);
    assert.deepEqual(asked, ['qmp_capabilities', {}, 'query', { a: 1 }]);
    await assert.rejects(askQemu(path, 'screendump'), /screendump: no screen/);
    await assert.rejects(askQemu(join(dir, 'other.qmp'), 'query'), /no machine runs at/);
  } finally {
    await new Promise((done) => server.close(done));
  }
});

test('two segments of one site each have a DHCP server, and addresses of their own', async (t) => {
  const namespace = await namespaceOrReason();
  if (typeof namespace === 'string') return t.skip(namespace);
  if (spawnSync('dnsmasq', ['--version']).error !== undefined) {
    await namespace.close();
    return t.skip('dnsmasq is not installed');
  }
  try {
    assert.deepEqual(['10.77.0', '10.78.0', '10.79.0', '10.77.1'].map(prefixOf), [
      'fd77:0::',
      'fd77:100::',
      'fd77:200::',
      'fd77:1::',
    ]);
    for (const [bridge, net] of [
      ['br0', '10.77.0'],
      ['br1', '10.78.0'],
    ] as const) {
      const segment = await createSegment(namespace, { bridge, net });
      await segment.startDhcp({}); // throws when dnsmasq ends
    }
  } finally {
    await namespace.close();
  }
});

test('an arm64 machine is QEMU’s board virt with its own UEFI; one with UEFI of 32 bits is a PC', () => {
  const nics = [{ mac: '52:54:00:00:00:01' }];
  const arm = qemuArgv({ name: 'n', dir: '/d', arch: 'aarch64', firmware: 'uefi', nics });
  assert.equal(arm[0], 'qemu-system-aarch64');
  assert.match(arm.join(' '), / -M virt -cpu cortex-a57 .* if=pflash,format=raw,readonly=on,file=\S*\/AAVMF_CODE\.fd /);
  assert.ok(!arm.includes('VGA'));
  const secure = firmwareFiles({ arch: 'aarch64', secureBoot: true });
  assert.match(secure.vars, /AAVMF_VARS\.ms\.fd$/);
  const narrow = qemuArgv({ name: 'n', dir: '/d', firmware: 'uefi32', nics }).join(' ');
  assert.match(narrow, /^qemu-system-x86_64 .* -M q35,smm=on .*OVMF32_CODE_4M/);
});
