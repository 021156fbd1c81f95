import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createExtension, type Download } from '../../../../../agent/servers/razor-server/extension/extension.ts';
import { unpackZip } from '../../../../../agent/servers/razor-server/extension/unpack.ts';
import { collectExternal } from '../../../../../facts/external.ts';
import { silentLog } from '../../../../../platform/log/log.ts';
import { createSystem } from '../../../../../platform/system.ts';
import { makeZip, type ZipEntry } from '../../../../helpers/zip.ts';
import { temporaryDirectory } from '../../../../helpers/temporary-directory.ts';

const fresh = (): string => temporaryDirectory();

const download: Download = async (url, headers, _limit, signal) => {
  const reply = await fetch(url, { headers, signal: signal ?? null });
  return {
    status: reply.status,
    headers: Object.fromEntries(reply.headers),
    body: Buffer.from(await reply.arrayBuffer()),
  };
};

async function serve(listener: RequestListener, body: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/svc/mk/extension.zip`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const live = createSystem({ live: true, log: silentLog });

test('files are unpacked with their execute permission and without their set-user-id bit', async () => {
  const dir = fresh();
  const made = await unpackZip(
    makeZip([
      { name: 'bin/', mode: 0o040755 },
      { name: 'bin/hello', data: '#!/bin/sh\n', mode: 0o104755 },
      { name: 'facts.d/site.txt', data: 'rack=12\n' },
    ]),
    dir,
  );
  assert.equal(made, 2);
  assert.equal(statSync(join(dir, 'bin/hello')).mode & 0o7777, 0o755);
  assert.equal(readFileSync(join(dir, 'facts.d/site.txt'), 'utf8'), 'rack=12\n');
});

const hostile: Record<string, readonly ZipEntry[]> = {
  'a path that climbs out': [{ name: '../escaped', data: 'x' }],
  'a path that climbs out further in': [{ name: 'bin/../../escaped', data: 'x' }],
  'an absolute path': [{ name: '/tmp/escaped', data: 'x' }],
  'a backslash path': [{ name: '..\\escaped', data: 'x' }],
  'an empty path part': [{ name: 'bin//escaped', data: 'x' }],
  'a symbolic link': [{ name: 'bin', data: '/tmp', mode: 0o120777 }],
  'a device': [{ name: 'bin/null', mode: 0o020666 }],
  'the same file twice': [
    { name: 'bin/a', data: '1' },
    { name: 'bin/a', data: '2' },
  ],
  'a file below a file': [
    { name: 'bin', data: '1' },
    { name: 'bin/a', data: '2' },
  ],
  'a path deeper than sixteen': [{ name: `${'a/'.repeat(16)}a`, data: 'x' }],
  'an entry that claims more bytes than an entry may have': [{ name: 'bin/a', data: 'x', claimedSize: 1e9 }],
  'too many entries': Array.from({ length: 2001 }, (_, index) => ({ name: `bin/${index}` })),
};

for (const [what, entries] of Object.entries(hostile)) {
  test(`an archive with ${what} is refused and nothing is written outside`, async () => {
    const dir = fresh();
    await assert.rejects(unpackZip(makeZip(entries), join(dir, 'in')), { code: 'RAZOR_MK_EXTENSION' });
    assert.deepEqual(
      readdirSync(dir).filter((name) => name !== 'in'),
      [],
    );
    assert.equal(existsSync('/tmp/escaped'), false);
  });
}

test('the total size is capped even where each entry is small enough', async () => {
  const zip = makeZip([
    { name: 'a', data: 'x'.repeat(60) },
    { name: 'b', data: 'x'.repeat(60) },
  ]);
  const limits = { entries: 10, entryBytes: 100, totalBytes: 100 };
  await assert.rejects(unpackZip(zip, fresh(), limits), { code: 'RAZOR_MK_EXTENSION', message: /more than 100 bytes/ });
});

test('the server’s empty 200 to our own Last-Modified means unchanged, as razor-server sends it', async () => {
  const modified = 'Sun, 22 Nov 2026 10:00:00 GMT';
  const asked: (string | undefined)[] = [];
  await serve(
    (request, response) => {
      asked.push(request.headers['if-modified-since']);
      response.writeHead(200, { 'content-type': 'application/zip', 'last-modified': modified });
      response.end(asked.at(-1) === modified ? '' : makeZip([{ name: 'bin/hello', data: 'one', mode: 0o100755 }]));
    },
    async (url) => {
      const stateDir = fresh();
      const extension = createExtension({ url, stateDir, download, system: live });
      assert.deepEqual(extension.environment(), {});
      assert.equal(await extension.refresh(), 'updated');
      assert.equal(await extension.refresh(), 'unchanged');
      assert.deepEqual(asked, [undefined, modified]);
      assert.match(extension.environment()['PATH'] ?? '', new RegExp(`^${stateDir}/mk-update/bin:/usr/local/sbin:`));
      assert.equal(extension.environment()['LD_LIBRARY_PATH'], undefined);
      assert.equal(extension.hasRuby(), false);
      assert.equal(readFileSync(join(stateDir, 'mk-update/bin/hello'), 'utf8'), 'one');
      rmSync(join(stateDir, 'mk-update'), { recursive: true });
      assert.equal(await extension.refresh(), 'updated', 'a tree that somebody removed is fetched again');
    },
  );
});

test('a new archive replaces the whole tree; a bad one, an error and a 404 leave it as it is', async () => {
  const replies: [number, Buffer][] = [
    [200, makeZip([{ name: 'bin/one', data: '1' }])],
    [200, Buffer.from('PK this is no zip')],
    [200, makeZip([{ name: '../evil', data: '2' }])],
    [404, Buffer.from('{"error":"No extension file configured"}')],
    [500, Buffer.from('oops')],
    [200, makeZip([{ name: 'facts.d/two.txt', data: '2' }])],
  ];
  await serve(
    (_, response) => {
      const [status, body] = replies.shift() ?? [500, Buffer.alloc(0)];
      response.writeHead(status).end(body);
    },
    async (url) => {
      const stateDir = fresh();
      const extension = createExtension({ url, stateDir, download, system: live });
      const still = (): void => assert.deepEqual(readdirSync(join(stateDir, 'mk-update/bin')), ['one']);
      assert.equal(await extension.refresh(), 'updated');
      await assert.rejects(extension.refresh(), { code: 'RAZOR_MK_EXTENSION' });
      still();
      await assert.rejects(extension.refresh(), { code: 'RAZOR_MK_EXTENSION' });
      still();
      assert.equal(await extension.refresh(), 'none');
      await assert.rejects(extension.refresh(), { code: 'RAZOR_MK_REFUSED', message: /500/ });
      still();
      assert.equal(await extension.refresh(), 'updated');
      assert.deepEqual(extension.environment(), {});
      assert.deepEqual(extension.factDirs(), [join(stateDir, 'mk-update/facts.d')]);
      assert.deepEqual(readdirSync(stateDir), ['mk-update'], 'nothing is left beside the tree');
    },
  );
});

test('a dry run does not fetch code that would run as root', async () => {
  const system = createSystem({ live: false, log: silentLog });
  const never: Download = () => Promise.reject(new Error('asked'));
  const extension = createExtension({ url: 'http://127.0.0.1:9/e.zip', stateDir: fresh(), download: never, system });
  assert.equal(await extension.refresh(), 'dry');
  assert.match(system.changes[0]?.what ?? '', /fetch the extension/);
});

test('a damaged archive is refused, and the tree before it stays', async (t) => {
  const stateDir = temporaryDirectory(t);
  const replies = [
    makeZip([{ name: 'facts.d/site.txt', data: 'rack=12\n' }]),
    makeZip([{ name: 'facts.d/site.txt', data: 'rack=13\n', claimedCrc32: 0x12345678 }]),
  ];
  const extension = createExtension({
    url: 'http://127.0.0.1/svc/mk/extension.zip',
    stateDir,
    system: live,
    download: () => Promise.resolve({ status: 200, headers: {}, body: replies.shift() ?? Buffer.alloc(0) }),
  });
  assert.equal(await extension.refresh(), 'updated');
  await assert.rejects(extension.refresh(), {
    code: 'RAZOR_MK_EXTENSION',
    message: /"facts\.d\/site\.txt" is damaged/,
  });
  assert.equal(readFileSync(join(stateDir, 'mk-update/facts.d/site.txt'), 'utf8'), 'rack=12\n');
  assert.deepEqual(readdirSync(stateDir), ['mk-update'], 'nothing of the damaged one is left');
});

// an extension's facts program called its own bin/mytool and got "not found": the environment was that of commands only
test('programs of facts find the extension’s own tools and libraries', async () => {
  const archive = makeZip([
    { name: 'bin/mytool', data: '#!/bin/sh\necho "tool=found"\necho "libs=$LD_LIBRARY_PATH"\n', mode: 0o100755 },
    { name: 'lib/libsite.so.1', data: 'ELF' },
    { name: 'lib/ruby/facter/r.rb', data: 'Facter.add(:r)' },
    { name: 'facts.d/uses.sh', data: '#!/bin/sh\nexec mytool\n', mode: 0o100755 },
  ]);
  await serve(
    (_, response) => response.writeHead(200).end(archive),
    async (url) => {
      const stateDir = fresh();
      const extension = createExtension({ url, stateDir, download, system: live });
      assert.equal(await extension.refresh(), 'updated');
      assert.equal(extension.hasRuby(), true);
      const found: Record<string, unknown> = {};
      const fail = (message: string): never => assert.fail(message);
      await collectExternal(extension.factDirs(), (name, value) => void (found[name] = value), fail, {
        env: extension.environment(),
      });
      assert.deepEqual(found, { tool: 'found', libs: join(stateDir, 'mk-update/lib') });
    },
  );
});
