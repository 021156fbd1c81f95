/** Parts of `lab vm` that need no virtual machine: the way into the namespace, what a killed parent leaves, QEMU's arguments. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../../platform/daemon.ts';
import { forwardPort } from '../../lab/vm/forward.ts';
import { qemuArgv } from '../../lab/vm/machine.ts';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';

async function namespaceOrReason(): Promise<Namespace | string> {
  return await createNamespace().catch((error: unknown) => `no namespaces here: ${String(error)}`);
}

test('a port of the namespace’s loopback is reachable from outside, and no longer when it is closed', async (t) => {
  const namespace = await namespaceOrReason();
  if (typeof namespace === 'string') return t.skip(namespace);
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-forward-'));
  try {
    const server = `require('node:http').createServer((_, r) => r.end('from inside')).listen(8025, '127.0.0.1', () => console.log('up'))`;
    await new Promise<void>((up) => {
      void namespace.start([process.execPath, '-e', server], { onLine: () => up() });
    });
    const forward = await forwardPort(namespace, 8025, join(dir, 'page.sock'));
    const replies = await Promise.all([1, 2, 3].map(async () => await (await fetch(forward.url)).text()));
    assert.deepEqual(replies, ['from inside', 'from inside', 'from inside']);
    await forward.close();
    await assert.rejects(fetch(forward.url));
  } finally {
    await namespace.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('kill -9 of the process that made a namespace ends every process in it', async (t) => {
  const namespace = await namespaceOrReason();
  if (typeof namespace === 'string') return t.skip(namespace);
  await namespace.close();
  const module = new URL('../../lab/vm/namespace.ts', import.meta.url).href;
  const script = `import { createNamespace } from '${module}';
    const n = await createNamespace(); await n.start(['sleep', '1000']); console.log(n.pid); setInterval(() => {}, 1000);`;
  let pid = '';
  let line: () => void = () => undefined;
  const said = new Promise<void>((resolve) => (line = resolve));
  const parent = await startDaemon([process.execPath, '--input-type=module', '-e', script], {
    onLine: (text, stream) => stream === 'stdout' && ((pid = text), line()),
  });
  await said;
  const inside = readlinkSync(`/proc/${pid}/ns/net`);
  assert.ok(inNetwork(inside) >= 2);
  process.kill(parent.pid, 'SIGKILL');
  await parent.exited;
  while (inNetwork(inside) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
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
