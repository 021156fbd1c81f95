import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fetchBase } from '../../../../tinycore/image/base/base-url.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const ISO = 'an iso';
const sha256 = createHash('sha256').update(ISO).digest('hex');
const md5 = createHash('md5').update(ISO).digest('hex');

interface Site {
  readonly origin: string;
  readonly files: Record<string, string>;
  readonly asked: string[];
  readonly cache: string;
}

async function site(t: TestContext): Promise<Site> {
  const files: Record<string, string> = { '/base.iso': ISO };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, files, asked, cache: join(temporaryDirectory(t), 'bases') };
}

describe('a base by its address', () => {
  it('is fetched once, by the SHA-256 that was given in either case, and the publisher is not asked', async (t) => {
    const { origin, asked, cache } = await site(t);
    const path = await fetchBase({ url: `${origin}/base.iso`, cache, sha256: sha256.toUpperCase() });
    assert.equal(basename(path), `${sha256.slice(0, 32)}-base.iso`);
    assert.equal(readFileSync(path, 'utf8'), ISO);
    assert.equal(await fetchBase({ url: `${origin}/base.iso`, cache, sha256 }), path);
    assert.deepEqual(asked, ['/base.iso']);
  });

  it('is fetched again where the kept one has changed', async (t) => {
    const { origin, asked, cache } = await site(t);
    const path = await fetchBase({ url: `${origin}/base.iso`, cache, sha256 });
    writeFileSync(path, 'cut');
    assert.equal(await fetchBase({ url: `${origin}/base.iso`, cache, sha256 }), path);
    assert.equal(readFileSync(path, 'utf8'), ISO);
    assert.equal(asked.length, 2);
  });

  it('is taken by the publisher’s MD5 where none was given', async (t) => {
    const { origin, files, cache } = await site(t);
    files['/base.iso.md5.txt'] = `${md5.toUpperCase()}  base.iso\n`;
    const path = await fetchBase({ url: `${origin}/base.iso`, cache });
    assert.equal(basename(path), `${md5}-base.iso`);
    assert.equal(readFileSync(path, 'utf8'), ISO);
  });

  it('has a name without what a path or a query may hold', async (t) => {
    const { origin, files, cache } = await site(t);
    files['/get?file=..%2Fb'] = ISO;
    const path = await fetchBase({ url: `${origin}/get?file=..%2Fb`, cache, sha256 });
    assert.equal(path, join(cache, `${sha256.slice(0, 32)}-get_file_.._2Fb`));
  });

  it('is refused with another checksum, without one, and where it is not there; nothing is kept then', async (t) => {
    const { origin, files, asked, cache } = await site(t);
    const url = `${origin}/base.iso`;
    const refused = (more: { url?: string; sha256?: string }, code: string, message: RegExp): Promise<void> =>
      assert.rejects(fetchBase({ url, cache, ...more }), { code, message });
    for (const wrong of ['', 'abc', `${sha256}0`, `g${sha256.slice(1)}`]) {
      await refused({ sha256: wrong }, 'RAZOR_MK_USAGE', /^invalid SHA-256: /);
    }
    assert.deepEqual(asked, []);
    await refused({ sha256: '0'.repeat(64) }, 'RAZOR_MK_DOWNLOAD', /SHA-256/);
    await refused({}, 'RAZOR_MK_DOWNLOAD', /no checksum is known for .*base\.iso/);
    files['/base.iso.md5.txt'] = `${md5.slice(1)}  base.iso\n`;
    await refused({}, 'RAZOR_MK_DOWNLOAD', /no checksum is known/);
    files['/base.iso.md5.txt'] = '0'.repeat(32);
    await refused({}, 'RAZOR_MK_DOWNLOAD', /does not fit the checksum of .*base\.iso\.md5\.txt/);
    await refused({ url: `${origin}/none.iso`, sha256 }, 'RAZOR_MK_DOWNLOAD', /none\.iso is not there/);
    assert.equal(existsSync(cache), false);
  });
});
