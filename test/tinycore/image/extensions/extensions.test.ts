import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { before, test } from 'node:test';
import { librariesOf } from '../../../../tinycore/image/extensions/debian-extension.ts';
import { dependencies } from '../../../../tinycore/image/extensions/deb2tcz.ts';
import { collectExtensions, extensionName, parseList } from '../../../../tinycore/image/extensions/extensions.ts';
import { fakeTcz } from '../../../helpers/small-base.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

let directory = '';
before(() => {
  directory = temporaryDirectory();
});

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const sources = () => ({ directories: [directory], kernel: '5.10.3', epoch: 0 });

function put(name: string, dep: readonly string[] = [], sum?: string): Buffer {
  const data = fakeTcz(name);
  writeFileSync(join(directory, name), data);
  if (dep.length > 0) writeFileSync(join(directory, `${name}.dep`), `${dep.join('\n')}\n\n`);
  writeFileSync(join(directory, `${name}.md5.txt`), `${sum ?? md5(data)}  ${name}\n`);
  return data;
}

test('what an extension depends on comes before it, each once, and KERNEL stands for the kernel’s version', async () => {
  put('top.tcz', ['middle.tcz', 'net-KERNEL.tcz']);
  put('middle.tcz', ['low.tcz']);
  put('low.tcz');
  put('net-5.10.3.tcz', ['low.tcz']);
  const found = await collectExtensions(['top', 'low.tcz'], sources());
  assert.deepEqual(
    found.map((each) => each.name),
    ['low.tcz', 'middle.tcz', 'net-5.10.3.tcz', 'top.tcz'],
  );
});

test('two extensions that name each other end', async () => {
  put('a.tcz', ['b.tcz']);
  put('b.tcz', ['a.tcz']);
  assert.equal((await collectExtensions(['a'], sources())).length, 2);
});

test('an extension that is missing, changed, cut off or none is refused with its name', async () => {
  put('good.tcz');
  put('changed.tcz', [], '0'.repeat(32));
  put('needs.tcz', ['absent.tcz']);
  writeFileSync(join(directory, 'text.tcz'), 'no squashfs');
  writeFileSync(join(directory, 'cut.tcz'), fakeTcz('long enough').subarray(0, 4000));
  for (const [name, message] of [
    ['absent', /absent\.tcz, which the command line asks for, is not there/],
    ['needs', /absent\.tcz, which needs\.tcz asks for/],
    ['changed', /does not fit its checksum/],
    ['text', /not a squashfs/],
    ['cut', /cut off/],
  ] as const) {
    await assert.rejects(collectExtensions(['good', name], sources()), { code: 'RAZOR_MK_TCZ', message }, name);
  }
});

test('a name in a .dep is never a path, and what cannot be a name is refused', async (t) => {
  const own = temporaryDirectory(t);
  for (const name of ['', '-rf', 'a b', '.hidden', 'a..b']) {
    assert.throws(() => extensionName(name), { code: 'RAZOR_MK_IMAGE_NAME' }, name);
  }
  writeFileSync(join(own, 'inner.tcz'), fakeTcz());
  writeFileSync(join(own, 'outer.tcz'), fakeTcz());
  writeFileSync(join(own, 'outer.tcz.dep'), '../somewhere/inner.tcz\n');
  await assert.rejects(collectExtensions(['outer'], { directories: [own], kernel: undefined, epoch: 0 }), {
    code: 'RAZOR_MK_IMAGE_NAME',
    message: /outer\.tcz\.dep names "\.\.\/somewhere\/inner\.tcz": a path is not taken/,
  });
});

test('a person may name a file by a relative path', async (t) => {
  const own = temporaryDirectory(t);
  writeFileSync(join(own, 'inner.tcz'), fakeTcz());
  const path = join(relative(process.cwd(), own), 'inner.tcz');
  assert.ok(path.startsWith('..'), path);
  const [found] = await collectExtensions([path], { directories: [], kernel: undefined, epoch: 0 });
  assert.equal(found?.name, 'inner.tcz');
});

test('a list file may have comments and empty lines', () => {
  assert.deepEqual(parseList('# extensions\nopenssh.tcz\n\n  bash.tcz # shell\r\n'), ['openssh.tcz', 'bash.tcz']);
});

test('dependencies of a Debian package become names of extensions, the first of alternatives', () => {
  const fields =
    'Depends: libc6 (>= 2.36), debconf (>= 0.5) | debconf-2.0, libx11-6\nPre-Depends: libc6\nArchitecture: amd64\n';
  assert.deepEqual(dependencies(fields), ['libc6.tcz', 'debconf.tcz', 'libx11-6.tcz']);
});

test('a mirror’s extensions are fetched with their lists, and nothing is taken without a checksum', async (t) => {
  const data = fakeTcz('remote');
  const files: Record<string, Buffer | string> = {
    '/tcz/remote.tcz': data,
    '/tcz/remote.tcz.md5.txt': `${md5(data)}  remote.tcz\n`,
    '/tcz/remote.tcz.dep': 'good.tcz\n',
    '/tcz/bare.tcz': data,
  };
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    response.statusCode = file === undefined ? 404 : 200;
    response.end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  put('good.tcz');
  const found = await collectExtensions(['remote'], { ...sources(), mirror: `${origin}/tcz/` });
  assert.deepEqual(
    found.map((each) => each.name),
    ['good.tcz', 'remote.tcz'],
  );
  await assert.rejects(collectExtensions(['bare'], { ...sources(), mirror: `${origin}/tcz` }), {
    code: 'RAZOR_MK_TCZ',
    message: /unchecked/,
  });
  await assert.rejects(collectExtensions(['no-such'], { ...sources(), mirror: `${origin}/tcz` }), {
    code: 'RAZOR_MK_TCZ',
  });
});

test('of what apt says a package needs, its libraries are taken, however far down, of alternatives the first', () => {
  const text = [
    'kexec-tools',
    '  Depends: libc6',
    ' |Depends: debconf',
    '  Depends: <debconf-2.0>',
    ' |Depends: libfirst1',
    '  Depends: libsecond1',
    '  Recommends: libnever',
    '    liballthesame',
    '  Depends: zlib1g',
    'libc6',
    '  PreDepends: libgcc-s1',
    'zlib1g',
    '  Depends: libc6',
    'debconf',
    '  Depends: libofdebconf0',
    'libgcc-s1',
    '  Depends: libc6',
  ].join('\n');
  assert.deepEqual(librariesOf(text, 'kexec-tools'), ['libc6', 'libfirst1', 'libgcc-s1', 'zlib1g']);
});
