/** What GRUB and firmware under Secure Boot are answered by a real lab: scripts of their own, replies that they can read. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { grubLocal } from '../../../lab/installers/grub-scripts.ts';
import { isBootLoader, spellForLoader } from '../../../lab/listeners/loader-replies.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import type { LabOptions } from '../../../lab/lab-settings.ts';
import type { Image } from '../../../lab/store/records.ts';
import { register } from '../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

type NewImage = Omit<Image, 'uuid'>;

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const ASK = '/razor/api/boot?loader=grub&mac=52:54:00:00:00:01';

async function labWith(t: TestContext, options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab({ ports: NO_PORTS, ...options });
  t.after(() => lab.close());
  return lab;
}

async function text(lab: Lab, path: string, init: RequestInit = {}): Promise<string> {
  return await (await fetch(lab.nodesUrl + path, init)).text();
}

/** The head and the announced body of a reply as they come over the wire, to a request that wants to keep the connection. */
async function wire(lab: Lab, path: string, agent: string, method = 'GET'): Promise<string> {
  const { hostname, port } = new URL(lab.nodesUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setTimeout(5000, () => socket.destroy(new Error('no whole reply within 5 s')));
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${hostname}\r\nUser-Agent: ${agent}\r\n\r\n`);
  let all = '';
  for await (const chunk of socket) {
    all += String(chunk);
    const [head = '', body = ''] = all.split('\r\n\r\n');
    if (
      all.includes('\r\n\r\n') &&
      (method === 'HEAD' || body.length >= Number(/Content-Length: (\d+)/.exec(head)?.[1]))
    )
      break;
  }
  socket.destroy();
  return all;
}

function addMicrokernel(t: TestContext, lab: Lab): string {
  const path = temporaryDirectory(t);
  writeFileSync(join(path, 'vmlinuz'), 'k');
  writeFileSync(join(path, 'core.gz'), 'i');
  return lab.store.images.add(image('mk', path)).uuid;
}

function image(type: 'mk' | 'os', path: string): NewImage {
  return {
    type,
    name: type,
    version: '1.0.0',
    path,
    kernel: type === 'mk' ? 'vmlinuz' : 'linux',
    initrd: type === 'mk' ? 'core.gz' : 'initrd.gz',
    kernelHash: undefined,
    initrdHash: undefined,
    hash: undefined,
    buildTime: undefined,
    added: 0,
  };
}

test('an unknown machine whose GRUB asks gets the microkernel, without initrd= on the line', async (t) => {
  const lab = await labWith(t, { microkernel: { kernelArgs: 'console=ttyS0,115200 a;b' } });
  const uuid = addMicrokernel(t, lab);
  const images = new URL(lab.imagesUrl).host;
  const script = await text(lab, ASK);
  assert.ok(script.includes(`linux "(http,${images})/razor/image/mk/${uuid}/vmlinuz" maxcpus=1 `), script);
  assert.ok(
    script.includes(`console=ttyS0,115200 'a;b'\ninitrd "(http,${images})/razor/image/mk/${uuid}/core.gz"\nboot\n`),
    script,
  );
  assert.doesNotMatch(script, /initrd=|#!ipxe|goto/);
  assert.match(script, /\nsleep \d+\nreboot\n$/, 'GRUB starts over where loading fails');
  assert.match(await text(lab, ASK.replace('loader=grub&', '')), /^#!ipxe\nkernel .*initrd=core\.gz/);
});

test('without an image GRUB says so and starts over', async (t) => {
  const lab = await labWith(t);
  assert.match(
    await text(lab, ASK),
    /^echo 'The lab has no microkernel image: [^']*'\necho 'ERROR, .*'\nsleep \d+\nreboot\n$/,
  );
});

test('a bound node gets its installer; a HEAD before a GET is no boot', async (t) => {
  const lab = await labWith(t);
  await register(lab.nodesUrl, '525400000001', { a: '1' });
  const api = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(reply.status, 201, await reply.text());
  };
  const os = await lab.store.write(() => lab.store.images.add(image('os', '/nowhere')));
  await api('/models', { label: 'm', template: 'debian', image: os.uuid });
  await api('/policies', { label: 'p', model: 'm' });
  await fetch(`${lab.nodesUrl}/razor/api/node/checkin?hw_id=525400000001&last_state=idle`);
  const [node] = lab.store.nodes.find(['525400000001']);
  const active = () => lab.store.activeModels.ofNode(node?.id ?? -1);
  assert.ok(active(), 'bound');
  const log = (): number => lab.events.since(0).filter(({ type }) => type === 'boot').length;

  const head = await fetch(lab.nodesUrl + ASK, { method: 'HEAD' });
  assert.equal(log(), 0);
  const script = await text(lab, ASK);
  assert.equal(Number(head.headers.get('content-length')), Buffer.byteLength(script));
  assert.equal(log(), 1);
  assert.match(script, /^echo 'Razor m model boot_call'\necho 'Installation node UUID : /);
  const files = `(http,${new URL(lab.imagesUrl).host})/razor/image/os/${os.uuid}`;
  assert.ok(script.includes(`\nlinux "${files}/linux" auto=true priority=critical url=http`), script);
  assert.ok(script.includes(`\ninitrd "${files}/initrd.gz"\nboot\n`), script);
  assert.doesNotMatch(script, /initrd=/);
  assert.equal(lab.store.nodes.find(['525400000001'])[0]?.dhcpMac, '01-52-54-00-00-00-01', 'for BOOTIF=');
});

test('replies to GRUB and to firmware spell Content-Length; behind a 404 the connection is closed', async (t) => {
  const lab = await labWith(t);
  for (const agent of ['GRUB 2.12-9+deb13u4', 'UefiHttpBoot/1.0']) {
    for (const [path, method] of [
      ['/grub/grub.cfg', 'GET'],
      ['/grub/grub.cfg', 'HEAD'],
      ['/nothing/here', 'GET'],
    ] as const) {
      const reply = await wire(lab, path, agent, method);
      assert.match(reply, /\r\nContent-Length: [1-9]\d*\r\n/, `${agent} ${method} ${path}`);
      assert.match(reply, path === '/nothing/here' ? /\r\nConnection: close\r\n/ : /\r\nConnection: keep-alive\r\n/);
      assert.doesNotMatch(reply, /transfer-encoding/i);
    }
  }
});

// a half closed one met the same port at GRUB's next boot
test('a connection over which a loader got a file is reset, not closed, and not while another request is answered', async (t) => {
  let asked = 0;
  const server = createServer((request, reply) => {
    assert.equal(isBootLoader(request), true);
    spellForLoader(request, reply, 50);
    asked += 1;
    setTimeout(() => reply.end('kernel'), asked === 1 ? 0 : 90);
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const ask = 'GET /linux HTTP/1.1\r\nHost: a\r\nUser-Agent: GRUB 2.12\r\n\r\n';
  let replies = 0;
  let failure: NodeJS.ErrnoException | undefined;
  socket.on('error', (error) => (failure = error));
  socket.on('data', () => {
    replies += 1;
    if (replies === 1) socket.write(ask);
  });
  socket.write(ask);
  await new Promise((resolve) => socket.once('close', resolve));
  assert.equal(replies, 2);
  assert.equal(failure?.code, 'ECONNRESET');
});

test('grub.cfg asks the port of the lab, which GRUB leaves out of its Host header', async (t) => {
  const lab = await labWith(t);
  const { host } = new URL(lab.nodesUrl);
  const reply = await wire(lab, '/grub/grub.cfg', 'GRUB 2.12');
  assert.ok(reply.includes(`source "(http,${host})/razor/api/boot?loader=grub&mac=$net_default_mac"`), reply);
});

test('boot loaders are served from their directory alone, by a doubled slash too', async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'boot'));
  writeFileSync(join(root, 'secret'), 'secret');
  writeFileSync(join(root, 'boot/grubx64.efi'), 'MZ');
  symlinkSync('../secret', join(root, 'boot/link'));
  const lab = await labWith(t, { microkernel: { bootDir: join(root, 'boot') } });
  assert.equal(await text(lab, '/boot/grubx64.efi'), 'MZ');
  assert.equal(await text(lab, '/boot//grubx64.efi'), 'MZ');
  for (const path of ['/boot/link', '/boot/..%2fsecret', '/boot/', '/boot//', '/boot/revocations.efi']) {
    assert.equal((await fetch(lab.nodesUrl + path)).status, 404, path);
  }
  assert.equal((await fetch(`${(await labWith(t)).nodesUrl}/boot/grubx64.efi`)).status, 404, 'closed unless asked for');
});

test('a faithful lab knows no GRUB, as its originals', async (t) => {
  const lab = await labWith(t, { faithful: true });
  assert.equal((await fetch(`${lab.nodesUrl}/grub/grub.cfg`)).status, 404);
  assert.doesNotMatch(await text(lab, ASK), /^echo '/);
});

test('an installed node’s GRUB starts the loader of its disk and its processor, by a device and a path of its own', () => {
  const script = grubLocal(["it's installed"]);
  assert.match(
    script,
    /^echo 'it_s installed'\ninsmod chain\nset efi=x64\nif \[ "\$grub_cpu" = arm64 \]; then set efi=aa64; fi\n/,
  );
  assert.match(
    script,
    /if search --no-floppy --file --set=root \/EFI\/debian\/shim\$efi\.efi; then\n {2}chainloader \/EFI\/debian\/shim\$efi\.efi\n {2}boot\nfi\n/,
  );
  assert.match(script, /\/EFI\/BOOT\/BOOT\$efi\.EFI; then[^]*exit 1\n$/, 'the removable name last');
});
