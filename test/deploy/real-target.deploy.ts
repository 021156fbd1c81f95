/** Holes of the original ramdisk that need a real target, and the conductor's whims in front of a real process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { authority, issued } from '../helpers/certificates.ts';
import { inFrontOf, urlOf } from './in-front.ts';
import { freeUdpPort, isOpen } from './ports.ts';
import { KEY, NODE, tgtdRuns, until, withSite } from './site.ts';

const TOKEN = 'd41d8cd98f00b204e9800998ecf8427e';
const IQN = `iqn-${NODE}`;

/** Whether the portal lists the target, and whether its disk can be opened. */
async function login(address: string, port: number, user = ''): Promise<{ listed: boolean; opened: boolean }> {
  const listed = await run(['iscsi-ls', `iscsi://${address}:${port}`], { timeoutMs: 20_000 });
  const opened = await run(['qemu-img', 'info', `iscsi://${user}${address}:${port}/${IQN}/1`], { timeoutMs: 20_000 });
  return { listed: listed.stdout.toString().includes(IQN), opened: opened.status === 0 };
}

/** A conductor that never comes, so that the disk stays exported. */
const NEVER = { image: '/nonexistent/image.raw' };

test('hole: iSCSI for everybody. The portal listens on the boot address alone, and who is not allowed finds no target', () =>
  withSite([NEVER, 8], async (site) => {
    // a connection to 192.0.2.1 of this machine comes from 192.0.2.1, which is neither the API (127.0.0.1) nor the boot server
    const agent = await site.deploy({ address: '192.0.2.1' });
    await until('exported', () => /exported by tgtd on 192\.0\.2\.1/.test(site.printed()));
    assert.equal(await isOpen(site.iscsiPort), false, 'the portal listens on 127.0.0.1 too');
    assert.deepEqual(await login('192.0.2.1', site.iscsiPort), { listed: false, opened: false });
    await agent.stop(15_000);
    const other = await site.deploy({ address: '192.0.2.1', args: ['--allow-initiator', '192.0.2.1'] });
    await until('exported for it', () => /exported by tgtd on \S+ for 127\.0\.0\.1, 192\.0\.2\.1/.test(site.printed()));
    assert.deepEqual(await login('192.0.2.1', site.iscsiPort), { listed: true, opened: true });
    await other.stop(15_000);
  }));

test('hole: no authentication. With CHAP nobody opens the disk without the password, or with a wrong one', () =>
  withSite([NEVER, 8], async (site) => {
    const file = join(site.dir, 'chap');
    writeFileSync(file, 'conductor:s3cr3t-s3cr3t\n');
    const agent = await site.deploy({ args: ['--chap-file', file] });
    await until('exported', () => /exported by tgtd/.test(site.printed()));
    await until('the conductor gave up', () => site.conductor.nodes()[0]?.state === 'deploy failed');
    assert.equal((await login('127.0.0.1', site.iscsiPort)).opened, false);
    assert.equal((await login('127.0.0.1', site.iscsiPort, 'conductor%wrong-wrong-12@')).opened, false);
    assert.equal((await login('127.0.0.1', site.iscsiPort, 'conductor%s3cr3t-s3cr3t@')).opened, true);
    await agent.stop(15_000);
    assert.doesNotMatch(site.printed(), /s3cr3t/);
  }));

test('hole: a stolen key sends the image elsewhere. An API with another certificate than the pinned one gets no byte', () =>
  withSite([{}, 8], async (site) => {
    const ca = authority(site.dir);
    const server = issued(site.dir, 'api', ca);
    let asked = 0;
    const api = createTlsServer({ key: server.key, cert: server.cert }, (_, reply) => {
      asked++;
      reply.writeHead(400).end();
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    try {
      const line = `ironic_api_url=https://127.0.0.1:${(api.address() as AddressInfo).port}`;
      const other = issued(site.dir, 'other', ca);
      const pinned = await site.deploy({
        line,
        args: ['--ca-file', ca.certFile, '--pin', other.fingerprint, '--wait', '5'],
      });
      await until('it is refused', () => /the conductor: .*again in|pass_deploy_info/.test(site.printed()));
      assert.equal(asked, 0, 'the key went out');
      await pinned.stop(15_000);
      const right = await site.deploy({ line, args: ['--ca-file', ca.certFile, '--pin', server.fingerprint] });
      await right.exited;
      assert.equal(asked, 1);
    } finally {
      api.close();
    }
  }));

test('the target is stopped with a live session: the initiator loses the disk, and no tgtd is left', () =>
  withSite([NEVER, 8], async (site) => {
    const agent = await site.deploy();
    await until('exported', () => /exported by tgtd/.test(site.printed()));
    await until('the conductor gave up', () => site.conductor.nodes()[0]?.state === 'deploy failed');
    const url = `iscsi://127.0.0.1:${site.iscsiPort}/${IQN}/1`;
    const initiator = await startDaemon(['qemu-io', '-f', 'raw', '-c', 'write 0 64k', '-c', 'sleep 60000', url]);
    try {
      await until('it has logged in', () => /the conductor has logged in/.test(site.printed()));
      await agent.stop(20_000);
      await until('tgtd is gone', async () => !(await tgtdRuns(site.iscsiPort)));
      assert.equal(readFileSync(site.disk)[0], 0xcd, 'what was written is on the disk');
    } finally {
      await initiator.stop(100);
    }
  }));

test('the portal’s port is taken: the conductor is told, nothing stays', () =>
  withSite([{}, 8], async (site) => {
    const taken = createServer();
    taken.listen(site.iscsiPort, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const agent = await site.deploy();
      assert.equal((await agent.exited).status, 1);
      await until('the conductor has it', () => site.conductor.nodes()[0]?.state === 'deploy failed');
      assert.match(site.conductor.nodes()[0]?.lastError ?? '', /Failed to start iscsi target/);
      const left = await run(['tgtadm', '-C', '41', '--mode', 'system', '--op', 'show']);
      assert.notEqual(left.status, 0, 'a tgtd without a port is left');
    } finally {
      taken.close();
    }
  }));

test('409, 503 with Retry-After and a cut line first: the image is written all the same', () =>
  withSite([{}, 8], async (site) => {
    const api = await inFrontOf(site.conductor.url, [409, 503, 'cut']);
    try {
      const agent = await site.deploy({ line: `ironic_api_url=${urlOf(api)}` });
      assert.equal((await agent.exited).status, 0, site.printed());
      assert.match(
        site.printed(),
        /HTTP 409[\s\S]*HTTP 503; again in 1\.0 s|HTTP 409[\s\S]*HTTP 503: .*again in 1\.0 s/,
      );
      assert.equal((await run(['cmp', site.image, site.disk])).status, 0);
    } finally {
      api.close();
    }
  }));

test('an API that is dead at first is asked again until it lives', () =>
  withSite([{}, 8], async (site) => {
    const probe = await inFrontOf(site.conductor.url, []);
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const agent = await site.deploy({ line: `ironic_api_url=http://127.0.0.1:${port}` });
    await until('it was refused once', () => /nothing listens there; again in/.test(site.printed()));
    const api = await inFrontOf(site.conductor.url, []);
    api.close();
    const late = createServer((asked, reply) => {
      const url = new URL(asked.url ?? '/', site.conductor.url);
      asked.pipe(
        request(url, { method: 'POST', headers: asked.headers }, (answer) => {
          reply.writeHead(answer.statusCode ?? 500);
          answer.pipe(reply);
        }),
      );
    });
    late.listen(port, '127.0.0.1');
    try {
      assert.equal((await agent.exited).status, 0, site.printed());
    } finally {
      late.close();
    }
  }));

test('a conductor that vanishes in the middle of writing: the wait is bounded, the target goes', () =>
  withSite([{}, 256], async (site) => {
    const agent = await site.deploy({ args: ['--wait', '12'] });
    await until('it writes', () => /the conductor has logged in/.test(site.printed()));
    await site.conductor.close();
    assert.equal((await agent.exited).status, 1);
    assert.match(site.printed(), /"done" did not come within 12 s/);
    assert.equal(await tgtdRuns(site.iscsiPort), false);
  }));

test('a conductor that logs in, writes, connects and says nothing: the wait goes on, and its late done counts', () =>
  withSite([NEVER, 8], async (site) => {
    const agent = await site.deploy();
    await until('the conductor gave up', () => site.conductor.nodes()[0]?.state === 'deploy failed');
    const url = `iscsi://127.0.0.1:${site.iscsiPort}/${IQN}/1`;
    const written = await run(['qemu-img', 'convert', '-n', '-f', 'raw', '-O', 'raw', site.image, url], {
      timeoutMs: 60_000,
    });
    assert.equal(written.status, 0, written.stderr.toString());
    const call = (text: string, localAddress: string): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: site.donePort, localAddress }, () => socket.end(text));
        socket.on('error', () => undefined); // strangers are cut off
        socket.on('close', () => resolve());
      });
    await call('', '127.0.0.1');
    await call('done', '127.0.0.2');
    await until('both are ignored', () => (site.printed().match(/ignored on port/g) ?? []).length === 2);
    assert.equal(await isOpen(site.iscsiPort), true);
    await call('done', '127.0.0.1');
    assert.equal((await agent.exited).status, 0);
    assert.equal((await run(['cmp', site.image, site.disk])).status, 0);
  }));

test('a whole deployment with token and CHAP: neither they nor the key are in anything that was written or kept', () =>
  withSite([{ token: TOKEN, chap: 'conductor:s3cr3t-s3cr3t' }, 8], async (site) => {
    const root = join(site.dir, 'tftp');
    mkdirSync(root);
    writeFileSync(join(root, `token-${NODE}`), `${TOKEN}\n`, { mode: 0o644 });
    writeFileSync(join(site.dir, 'chap'), 'conductor:s3cr3t-s3cr3t\n');
    for (const dir of [site.dir, root]) chmodSync(dir, 0o755); // in.tftpd gives its rights up
    const port = await freeUdpPort();
    const tftpd = await startDaemon(['in.tftpd', '-L', '--address', `127.0.0.1:${port}`, '--secure', root]);
    const args = ['--tftp-token', '--tftp-port', String(port), '--chap-file', join(site.dir, 'chap')];
    const line = 'ip=127.0.0.1:127.0.0.1::255.0.0.0';
    try {
      const without = await site.deploy({ line, args });
      assert.equal((await without.exited).status, 1);
      assert.match(site.printed(), /the token is not sent[\s\S]*HTTP 401: Authentication required/);
      const wrong = await site.deploy({
        line: `${line} deployment_key=${KEY.toLowerCase()}`,
        args: [...args, '--token-over-http'],
      });
      assert.equal((await wrong.exited).status, 1);
      const agent = await site.deploy({ line, args: [...args, '--token-over-http'] });
      assert.equal((await agent.exited).status, 0, site.printed());
      assert.equal((await run(['cmp', site.image, site.disk])).status, 0);
      await until('active', () => site.conductor.nodes()[0]?.state === 'active');
    } finally {
      await tftpd.stop();
    }
    const kept = site.exchanges.list();
    assert.equal(kept.length, 3);
    assert.match(JSON.stringify(kept), /pass_deploy_info/);
    const everything = [site.printed(), JSON.stringify(site.events.since(0)), JSON.stringify(kept)].join('\n');
    for (const secret of [KEY, KEY.toLowerCase(), TOKEN, 's3cr3t-s3cr3t'])
      assert.equal(everything.includes(secret), false, `${secret.slice(0, 4)}… was written down`);
  }));

test('a token that is not on the boot server is no error: servers stopped writing it', () =>
  withSite([{}, 8], async (site) => {
    const port = await freeUdpPort();
    const tftpd = await startDaemon(['in.tftpd', '-L', '--address', `127.0.0.1:${port}`, '--secure', '/usr/share/doc']);
    try {
      const line = 'ip=127.0.0.1:127.0.0.1::255.0.0.0';
      const agent = await site.deploy({ line, args: ['--tftp-token', '--tftp-port', String(port)] });
      assert.equal((await agent.exited).status, 0, site.printed());
      assert.match(site.printed(), /the token could not be fetched, going on without: .*refused \(1/);
    } finally {
      await tftpd.stop();
    }
  }));

test('razor-mk run on such a kernel line takes no turns; its JSON log and its output are without the key', () =>
  withSite([{}, 8], async (site) => {
    const cmdline = join(site.dir, 'cmdline');
    const state = join(site.dir, 'state');
    const words = [
      `deployment_id=${NODE}`,
      `deployment_key=${KEY}`,
      `iscsi_target_iqn=${IQN}`,
      'disk=nothing0',
      'ip=127.0.0.1:127.0.0.1::255.0.0.0',
    ];
    writeFileSync(
      cmdline,
      [...words, `ironic_api_url=${site.conductor.url}`, 'razor.deploy_disk_attempts=0'].join(' '),
    );
    const main = new URL('../../agent/main.ts', import.meta.url).pathname;
    const argv = [process.execPath, main, 'run', '--cmdline', cmdline, '--state-dir', state, '--events'] as const;
    const ran = await run([...argv], { timeoutMs: 60_000 });
    const log = readdirSync(state).map((name) => readFileSync(join(state, name), 'utf8'));
    const everything = [ran.stdout.toString(), ran.stderr.toString(), ...log].join('\n');
    assert.equal(ran.status, 1, everything);
    assert.match(log.join('\n'), /"msg":"would POST \S+pass_deploy_info .*Could not find disk to use/);
    assert.doesNotMatch(everything, new RegExp(KEY));
    assert.doesNotMatch(everything, /"event":"(checkin|discovered)"/);
  }));
