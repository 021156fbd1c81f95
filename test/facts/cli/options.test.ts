import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandLine } from '../../helpers/command-line.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { makeTree } from '../../helpers/tree.ts';

test('a directory of facts that is named counts beside a tree too, and takes no word behind it for another', async (t) => {
  const own = makeTree(t, { 'site.yaml': 'rack: 5E12\n' });
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const { out, status } = await commandLine(['facts', '--root', root, '--facts-dir', own, 'rack', 'memorysize']);
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(out), { rack: '5E12', memorysize: '1024.00 MB' });
});

test('a capture of a tree holds the facts of the directories that were named; named beside the capture, others win', async (t) => {
  const own = makeTree(t, { 'site.txt': 'rack=b7\nroom=3\n' });
  const later = makeTree(t, { 'site.txt': 'rack=b8\n' });
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const file = join(temporaryDirectory(t), 'machine.tar.gz');
  const made = await commandLine(['capture', '--root', root, '--facts-dir', `${own},${root}`, file]);
  assert.equal(made.status, 0, made.err);
  const facts = async (...more: string[]): Promise<unknown> =>
    JSON.parse((await commandLine(['facts', 'rack', 'room', '--from', file, ...more])).out);
  assert.deepEqual(await facts(), { rack: 'b7', room: '3' });
  assert.deepEqual(await facts('--facts-dir', later), { rack: 'b8', room: '3' });
});

test('a directory of facts that is not there is refused where it is named', async () => {
  for (const words of [['facts'], ['capture', '/tmp/never.tar.gz']]) {
    const { err, status } = await commandLine([...words, '--facts-dir', '/no/such/facts.d']);
    assert.equal(status, 66);
    assert.match(err, /--facts-dir: \/no\/such\/facts\.d is not a directory/);
  }
});

test('a tree that is named and is none is refused by every verb that reads one', async () => {
  for (const words of [
    ['facts'],
    ['facts', 'identity'],
    ['facts', 'explain', 'kernel'],
    ['capture', '/tmp/never.tar.gz'],
  ]) {
    const missing = await commandLine([...words, '--root', '/no/such/tree']);
    assert.equal(missing.status, 66, words.join(' '));
    assert.match(missing.err, /cannot read --root \/no\/such\/tree: it does not exist/);
    const file = await commandLine([...words, '--root', '/proc/version']);
    assert.match(file.err, /cannot read --root \/proc\/version: it is not a directory/);
  }
  const register = await commandLine(['register', '--root', '/no/such/tree', '--server', '127.0.0.1', '--dry-run']);
  assert.match(register.err, /cannot read --root \/no\/such\/tree/);
});
