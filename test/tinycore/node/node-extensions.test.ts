/** Extensions of a list from a mirror that is not trusted: what is loaded, what is refused, and what never becomes a path. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem, type System } from '../../../platform/system.ts';
import { tczDirectoryOf } from '../../../tinycore/node/extension-fetcher.ts';
import { installExtensions } from '../../../tinycore/node/node-extensions.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const MIRROR = 'https://mirror.example/14.x/x86_64/tcz';
const hash = (kind: 'sha256' | 'md5', text: string): string => createHash(kind).update(text).digest('hex');
const md5 = (text: string): string => `${hash('md5', text)}  file\n`;

type SiteTrust = Pick<Parameters<typeof installExtensions>[0], 'vouchFor' | 'checksumsRequired'>;

interface Site {
  readonly root: string;
  /** Files of the mirror that were asked for. */
  readonly asked: string[];
  /** Programs that would change the machine. */
  readonly programs: string[][];
  readonly lines: string[];
  install(list: readonly unknown[], mirrorUri?: string, more?: SiteTrust): Promise<readonly string[]>;
  /** Names in the directory that tce-load takes extensions from. */
  kept(): readonly string[];
}

/** A machine below a directory and a mirror with these files; `machine` has files of the machine. */
function site(t: TestContext, mirror: Record<string, string>, machine: Record<string, string> = {}): Site {
  const root = temporaryDirectory(t);
  for (const [path, text] of Object.entries(machine)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(join(root, 'opt'), { recursive: true });
  const [asked, programs, lines]: [string[], string[][], string[]] = [[], [], []];
  const log = createLog({ people: (line, level) => lines.push(`${level}: ${line}`) });
  const live = createSystem({ live: true, log });
  const nothing = Buffer.alloc(0);
  const done = { status: 0, signal: undefined, failure: undefined, stdout: nothing, stderr: nothing, durationMs: 0 };
  const system: System = {
    ...live,
    changes: live.changes,
    run: (_, argv) => Promise.resolve((programs.push([...argv]), { argv, ...done })),
  };
  const optional = join(root, 'tmp/tce/optional');
  return {
    root,
    asked,
    programs,
    lines,
    kept: () => (existsSync(optional) ? readdirSync(optional).sort() : []),
    install: (list, mirrorUri = MIRROR, more = {}) =>
      installExtensions({
        ...more,
        system,
        log,
        root,
        mirrorUri,
        kernel: '6.1.0',
        listUri: 'https://server.example/list',
        fetchList: () => Promise.resolve(Buffer.from(JSON.stringify(list))),
        async openFile(url) {
          const name = url.slice(url.lastIndexOf('/tcz/') + 5);
          asked.push(name);
          const text = mirror[name];
          await Promise.resolve();
          return text === undefined ? undefined : pieces(text);
        },
      }),
  };
}

async function* pieces(text: string): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}

const listed = (name: string, text: string): unknown => ({ name, sha256: hash('sha256', text) });

test('what is listed with its sum is fetched, checked and loaded, with what it depends on; tce-load never fetches', async (t) => {
  const mirror = { 'a.tcz': 'A', 'a.tcz.dep': 'b.tcz\nfs-KERNEL.tcz\n', 'b.tcz': 'B', 'fs-6.1.0.tcz': 'F' };
  const s = site(t, mirror, { 'usr/bin/sudo': '' });
  const list = [listed('a.tcz', 'A'), listed('b.tcz', 'B'), listed('fs-6.1.0.tcz', 'F')];
  assert.deepEqual(await s.install(list), ['a.tcz', 'b.tcz', 'fs-6.1.0.tcz']);
  assert.deepEqual(
    s.programs,
    ['a', 'b', 'fs-6.1.0'].map((name) => ['sudo', '-u', 'tc', 'tce-load', '-i', `${name}.tcz`]),
  );
  assert.equal(readFileSync(join(s.root, 'tmp/tce/optional/a.tcz.dep'), 'utf8'), 'b.tcz\nfs-6.1.0.tcz\n');
  assert.equal(readFileSync(join(s.root, 'tmp/tce/optional/a.tcz'), 'utf8'), 'A');
  assert.equal(readFileSync(join(s.root, 'opt/tcemirror'), 'utf8'), `${MIRROR}/\n`);
  assert.ok(!s.asked.some((name) => name.endsWith('.md5.txt')), 'a SHA-256 needs no MD5');
});

// attack: the mirror's .dep named an extension in no list, which was fetched, mounted, and its start script ran as root
test('a dependency that the list has no SHA-256 for is neither fetched nor loaded, and neither is what needs it', async (t) => {
  const mirror = { 'a.tcz': 'A', 'a.tcz.dep': 'extra.tcz\n', 'extra.tcz': 'E', 'extra.tcz.md5.txt': md5('E') };
  for (const more of [[], ['extra.tcz']]) {
    const s = site(t, mirror);
    assert.deepEqual((await s.install([listed('a.tcz', 'A'), ...more])).includes('a.tcz'), false);
    assert.match(
      s.lines.join('\n'),
      /error: a\.tcz was not installed: a\.tcz needs extra\.tcz, and the list has no SHA-256/,
    );
    assert.ok(!s.programs.some((argv) => argv.includes('a.tcz')));
    assert.equal(s.kept().includes('a.tcz.dep'), false, 'tce-load is not told of it');
    if (more.length === 0) assert.ok(!s.asked.includes('extra.tcz') && !s.kept().includes('extra.tcz'));
  }
});

// attack: a line with parent directories in it made wget write a file of the mirror's choice into /etc
test('names of a mirror’s .dep never become paths, URLs or words of a command', async (t) => {
  for (const name of [
    '../../../etc/cron',
    '/etc/x.tcz',
    'a/b.tcz',
    '-f.tcz',
    '$(id).tcz',
    'x y.tcz',
    '..tcz',
    'b.txt',
    '.',
  ]) {
    const s = site(t, { 'a.tcz': 'A', 'a.tcz.md5.txt': md5('A'), 'a.tcz.dep': `${name}\n` });
    assert.deepEqual(await s.install(['a.tcz']), [], name);
    assert.match(s.lines.join('\n'), /a\.tcz\.dep names .*, which is not the name of an extension/, name);
    assert.deepEqual([s.asked, s.programs], [['a.tcz.md5.txt', 'a.tcz', 'a.tcz.dep'], []], name);
    assert.deepEqual(readdirSync(s.root).sort(), ['opt', 'tmp'], name);
  }
});

test('without any checksum nothing is installed, of what it depends on as well', async (t) => {
  const bare = site(t, { 'a.tcz': 'A' });
  assert.deepEqual(await bare.install(['a.tcz']), []);
  assert.match(bare.lines.join('\n'), /no SHA-256 in the list and no a\.tcz\.md5\.txt .* nothing is loaded unchecked/);
  assert.deepEqual([bare.programs, bare.kept()], [[], []]);
  const below = site(t, { 'a.tcz': 'A', 'a.tcz.md5.txt': md5('A'), 'a.tcz.dep': 'b.tcz\n', 'b.tcz': 'B' });
  assert.deepEqual(await below.install(['a.tcz']), []);
  assert.match(below.lines.join('\n'), /a\.tcz was not installed: b\.tcz has no SHA-256/);
  assert.deepEqual(below.programs, []);
});

test('a wrong sum of either kind is refused, the file is not left, and the other extensions come all the same', async (t) => {
  const mirror = { 'a.tcz': 'A', 'b.tcz': 'B', 'b.tcz.md5.txt': md5('other'), 'c.tcz': 'C', 'c.tcz.md5.txt': md5('C') };
  const s = site(t, mirror);
  assert.deepEqual(await s.install([listed('a.tcz', 'other'), 'b.tcz', 'c.tcz', 'absent.tcz']), ['c.tcz']);
  assert.deepEqual(s.kept(), ['c.tcz', 'c.tcz.dep']);
  const text = s.lines.join('\n');
  assert.match(text, /a\.tcz was not installed: the SHA-256 of a\.tcz is [0-9a-f]{64}, and the list says/);
  assert.match(text, /b\.tcz was not installed: the MD5 of b\.tcz is [0-9a-f]{32}, and b\.tcz\.md5\.txt says/);
  assert.match(text, /absent\.tcz was not installed/);
});

test('what is installed or came with the image is not fetched; what lies there and does not fit is fetched anew', async (t) => {
  const mirror = { 'a.tcz': 'A', 'a.tcz.dep': 'in.tcz\nbuilt.tcz\n' };
  const s = site(t, mirror, {
    'usr/local/tce.installed/in': '',
    'tmp/builtin/optional/built.tcz': 'x',
    'tmp/tce/optional/a.tcz': 'forged before',
  });
  assert.deepEqual(await s.install([listed('a.tcz', 'A'), 'in.tcz', 'built.tcz']), ['a.tcz', 'built.tcz']);
  assert.deepEqual(s.asked, ['a.tcz', 'a.tcz.dep']);
  assert.equal(readFileSync(join(s.root, 'tmp/tce/optional/a.tcz'), 'utf8'), 'A');
  s.asked.length = 0;
  await s.install([listed('a.tcz', 'A')]);
  assert.deepEqual(s.asked, ['a.tcz.dep'], 'a file that fits is not fetched again');
});

test('two extensions that name each other end', async (t) => {
  const mirror = { 'a.tcz': 'A', 'a.tcz.dep': 'b.tcz\n', 'b.tcz': 'B', 'b.tcz.dep': 'a.tcz\n' };
  assert.deepEqual(await site(t, mirror).install([listed('a.tcz', 'A'), listed('b.tcz', 'B')]), ['a.tcz', 'b.tcz']);
});

test('plain http without SHA-256 is said loudly; https, the node’s own mirror and a list with sums are not', async (t) => {
  const mirror = { 'a.tcz': 'A', 'a.tcz.md5.txt': md5('A') };
  const warned = async (list: readonly unknown[], uri: string): Promise<boolean> => {
    const s = site(t, mirror);
    assert.deepEqual(await s.install(list, uri), ['a.tcz']);
    return /warn: a\.tcz: no SHA-256 in the list, and http:.* plain http: anybody .*as root here/.test(
      s.lines.join('\n'),
    );
  };
  assert.equal(await warned(['a.tcz'], MIRROR.replace('https', 'http')), true);
  assert.equal(await warned(['a.tcz'], MIRROR), false);
  assert.equal(await warned(['a.tcz'], 'http://127.0.0.1:2157/tinycorelinux/14.x/x86_64/tcz'), false);
  assert.equal(await warned([listed('a.tcz', 'A')], MIRROR.replace('https', 'http')), false);
});

test('the mirror’s directory fits the base, as Tiny Core makes it; a mirror that is none is refused', (t) => {
  const { root } = site(
    t,
    {},
    { 'usr/share/doc/tc/release.txt': 'version 14.0\n', 'opt/tcemirror': 'http://old/tc/\n' },
  );
  assert.equal(tczDirectoryOf('http://m/tc/', root), 'http://m/tc/14.x/x86_64/tcz');
  assert.equal(tczDirectoryOf('', root), 'http://old/tc/14.x/x86_64/tcz');
  assert.equal(tczDirectoryOf('http://m/any/tcz', root), 'http://m/any/tcz');
  writeFileSync(join(root, 'usr/share/doc/tc/release.txt'), '11.0\n');
  mkdirSync(join(root, 'lib'));
  writeFileSync(join(root, 'lib/ld-linux.so.2'), '');
  assert.equal(tczDirectoryOf('http://m/tc', root), 'http://m/tc/11.x/x86/tcz');
  for (const bad of ['file:///etc', 'mirror', 'ftp://x'])
    assert.throws(() => tczDirectoryOf(bad, root), /not an http\(s\) URL/);
});

test('with a site key nothing comes of a list that nobody has signed, nor an extension that it gives no SHA-256 for', async (t) => {
  const mirror = { 'a.tcz': 'A', 'b.tcz': 'B', 'b.tcz.md5.txt': md5('B') };
  const refuse = () => Promise.reject(new Error('list is not signed'));
  const s = site(t, mirror);
  assert.deepEqual(await s.install([listed('a.tcz', 'A')], MIRROR, { vouchFor: refuse }), []);
  assert.deepEqual([s.asked, s.programs], [[], []]);
  assert.match(s.lines.join('\n'), /warn: list of extensions: .*list is not signed/);
  assert.deepEqual(await s.install([listed('a.tcz', 'A'), 'b.tcz'], MIRROR, { checksumsRequired: true }), ['a.tcz']);
  assert.match(s.lines.join('\n'), /error: b\.tcz was not installed: the list has no SHA-256 for it/);
});
