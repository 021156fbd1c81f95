import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../platform/process/run.ts';
import { saltOf, sha512Crypt } from '../../../lab/installers/sha512-crypt.ts';

test('a hash is what openssl makes of the same password and salt', async (t) => {
  if ((await run(['openssl', 'version'])).status !== 0) return t.skip('openssl is not installed');
  const passwords = ['a', 'sesame', 'pässwörd', `${'long '.repeat(30)}end`, "it's $HOME; `x`"];
  const salts = ['abcdefgh', 'a', saltOf('one'), 'sixteen.chars.xx'];
  for (const [index, password] of passwords.entries()) {
    const salt = salts[index % salts.length] ?? '';
    const { stdout } = await run(['openssl', 'passwd', '-6', '-salt', salt, password]);
    assert.equal(sha512Crypt(password, salt), stdout.toString().trim());
  }
});

test('a hash that openssl 3.0 made; of a long salt 16 characters count', () => {
  assert.equal(
    sha512Crypt('sesame', 'abcdefgh'),
    '$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0iJZ1DNfy8v6OjKcRcuBfMkWD1KdADPVnmQf5cr0O8HfAYpq1XrrjdgIRINkwgSKJ8/1',
  );
  assert.equal(sha512Crypt('x', 'sixteen.chars.xx'), sha512Crypt('x', 'sixteen.chars.xxMORE'));
});

test('a salt belongs to its text', () => {
  assert.match(saltOf('one'), /^[./0-9A-Za-z]{16}$/);
  assert.equal(saltOf('one'), saltOf('one'));
  assert.notEqual(saltOf('one'), saltOf('two'));
});
