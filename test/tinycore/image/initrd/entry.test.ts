import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  deviceEntry,
  directoryEntry,
  entryInPlace,
  fileEntry,
  linkTarget,
  movedTo,
  parentsOf,
  sizeOf,
  sortEntries,
  symlinkEntry,
} from '../../../../tinycore/image/initrd/entry.ts';

describe('entries of an archive', () => {
  it('are of root, at 1970, with the usual modes', () => {
    const all = [fileEntry('f', 'x'), directoryEntry('d'), symlinkEntry('l', 'f'), deviceEntry('n', 'char', 1, 3)];
    assert.deepEqual(
      all.map(({ mode }) => mode.toString(8)),
      ['644', '755', '777', '600'],
    );
    for (const { uid, gid, mtime } of all) assert.deepEqual([uid, gid, mtime], [0, 0, 0]);
    assert.deepEqual([all[3]?.major, all[3]?.minor, all[3]?.type], [1, 3, 'char']);
    assert.equal(sizeOf(fileEntry('f', 'é')), 2);
  });

  it('whose content stays in its place are read when somebody asks, each time, moved ones too', () => {
    let reads = 0;
    const read = (): Uint8Array => Buffer.from(`read ${++reads}`);
    const entry = entryInPlace({ ...fileEntry('a', '', 0o755), uid: 7 }, 6, read);
    const moved = movedTo(entry, 'b');
    assert.deepEqual([sizeOf(entry), sizeOf(moved), reads], [6, 6, 0]);
    assert.equal(String(moved.data), 'read 1');
    assert.equal(String(entry.data), 'read 2');
    assert.deepEqual([moved.path, moved.mode, moved.uid], ['b', 0o755, 7]);
    const filled = movedTo(entry, 'c', fileEntry('x', 'other content'));
    assert.deepEqual([sizeOf(filled), String(filled.data), filled.uid], [13, 'other content', 7]);
  });

  it('have a target up to the longest path there is', () => {
    assert.equal(linkTarget(symlinkEntry('l', 'x'.repeat(4096))).length, 4096);
    assert.equal(linkTarget(symlinkEntry('l', 'x'.repeat(4097))), '');
  });

  it('are in the order of their bytes, the last of equal paths', () => {
    const paths = ['b', 'a/b', 'a', 'a.b', '\u{1f600}', '\uff61'];
    const sorted = sortEntries([...paths.map((path) => fileEntry(path, '1')), fileEntry('a', '2')]);
    assert.deepEqual(
      sorted.map(({ path }) => path),
      ['a', 'a.b', 'a/b', 'b', '\uff61', '\u{1f600}'],
    );
    assert.equal(String(sorted[0]?.data), '2');
  });

  it('get the directories that are missing above them, each once, the upper first', () => {
    const entries = [fileEntry('a/b/c/d', ''), fileEntry('a/b/e', ''), fileEntry('top', ''), directoryEntry('a/b')];
    const paths = (known?: ReadonlySet<string>): string[] => parentsOf(entries, known).map(({ path }) => path);
    assert.deepEqual(paths(), ['a', 'a/b/c']);
    assert.deepEqual(paths(new Set(['a'])), ['a/b/c']);
    assert.deepEqual(parentsOf([]), []);
  });
});
