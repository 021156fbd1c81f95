import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { findExternal } from '../../../agent/commands/external.ts';
import { createIdentify } from '../../../agent/commands/identify.ts';
import { LAST_FACTS_FILE } from '../../../agent/commands/leave.ts';
import type { FileClient } from '../../../agent/http/file-client.ts';
import { createHttpClient } from '../../../agent/http/http-client.ts';
import { createRegistry } from '../../../agent/commands/command-registry.ts';
import { openBmc } from '../../../agent/node/bmc.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { bench } from '../../helpers/command-bench.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('the dry system carries no command out, and a destructive one still says what it would do', async () => {
  const lines: string[] = [];
  const log = createLog({ people: (line) => lines.push(line) });
  const { runtime, request } = await bench();
  for (const name of ['reboot', 'poweroff']) {
    const outcome = await createRegistry()
      .find(name)
      ?.run({ ...runtime, log, system: createSystem({ live: false, log }) }, request);
    assert.match(outcome?.summary ?? '', /^would/);
  }
  assert.match(lines.join('\n'), /would reboot[^]*would poweroff/);
});

test('before the machine goes down the facts are saved and the console has a last line', async () => {
  const { runtime, request, dir, lines, programs } = await bench();
  const clock = fakeClock();
  const running = createRegistry()
    .find('poweroff')
    ?.run({ ...runtime, clock, system: { ...runtime.system, live: false } }, request);
  await clock.advance(100_000);
  assert.equal((await running)?.leaving, true);
  const saved = JSON.parse(readFileSync(join(dir, LAST_FACTS_FILE), 'utf8')) as {
    facts: Record<string, string>;
    command: string;
  };
  assert.equal(saved.facts['hostname'], 'mk');
  assert.match(
    lines.join('\n'),
    /^warn: razor-mk: the machine is turned off, because http:\/\/10\.0\.0\.1:8026 said so\. This is the last line/m,
  );
  assert.deepEqual(programs, [['poweroff']]);
});

test('an external command runs in /tmp with umask 022, its parameter on stdin, in its own process group', async () => {
  const dir = temporaryDirectory();
  const out = join(dir, 'out');
  const script = `#!/bin/sh\n{ pwd; umask; cat; echo; echo "$RAZOR_MK_COMMAND $#"; ps -o pgid= -p $$ | tr -d ' '; echo $$; } > ${out}\n`;
  writeFileSync(join(dir, 'wipe-disks'), script, { mode: 0o755 });
  const { runtime, request } = await bench({ disk: 'sda', odd: '$(reboot)' }, { real: /wipe-disks/ });
  const before = process.umask(0o077);
  const outcome = await createRegistry([], { commandsDir: () => dir })
    .find('wipe-disks')
    ?.run(runtime, request);
  assert.equal(process.umask(before), 0o077, 'our own umask is as before');
  assert.equal(outcome?.summary, 'wipe-disks was run');
  const [cwd, umask, input, named, group, pid] = readFileSync(out, 'utf8').trim().split('\n');
  assert.deepEqual(
    [cwd, Number(umask), input, named],
    ['/tmp', 22, '{"disk":"sda","odd":"$(reboot)"}', 'wipe-disks 0'],
  );
  assert.equal(group, pid, 'its own process group');
});

test('a failing external command is an error with the end of its output', async () => {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'broken'), '#!/bin/sh\necho "disk is on fire" >&2\nexit 3\n', { mode: 0o755 });
  const { runtime, request } = await bench({}, { real: /broken/ });
  await assert.rejects(
    async () => await findExternal(dir, 'broken')?.run(runtime, request),
    /status 3\): disk is on fire/,
  );
});

test('no name leads out of the commands directory, and what is not executable is no command', () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'plain'), 'x', { mode: 0o644 });
  writeFileSync(join(dir, 'Upper'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('/bin/true', join(dir, 'linked'));
  for (const name of [
    '/bin/true',
    '../../bin/true',
    'sub',
    'plain',
    'Upper',
    'linked\n',
    'linked\0',
    '',
    '.',
    '..',
    '-rf',
    'a'.repeat(65),
    'a;b',
    'a b',
  ]) {
    assert.equal(findExternal(dir, name), undefined, JSON.stringify(name));
  }
  assert.ok(findExternal(dir, 'linked'), 'a link in the directory is its owner’s choice: the original’s reboot is one');
  assert.equal(findExternal('', 'linked'), undefined);
  writeFileSync(join(dir, 'reboot'), '#!/bin/sh\n');
  chmodSync(join(dir, 'reboot'), 0o755);
  assert.match(
    createRegistry([], { commandsDir: () => dir }).find('reboot')?.describe ?? '',
    /^Flush/,
    'a built-in one is not replaced',
  );
});

test('kexec fetches, checks, loads and boots; a wrong checksum stops it and leaves no file', async () => {
  const files: Record<string, Buffer> = {
    '/vmlinuz': Buffer.alloc(300_000, 1),
    '/initrd': Buffer.alloc(500_000, 2),
    '/empty': Buffer.alloc(0),
  };
  const server = createServer((request, response) => {
    if (request.url === '/moved') return void response.writeHead(302, { location: '/vmlinuz' }).end();
    const body = files[request.url ?? ''];
    response.writeHead(body ? 200 : 404).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sum = createHash('sha256')
    .update(files['/vmlinuz'] as Buffer)
    .digest('hex');
  const openFiles = (): Promise<FileClient> => Promise.resolve(createHttpClient());
  const kexec = createRegistry([], { kexec: { openFiles } }).find('kexec');
  try {
    const good = {
      kernel: `${base}/vmlinuz`,
      initrd: `${base}/initrd`,
      cmdline: 'console=ttyS0 quiet',
      kernel_sha256: sum,
    };
    const { runtime, request, programs, dir } = await bench(good);
    assert.equal((await kexec?.run(runtime, request))?.leaving, true);
    const kernel = join(dir, 'kexec-kernel');
    assert.deepEqual(programs, [
      ['kexec', '-l', kernel, `--initrd=${join(dir, 'kexec-initrd')}`, '--command-line=console=ttyS0 quiet'],
      ['kexec', '-e'],
    ]);
    assert.equal(readFileSync(kernel).length, 300_000);
    const slow = await bench(good, { failure: 'timeout' });
    await assert.rejects(
      async () => await kexec?.run(slow.runtime, slow.request),
      /could not be loaded: it took longer than 300 s/,
    );
    // it puts checksums of all that it loads into memory: half a minute was too short on a slow machine
    assert.deepEqual(slow.limits, [300_000]);
    // a kernel in lockdown (Secure Boot) takes signed kernels by another system call, and no others by any
    const stderr = 'kexec_load failed: Operation not permitted';
    const locked = await bench(good, {
      stderr,
      status: (words) => (words.includes('-s') || words[1] === '-e' ? 0 : 255),
    });
    assert.equal((await kexec?.run(locked.runtime, locked.request))?.leaving, true);
    assert.deepEqual(
      locked.programs.map((words) => words.slice(0, 3).filter((word) => word.startsWith('-'))),
      [['-l'], ['-l', '-s'], ['-e']],
    );
    const refused = await bench(good, { stderr, status: () => 255 });
    await assert.rejects(async () => await kexec?.run(refused.runtime, refused.request), {
      message: /could not be loaded: kexec_load failed: Operation not permitted/,
      remedy: /lockdown, as under Secure Boot, and takes signed kernels alone/,
    });
    const broken = await bench(good, { status: () => 255 });
    await assert.rejects(async () => await kexec?.run(broken.runtime, broken.request), { remedy: /kexec-tools/ });
    assert.equal(broken.programs.length, 1, 'another failure is not tried again');
    for (const [param, why] of [
      [{ ...good, kernel_sha256: '0'.repeat(64) }, /its SHA-256 is/],
      [{ ...good, initrd: `${base}/absent` }, /HTTP 404/],
      [{ ...good, kernel: `${base}/empty`, kernel_sha256: undefined }, /it is empty/],
      [{ ...good, kernel: 'file:///etc/passwd' }, /kexec: kernel/],
      [{ ...good, cmdline: 'a\nb' }, /kexec: cmdline/],
      [{ ...good, kernel: `${base}/moved` }, /HTTP 302 to .*redirects are not followed/],
      [{}, /kexec: kernel/],
    ] as const) {
      const bad = await bench(param);
      await assert.rejects(async () => await kexec?.run(bad.runtime, bad.request), why);
      assert.ok(!bad.programs.some((argv) => argv.includes('-e')));
      assert.ok(!existsSync(join(bad.dir, 'kexec-initrd')) || !existsSync(join(bad.dir, 'kexec-kernel')));
    }
    // signed replies: what they name must be known as well
    const strict = createRegistry([], { kexec: { openFiles, checksumsRequired: () => true } }).find('kexec');
    const unsigned = await bench(good);
    await assert.rejects(async () => await strict?.run(unsigned.runtime, unsigned.request), {
      message: /no checksum for .*\/initrd, and replies must be signed here/,
      remedy: /kernel_sha256 and initrd_sha256/,
    });
    assert.deepEqual(unsigned.programs, []);
    const sums = await bench({ ...good, initrd: undefined });
    assert.equal((await strict?.run(sums.runtime, sums.request))?.leaving, true);
  } finally {
    server.close();
  }
});

test('identify lights the chassis through the BMC, or blinks a NIC when there is none or it does not answer', async () => {
  const nic = { name: 'eth1', index: 3, mac: '', physical: true, up: true, carrier: true, driver: 'x', addresses: [] };
  const observe = () => ({
    nics: [{ ...nic, name: 'eth0', carrier: false }, nic],
    modules: new Set<string>(),
    undriven: [],
    firmwareErrors: [],
  });
  const withBmc = await bench({ seconds: 20 });
  await createIdentify(observe, () => true).run(withBmc.runtime, withBmc.request);
  assert.deepEqual(withBmc.programs, [['ipmitool', 'chassis', 'identify', '20']]);
  const deaf = await bench(undefined, { status: (argv) => (argv[0] === 'ipmitool' ? 1 : 0) });
  assert.equal(
    (await createIdentify(observe, () => true).run(deaf.runtime, deaf.request)).summary,
    'eth1 blinks for 60 s',
  );
  assert.deepEqual(deaf.programs.at(-1), ['ethtool', '-p', 'eth1', '60']);
  const bad = await bench({ seconds: '20; reboot' });
  await assert.rejects(createIdentify(observe, () => true).run(bad.runtime, bad.request), { code: 'RAZOR_MK_COMMAND' });
});

test('a live node makes the device of its BMC when it boots: no hardware names the module that does', async () => {
  const { runtime, programs, dir } = await bench();
  assert.equal(await openBmc(runtime.system, dir), 'none');
  mkdirSync(join(dir, 'sys/module/ipmi_msghandler'), { recursive: true });
  await openBmc(runtime.system, dir);
  assert.deepEqual(programs, [['modprobe', 'ipmi_devintf']]);
  mkdirSync(join(dir, 'dev'));
  writeFileSync(join(dir, 'dev/ipmi0'), '');
  assert.equal(await openBmc(runtime.system, dir), 'its device is there');
  assert.equal(programs.length, 1);
});
