import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hostnameOf, hostsWith, setHostname } from '../../../agent/network/hostname.ts';
import { silentLog } from '../../../platform/log/log.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('a MAC becomes a name; what is none, or only zeros, does not', () => {
  assert.equal(hostnameOf('52:54:00:12:34:AB'), 'mk5254001234ab');
  assert.equal(hostnameOf('52-54-00-12-34-ab'), 'mk5254001234ab');
  assert.equal(hostnameOf('80:'.repeat(19) + '80'), `mk${'80'.repeat(20)}`); // InfiniBand
  for (const mac of ['', '00:00:00:00:00:00', '52:54:00:12:34', '52:54:00:12:34:5g', '52:54:00:12:34:56:78', 'x'])
    assert.equal(hostnameOf(mac), undefined, mac);
});

test('the name stands on the first line of 127.0.0.1, and everything else stays', () => {
  const rows: readonly [before: string, after: string][] = [
    ['', '127.0.0.1 localhost mk5\n'],
    ['127.0.0.1 localhost\n::1 localhost\n', '127.0.0.1 localhost mk5\n::1 localhost\n'],
    ['127.0.0.1 box # comment\n', '127.0.0.1 localhost box mk5\n'],
    ['127.0.0.1 localhost mk525400123456 mk5\n', '127.0.0.1 localhost mk5\n'],
    [
      '127.0.0.1 localhost xmk525400123456 mk5254001234567\n',
      '127.0.0.1 localhost xmk525400123456 mk5254001234567 mk5\n',
    ],
    ['# 127.0.0.1 x\n10.0.0.1 a\n', '127.0.0.1 localhost mk5\n# 127.0.0.1 x\n10.0.0.1 a\n'],
    ['127.0.0.1 localhost\n127.0.0.1 other\n', '127.0.0.1 localhost mk5\n127.0.0.1 other\n'],
    ['  127.0.0.1   localhost\n\n10.0.0.1 a', '127.0.0.1 localhost mk5\n10.0.0.1 a\n'],
  ];
  for (const [before, after] of rows) assert.equal(hostsWith(before, 'mk5'), after, before);
});

function tree(t: TestContext): { root: string; read: (path: string) => string; changes: string[] } {
  const root = temporaryDirectory(t);
  for (const directory of ['proc/sys/kernel', 'etc']) mkdirSync(join(root, directory), { recursive: true });
  return { root, read: (path) => readFileSync(join(root, path), 'utf8'), changes: [] };
}

function systemOf(changes: string[], fails = false): Parameters<typeof setHostname>[1]['system'] {
  const act = async (what: string, action: () => unknown): Promise<unknown> => {
    changes.push(what.replaceAll(/\S*\/(?=\S)/g, ''));
    if (fails) throw new Error('read-only');
    return action();
  };
  const write = (what: string, path: string, text: string): Promise<unknown> =>
    act(what, () => writeFileSync(path, text));
  return { change: act, write } as unknown as Parameters<typeof setHostname>[1]['system'];
}

test('the name is set in the kernel, /etc/hostname and /etc/hosts, each only where it differs', async (t) => {
  const { root, read, changes } = tree(t);
  writeFileSync(join(root, 'proc/sys/kernel/hostname'), 'box\n');
  const context = { system: systemOf(changes), log: silentLog, root };
  await setHostname('mk5', context);
  assert.deepEqual(['proc/sys/kernel/hostname', 'etc/hostname', 'etc/hosts'].map(read), [
    'mk5',
    'mk5\n',
    '127.0.0.1 localhost mk5\n',
  ]);
  assert.deepEqual(changes, ['set the host name to mk5', 'write mk5 to hostname', 'name mk5 in hosts']);
  await setHostname('mk5', context);
  assert.equal(changes.length, 3);
});

test('what cannot be written is passed over', async (t) => {
  const { root, changes } = tree(t);
  await setHostname('mk5', { system: systemOf(changes, true), log: silentLog, root });
  assert.equal(changes.length, 3);
});
