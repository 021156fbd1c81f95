import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { run } from '../../../../platform/process/run.ts';
import { readCpio, writeCpio } from '../../../../tinycore/image/initrd/cpio.ts';
import {
  deviceEntry,
  directoryEntry,
  fileEntry,
  parentsOf,
  sortEntries,
  symlinkEntry,
  type Entry,
} from '../../../../tinycore/image/initrd/entry.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const ODD: readonly Entry[] = [
  directoryEntry('dev'),
  deviceEntry('dev/console', 'char', 5, 1),
  deviceEntry('dev/sda', 'block', 8, 300),
  directoryEntry('dir with spaces', 0o1777),
  fileEntry('dir with spaces/naïve — ü', 'content'),
  fileEntry('dir with spaces/-dash', ''),
  fileEntry('empty', ''),
  fileEntry('one', 'x'),
  { ...fileEntry('one-again', ''), linkTo: 'one' },
  fileEntry('suid', 'abcd', 0o4755),
  symlinkEntry('to nowhere', '../no/such/place'),
];

test('an archive reads back as what was written, hard links and devices included', () => {
  const { entries, end } = readCpio(writeCpio(ODD));
  assert.deepEqual(
    entries.map(({ path, type, mode, major, minor }) => ({ path, type, mode, major, minor })),
    ODD.map(({ path, type, mode, major, minor }) => ({ path, type, mode, major, minor })),
  );
  // the last of the links holds the content
  assert.deepEqual([entries[7]?.linkTo, entries[8]?.linkTo], ['one-again', undefined]);
  assert.equal(Buffer.from(entries[8]?.data ?? []).toString(), 'x');
  assert.equal(Buffer.from(entries.at(-1)?.data ?? []).toString(), '../no/such/place');
  assert.equal(end, writeCpio(ODD).length);
});

test('GNU cpio lists and unpacks the archive: modes, sizes, device numbers and links are right', async (t) => {
  const archive = writeCpio(ODD, { mtime: 1_700_000_000 });
  const listed = await run(['cpio', '-itv', '--quiet', '--numeric-uid-gid'], { input: archive });
  if (listed.failure === 'not-found') return t.skip('cpio is not installed');
  const text = listed.stdout.toString();
  assert.equal(listed.status, 0, listed.stderr.toString());
  assert.match(text, /^crw------- +1 0 +0 +5, +1 .* dev\/console$/m);
  assert.match(text, /^brw------- .* 8, 300 .* dev\/sda$/m);
  assert.match(text, /^drwxrwxrwt /m);
  assert.match(text, /^-rwsr-xr-x +1 0 +0 +4 Nov 14 +2023 suid$/m);
  assert.match(text, /to nowhere -> \.\.\/no\/such\/place$/m);
  const directory = temporaryDirectory(t);
  const plain = writeCpio(ODD.filter((entry) => entry.major === 0));
  const unpacked = await run(['cpio', '-id', '--quiet'], { input: plain, cwd: directory });
  assert.equal(unpacked.status, 0, unpacked.stderr.toString());
  const stat = await run(['stat', '-c', '%h %s', 'one', 'one-again'], { cwd: directory });
  assert.equal(stat.stdout.toString(), '2 1\n2 1\n');
});

test('bsdtar reads the same names in the same order', async (t) => {
  const result = await run(['bsdtar', '-tf', '-'], { input: writeCpio(ODD), env: { LC_ALL: 'C.UTF-8' } });
  if (result.failure === 'not-found') return t.skip('bsdtar (libarchive-tools) is not installed');
  assert.deepEqual(
    result.stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((name) => name.replace(/\/$/, '')),
    ODD.map((entry) => entry.path),
  );
});

test('an archive that GNU cpio wrote is read', async (t) => {
  const directory = temporaryDirectory(t);
  await run(['sh', '-c', 'mkdir a; echo hello >a/b; ln a/b a/c; ln -s b a/d; mkfifo a/e'], { cwd: directory });
  const made = await run(['cpio', '-oH', 'newc', '--quiet'], {
    cwd: directory,
    input: './a\n./a/b\n./a/c\n./a/d\n./a/e\n',
  });
  if (made.failure === 'not-found') return t.skip('cpio is not installed');
  const { entries } = readCpio(made.stdout);
  assert.deepEqual(
    entries.map((entry) => `${entry.type} ${entry.path} ${entry.linkTo ?? ''}`),
    ['directory a ', 'file a/b a/c', 'file a/c ', 'symlink a/d ', 'fifo a/e '],
  );
});

test('a cut or damaged archive is refused with the place, never half read', () => {
  const archive = writeCpio(ODD);
  for (let length = 0; length < archive.length - 1; length += 7) {
    if (length + 4 >= archive.length) break;
    assert.throws(() => readCpio(archive.subarray(0, length)), { code: 'RAZOR_MK_ARCHIVE' }, `cut at ${length}`);
  }
  const damaged = Buffer.from(archive);
  damaged.write('zz', 20);
  assert.throws(() => readCpio(damaged), { code: 'RAZOR_MK_ARCHIVE', message: /invalid number/ });
});

test('any bytes read as an archive end in entries or in our error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(400), (noise, at) => {
      const bytes = writeCpio([fileEntry('a', 'b'), directoryEntry('c')]);
      Buffer.from(noise).copy(bytes, Math.min(at, bytes.length));
      try {
        readCpio(bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'RAZOR_MK_ARCHIVE');
      }
    }),
    { numRuns: 300 },
  );
});

test('names that lead out of the archive or that the kernel cannot hold are not written', () => {
  for (const path of ['../etc/passwd', 'a/../b', '/etc', 'a//b', '', '.', 'TRAILER!!!', 'a\0b', 'x'.repeat(4096)]) {
    assert.throws(
      () => writeCpio([fileEntry(path, '')]),
      { code: 'RAZOR_MK_IMAGE_NAME' },
      JSON.stringify(path.slice(0, 20)),
    );
  }
});

test('entries are ordered by the bytes of their paths, a later one of the same path wins, and parents are added', () => {
  const entries = [fileEntry('b/z', '1'), fileEntry('a', '1'), fileEntry('b/z', '2')];
  const sorted = sortEntries([...parentsOf(entries), ...entries]);
  assert.deepEqual(
    sorted.map((entry) => entry.path),
    ['a', 'b', 'b/z'],
  );
  assert.equal(Buffer.from(sorted[2]?.data ?? []).toString(), '2');
  assert.deepEqual(parentsOf(entries, new Set(['b'])), []);
});

test('a name that leads out of the archive is refused: modules of a base become files of the builder', () => {
  for (const path of ['lib/modules/6.1/../../../../../tmp/x.ko', '../x', 'a/..']) {
    const other = path.replaceAll('..', '--');
    const archive = Buffer.from(
      writeCpio([fileEntry(other, 'x')])
        .toString('latin1')
        .replace(other, path),
      'latin1',
    );
    assert.throws(() => readCpio(archive), { code: 'RAZOR_MK_ARCHIVE', message: /leads out of it/ }, path);
  }
});
