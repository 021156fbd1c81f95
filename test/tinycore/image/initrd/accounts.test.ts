import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockedAccounts, openAccounts } from '../../../../tinycore/image/initrd/accounts.ts';
import { fileEntry, type Entry } from '../../../../tinycore/image/initrd/entry.ts';
import { readTree, treeOf } from '../../../../tinycore/image/initrd/initrd.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const HASH = '$6$salt$hash';

function tree(passwd: string, shadow?: string): Map<string, Entry> {
  return treeOf([
    fileEntry('etc/passwd', passwd),
    ...(shadow === undefined ? [] : [fileEntry('etc/shadow', shadow, 0o600)]),
  ]);
}

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\ntc:x:1001:50:Linux User,,,:/home/tc:/bin/sh\n';

test('the empty password of a real Tiny Core is locked, and nothing else of its line changes', () => {
  const base = tree(PASSWD, 'root:*:13525:0:99999:7:::\nlp:*:13510:0:99999:7:::\ntc::13646:0:99999:7:::\n');
  assert.deepEqual(openAccounts(base), [{ name: 'tc', by: 'empty' }]);
  const image = new Map([...base, ...treeOf(lockedAccounts(base))]);
  assert.deepEqual(openAccounts(image), []);
  const shadow = readTree(image, 'etc/shadow')?.toString();
  assert.equal(shadow, 'root:*:13525:0:99999:7:::\nlp:*:13510:0:99999:7:::\ntc:*:13646:0:99999:7:::\n');
  assert.equal(image.get('etc/shadow')?.mode, 0o600);
});

test('a hash that was given opens tc alone; passwords that the base brings are locked', () => {
  const base = tree(PASSWD, 'root:$1$a$b:0:0:99999:7:::\ntc::0:0:99999:7:::\n');
  const image = new Map([...base, ...treeOf(lockedAccounts(base, HASH))]);
  assert.deepEqual(openAccounts(image), [{ name: 'tc', by: 'password' }]);
  assert.match(readTree(image, 'etc/shadow')?.toString() ?? '', /^root:\*:.*\ntc:\$6\$salt\$hash:/);
});

test('passwords in /etc/passwd itself count too, for those the shadow file does not know as well', () => {
  const base = tree('root::0:0:root:/root:/bin/sh\nguest:secret:5:5::/:/bin/sh\n');
  assert.deepEqual(openAccounts(base), [
    { name: 'root', by: 'empty' },
    { name: 'guest', by: 'password' },
  ]);
  const image = new Map([...base, ...treeOf(lockedAccounts(base))]);
  assert.deepEqual(openAccounts(image), []);
  assert.equal(readTree(image, 'etc/passwd')?.toString(), 'root:x:0:0:root:/root:/bin/sh\nguest:x:5:5::/:/bin/sh\n');
});

test('the user of the kernel line, to whom Tiny Core gives a known password, is locked at boot; tc keeps what was given', (t) => {
  const directory = temporaryDirectory(t);
  const script = new URL('../../../../tinycore/overlay/all/etc/init.d/razor-mk-accounts', import.meta.url).pathname;
  const [cmdline, shadow] = [join(directory, 'cmdline'), join(directory, 'shadow')];
  const before = `root:*:0:0:99999:7:::\ntc:${HASH}:0:0:99999:7:::\nanna:$1$x$y:0:0:99999:7:::\n`;
  const after = (line: string): string => {
    writeFileSync(cmdline, line);
    writeFileSync(shadow, before);
    execFileSync('/bin/sh', [script, cmdline, shadow]);
    return readFileSync(shadow, 'utf8');
  };
  assert.equal(after('quiet user=anna console=ttyS0\n'), before.replace('$1$x$y', '*'));
  assert.equal(after('quiet user=tc\n'), before);
  assert.equal(after('quiet user=.*\n'), before);
  assert.equal(after('quiet\n'), before);
});
