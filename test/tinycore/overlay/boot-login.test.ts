/** razor-mk-boot-login: a login that the kernel line chooses, in an image that was built for it and in one that was not. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readOverlay, type Flavour } from '../../../packaging/extension/overlay.ts';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIJmYZm1WkfD4sC3nH5QzE3yl5cQZ5Ck8o5GkV0M3xkQb';
const HASH = '$6$rounds=5000$saltsalt$abcdefghijklmnopqrstuvwxyz./0123456789';
const SHADOW = 'root:*:0:0:99999:7:::\ntc:*:0:0:99999:7:::\n';

interface Booted {
  readonly console: string;
  readonly shadow: string;
  readonly keys: string | undefined;
  readonly opensConsoles: boolean;
  /** razor-mk-ssh was called. */
  readonly ssh: boolean;
}

interface Boot {
  readonly flavour?: Flavour;
  readonly bootLogin?: boolean;
  readonly server?: boolean;
}

/** What the script makes of a kernel line in an image of that flavour. */
async function boot(t: TestContext, line: string, { flavour = 'dev', bootLogin, server }: Boot): Promise<Booted> {
  const root = temporaryDirectory(t);
  for (const path of ['etc/razor-mk', 'dev', 'proc', 'usr/share', 'usr/sbin'])
    mkdirSync(join(root, path), { recursive: true });
  const overlay = join(PROJECT, 'tinycore/overlay/all');
  cpSync(join(overlay, 'usr/share/udhcpc'), join(root, 'usr/share/udhcpc'), { recursive: true });
  cpSync(join(overlay, 'etc/init.d'), join(root, 'etc/init.d'), { recursive: true });
  writeFileSync(join(root, 'etc/init.d/razor-mk-ssh'), `#!/bin/sh\n: >'${root}/ssh-called'\n`, { mode: 0o755 });
  if (server === true) writeFileSync(join(root, 'usr/sbin/dropbear'), '', { mode: 0o755 });
  const image = readOverlay({ flavour, version: '1.2.3', bootLogin }).entries.find(
    ({ path }) => path === 'etc/razor-mk/image',
  );
  writeFileSync(join(root, 'etc/razor-mk/image'), image?.content ?? '');
  writeFileSync(join(root, 'etc/shadow'), SHADOW, { mode: 0o600 });
  writeFileSync(join(root, 'proc/cmdline'), `${line}\n`);
  writeFileSync(join(root, 'dev/console'), '');
  const script = join(root, 'etc/init.d/razor-mk-boot-login');
  const result = await run(['sh', script], {
    // as the kernel hands its unknown words to init
    env: { RAZOR_MK_ROOT: root, RAZOR_MK_BOOT_LOGIN: 'yes', ssh: '1', hash: '$6$a$b', keys: 'ssh-ed25519,AAAA' },
  });
  assert.equal(result.stderr.toString(), '');
  assert.equal(result.status, 0);
  const read = (path: string): string | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
  if (existsSync(join(root, 'root/.ssh/authorized_keys')))
    assert.equal(statSync(join(root, 'root/.ssh/authorized_keys')).mode & 0o777, 0o600);
  assert.equal(statSync(join(root, 'etc/shadow')).mode & 0o777, 0o600);
  return {
    console: read('dev/console') ?? '',
    shadow: read('etc/shadow') ?? '',
    keys: read('root/.ssh/authorized_keys'),
    opensConsoles: existsSync(join(root, 'var/run/razor-mk-login')),
    ssh: existsSync(join(root, 'ssh-called')),
  };
}

test('an image that was not built for it lets nobody in by its kernel line, and says so', async (t) => {
  for (const flavour of ['prod', 'dev', 'debug'] as const) {
    const line = `quiet razor.sshkey=ssh-ed25519,${KEY} razor.rootpwd=${HASH} RAZOR_MK_BOOT_LOGIN=yes`;
    const { console, ...rest } = await boot(t, line, { flavour, server: true });
    assert.deepEqual(rest, { shadow: SHADOW, keys: undefined, opensConsoles: false, ssh: false }, flavour);
    assert.equal(
      console,
      'razor-mk: refused: razor.sshkey= razor.rootpwd= of the kernel line. ' +
        'This image was not built with --boot-login, so nobody can log in by it.\n',
    );
  }
});

test('an image that was built for it is as closed as any other until the kernel line names a login', async (t) => {
  const { console, ...rest } = await boot(t, 'quiet razor.ip=192.0.2.1', { bootLogin: true, flavour: 'prod' });
  assert.deepEqual(rest, { shadow: SHADOW, keys: undefined, opensConsoles: false, ssh: false });
  assert.equal(console, '');
});

test('a key of the kernel line lets root in by ssh alone, with a comma or in quotes, and without its options', async (t) => {
  for (const word of [`razor.sshkey=ssh-ed25519,${KEY},anna@box`, `razor.sshkey="ssh-ed25519 ${KEY} anna"`]) {
    const found = await boot(t, `quiet ${word}`, { bootLogin: true, flavour: 'prod', server: true });
    assert.equal(found.keys, `ssh-ed25519 ${KEY}\n`);
    assert.deepEqual([found.shadow, found.opensConsoles, found.ssh], [SHADOW, false, true]);
    assert.match(
      found.console,
      /^razor-mk: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\.\.\. of the kernel line may log in as root by ssh\n$/,
    );
  }
  const without = await boot(t, `razor.sshkey=ssh-ed25519,${KEY}`, { bootLogin: true });
  assert.match(without.console, /no ssh server is in this image/);
});

test('a hash of the kernel line opens root alone, and the consoles', async (t) => {
  const found = await boot(t, `quiet razor.rootpwd=${HASH}`, { bootLogin: true });
  assert.equal(found.shadow, SHADOW.replace('root:*', `root:${HASH}`));
  assert.deepEqual([found.keys, found.opensConsoles, found.ssh], [undefined, true, false]);
});

test('what is no public key and no hash is refused, and nothing of it is written', async (t) => {
  const bad = [
    'razor.sshkey=command="reboot",ssh-ed25519,AAAA',
    `razor.sshkey=ssh-ed25519,${KEY}$(id)`,
    'razor.sshkey=ssh-ed25519',
    'razor.rootpwd=secret',
    'razor.rootpwd=$6$salt',
    'razor.rootpwd=$6$salt$ha:0:0',
    'razor.rootpwd=$6$salt$`id`',
  ];
  for (const word of bad) {
    const found = await boot(t, `quiet ${word}`, { bootLogin: true, server: true });
    assert.deepEqual([found.shadow, found.keys, found.opensConsoles], [SHADOW, undefined, false], word);
    assert.match(found.console, /^razor-mk: refused: razor\.(sshkey|rootpwd)= is not /, word);
  }
});
