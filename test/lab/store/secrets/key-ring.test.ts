import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeyFile } from '../../../../lab/store/secrets/key-ring.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('keys are added to a private file, the newest last, and read again where one is missing', (t) => {
  const path = join(temporaryDirectory(t), 'keys');
  const ring = openKeyFile(path);
  const other = openKeyFile(path);
  assert.equal(ring.newest(), undefined);
  const first = ring.add();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(other.find(first.id)?.bytes, first.bytes, 'a ring that was opened before it was there');
  const second = other.add();
  assert.deepEqual([ring.newest()?.id, ring.find(first.id)?.id], [second.id, first.id]);
  assert.equal(ring.find('0123456789ab'), undefined);
  assert.match(readFileSync(path, 'utf8'), new RegExp(`^# .*\\n# .*\\n${first.id} \\S{44}\\n${second.id} \\S{44}\\n$`));
});

test('a file that holds something else is refused, and never replaced', (t) => {
  const dir = temporaryDirectory(t);
  const path = join(dir, 'keys');
  openKeyFile(path).add();
  const good = readFileSync(path, 'utf8');
  for (const text of [
    'sesame\n',
    good.replace(/^(\w{12}) ./m, '$1 *'),
    good.slice(0, -10),
    good.replace(/^\w{12}/m, '0'.repeat(12)),
  ]) {
    writeFileSync(path, text);
    assert.throws(() => openKeyFile(path), { code: 'RAZOR_MK_LAB_SECRETS', message: /key 1 is damaged/ }, text);
    assert.equal(readFileSync(path, 'utf8'), text);
  }
  mkdirSync(join(dir, 'directory'));
  assert.throws(() => openKeyFile(join(dir, 'directory')), { code: 'RAZOR_MK_LAB_SECRETS', message: /cannot read/ });
  assert.throws(() => openKeyFile(join(dir, 'none/keys')).add(), { code: 'RAZOR_MK_FILE_UNWRITABLE' });
});

test('a file that is too long is refused as a whole: its last keys would be lost with the next one that is added', (t) => {
  const path = join(temporaryDirectory(t), 'keys');
  const ring = openKeyFile(path);
  ring.add();
  const long = `${'# a comment\n'.repeat(6000)}${readFileSync(path, 'utf8')}`;
  writeFileSync(path, long);
  assert.throws(() => ring.add(), { code: 'RAZOR_MK_LAB_SECRETS', message: /more than 65536 characters/ });
  assert.equal(readFileSync(path, 'utf8'), long);
});
