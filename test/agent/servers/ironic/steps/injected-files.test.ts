import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUrl, readInjectedFiles } from '../../../../../agent/servers/ironic/steps/injected-files.ts';

test('files of the node and of the step, in this order', () => {
  const rest = { mode: undefined, dirmode: undefined, owner: undefined, group: undefined };
  assert.deepEqual(
    readInjectedFiles(
      [{ path: '/etc/./motd', content: 'aGk=', mode: 0o644, dirmode: 0o755, owner: 0, group: 5 }],
      [
        { path: '/grub.cfg', partition: 1, deleted: true },
        { path: 'a//b', partition: '', content: 'http://x', deleted: false },
        { path: 'x', partition: '/dev/sda1', content: '' },
        { path: 'etc/x', partition: null, content: null, deleted: true },
      ],
    ),
    [
      { path: 'etc/motd', partition: undefined, content: 'aGk=', mode: 0o644, dirmode: 0o755, owner: 0, group: 5 },
      { path: 'grub.cfg', partition: '1', content: undefined, ...rest },
      { path: 'a/b', partition: undefined, content: 'http://x', ...rest },
      { path: 'x', partition: '/dev/sda1', content: '', ...rest },
      { path: 'etc/x', partition: undefined, content: undefined, ...rest },
    ],
  );
  assert.deepEqual(readInjectedFiles(undefined, null), []);
});

test('everything that is wrong is said at once', () => {
  const good = { path: '/etc/x', content: 'x' };
  const rows: readonly [entry: unknown, why: string][] = [
    [{ ...good, colour: 'red' }, '"/etc/x": unknown key colour'],
    [{ ...good, path: '/etc/x/' }, '"/etc/x/": it is not the path of a file'],
    [{ ...good, path: '/etc/../x' }, '"/etc/../x": it is not the path of a file'],
    [{ ...good, path: '/', partition: 1 }, '"/": it is not the path of a file'],
    [{ ...good, path: 5, partition: 1 }, '5: it is not the path of a file'],
    [{ ...good, path: '/x' }, '"/x": a file of the root directory needs "partition"'],
    [{ ...good, partition: {} }, '"/etc/x": partition is no number or device'],
    [{ path: '/etc/x' }, '"/etc/x": it needs either "content" or "deleted"'],
    [{ ...good, content: 5 }, '"/etc/x": it needs either "content" or "deleted"'],
    [{ ...good, deleted: true }, '"/etc/x": it needs either "content" or "deleted"'],
    [{ path: '/etc/x', deleted: false }, '"/etc/x": it needs either "content" or "deleted"'],
    [{ path: '/etc/x', deleted: 'true' }, '"/etc/x": it needs either "content" or "deleted"'],
    [{ ...good, mode: '0644' }, '"/etc/x": mode is not a number'],
    [{ ...good, owner: 1.5, group: null }, '"/etc/x": owner is not a number; "/etc/x": group is not a number'],
    [null, 'an entry: it is not the path of a file; an entry: it needs either "content" or "deleted"'],
    [[], 'an entry: it is not the path of a file; an entry: it needs either "content" or "deleted"'],
  ];
  for (const [entry, why] of rows)
    assert.throws(
      () => readInjectedFiles([entry], undefined),
      { code: 'RAZOR_MK_REPLY', message: `inject_files: ${why}` },
      why,
    );
  assert.throws(() => readInjectedFiles({}, undefined), { message: 'inject_files: inject_files is not a list' });
  assert.throws(() => readInjectedFiles(undefined, 'x'), { message: 'inject_files: files is not a list' });
});

test('parts of node and ports are filled into a URL', () => {
  const known = { node: { uuid: 'u', properties: { n: 5, nothing: null } }, ports: [{ address: 'm' }] };
  assert.equal(
    fillUrl('http://x/{node[uuid]}/{ports[0][address]}/{node[properties][n]}/{other}', known),
    'http://x/u/m/5/{other}',
  );
  for (const part of [
    '{node}',
    '{node[none]}',
    '{node[toString]}',
    '{ports[1][address]}',
    '{node[properties][nothing]}',
  ].concat(['{node[uuid][length]}', '{node[properties]}']))
    assert.throws(() => fillUrl(part, known), {
      code: 'RAZOR_MK_REPLY',
      message: `inject_files: there is no ${part} for ${part}`,
    });
});
