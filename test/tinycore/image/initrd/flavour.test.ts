import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileEntry, type Entry } from '../../../../tinycore/image/initrd/entry.ts';
import { flavourFiles } from '../../../../tinycore/image/initrd/flavour.ts';
import { makeTree } from '../../../helpers/tree.ts';

const TREE = new Map<string, Entry>([
  ['etc/passwd', fileEntry('etc/passwd', 'root:x:0:0::/root:/bin/sh\ntc:x:1001:50::/home/tc:/bin/sh\n')],
]);
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me@there';
const HASH = `$6$salt$${'a'.repeat(86)}`;

describe('who may log in', () => {
  it('is nobody in prod, where keys and passwords are refused', () => {
    const paths = flavourFiles(TREE, 'prod', { sshKeys: [] }).map(({ path }) => path);
    assert.equal(paths.includes('home/tc/.ssh/authorized_keys'), false);
    for (const logins of [{ sshKeys: ['/x'] }, { sshKeys: [], passwordHash: HASH }]) {
      assert.throws(() => flavourFiles(TREE, 'prod', logins), { code: 'RAZOR_MK_USAGE', message: /has no logins/ });
    }
  });

  it('is whoever has a key that was given, of every kind and with whatever options', (t) => {
    const lines = [
      KEY,
      'ecdsa-sha2-nistp256 AAAAE2Vj',
      'sk-ssh-ed25519@openssh.com AAAAGnNr',
      'restrict,pty ssh-rsa AAAAB3Nz',
      'from="10.0.0.*,!10.0.0.7",command="say \\"hello you\\"" ssh-rsa AAAAB3Nz quoted',
    ];
    const files = {
      'a.pub': `# mine\n\n  ${lines[0]}  \r\n${lines[1]}\nrubbish\n`,
      'b.pub': lines.slice(2).join('\n'),
    };
    const root = makeTree(t, files);
    const entries = flavourFiles(TREE, 'dev', { sshKeys: [join(root, 'a.pub'), join(root, 'b.pub')] });
    const of = (path: string): Entry | undefined => entries.find((entry) => entry.path === path);
    const keys = of('home/tc/.ssh/authorized_keys');
    assert.equal(Buffer.from(keys?.data ?? '').toString(), `${lines.join('\n')}\n`);
    // sshd takes no keys from what others may write (StrictModes)
    const modes = ['home/tc', 'home/tc/.ssh', 'home/tc/.ssh/authorized_keys'].map((path) => of(path)?.mode.toString(8));
    assert.deepEqual(modes, ['755', '700', '600']);
    for (const path of ['home/tc', 'home/tc/.ssh']) assert.deepEqual([of(path)?.uid, of(path)?.gid], [1001, 50]);
    assert.deepEqual([keys?.uid, keys?.gid], [1001, 50]);
  });

  it('is nobody by a file without a key, or with a private one, or that cannot be read', (t) => {
    const root = makeTree(t, {
      none: '# ssh-rsa AAAA\nssh-\nfoo bar\n',
      private: '-----BEGIN OPENSSH PRIVATE KEY-----\n',
    });
    const given = (name: string): unknown => flavourFiles(TREE, 'debug', { sshKeys: [join(root, name)] });
    assert.throws(() => given('none'), { code: 'RAZOR_MK_USAGE', message: /holds no public key/ });
    assert.throws(() => given('private'), { code: 'RAZOR_MK_USAGE', message: /is a private key/ });
    assert.throws(() => given('absent'), { code: 'RAZOR_MK_FILE_UNREADABLE', message: /cannot read/ });
  });

  it('is who knows the password of a valid hash', () => {
    const shadow = (passwordHash: string): string => {
      const entry = flavourFiles(TREE, 'dev', { sshKeys: [], passwordHash }).find(({ path }) => path === 'etc/shadow');
      return Buffer.from(entry?.data ?? '').toString();
    };
    for (const hash of [HASH, '$5$rounds=5000$salt$abc', '$1$salt$abc', '$y$j9T$salt$abc/.']) {
      assert.ok(shadow(hash).includes(`tc:${hash}:`), hash);
    }
    for (const hash of ['secret', '', '$6$', '$6$salt', '$2$salt$abc', '$6$salt$a:b', `${HASH}\nroot::`]) {
      assert.throws(() => shadow(hash), { code: 'RAZOR_MK_USAGE', message: 'invalid crypt(3) hash' }, hash);
    }
  });
});
