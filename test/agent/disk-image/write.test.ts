import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { keptCounters, openFileSignatures } from '../../../agent/http/tls/file-signatures.ts';
import { siteKey } from '../../helpers/site-key.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { diskBench, IMAGE, imageSite, MEBIBYTE, sha256 } from './image-site.ts';
import { mbrImage } from './tables/tables.ts';

const { base, routes } = await imageSite();

test('an image with the wrong checksum leaves a disk that boots neither it nor what was there', async (t) => {
  const { deploy, bytes } = diskBench(t);
  const wrong = sha256(Buffer.from('another'));
  await assert.rejects(
    deploy({ urls: [`${base}/image.raw`], os_hash_value: wrong }),
    /not the one that was meant.*unbootable/,
  );
  assert.deepEqual(bytes(0, MEBIBYTE), Buffer.alloc(MEBIBYTE));
});

test('until the checksum is known to be right, the first MiB of the disk is empty', async (t) => {
  const { deploy, bytes } = diskBench(t);
  let before: Buffer | undefined;
  routes.set('/slow', (_, outgoing) => {
    outgoing.writeHead(200, { 'content-length': IMAGE.length });
    outgoing.write(IMAGE.subarray(0, IMAGE.length - 1));
    const wait = setInterval(() => {
      // the second MiB has been written: what of the first?
      if (bytes(MEBIBYTE, 4).equals(IMAGE.subarray(MEBIBYTE, MEBIBYTE + 4))) {
        clearInterval(wait);
        before = bytes(0, MEBIBYTE);
        outgoing.end(IMAGE.subarray(-1));
      }
    }, 5);
    outgoing.on('close', () => clearInterval(wait));
  });
  await deploy({ urls: [`${base}/slow`] });
  assert.deepEqual(before, Buffer.alloc(MEBIBYTE));
  assert.deepEqual(bytes(0, MEBIBYTE), IMAGE.subarray(0, MEBIBYTE));
});

test('a download that is cut off is begun again; one that does not exist gives way to the next address', async (t) => {
  const { deploy, bytes } = diskBench(t);
  let asked = 0;
  routes.set('/cut', (_, outgoing) => {
    outgoing.writeHead(200, { 'content-length': IMAGE.length });
    if (++asked === 1) outgoing.write(IMAGE.subarray(0, 2 * MEBIBYTE), () => outgoing.destroy());
    else outgoing.end(IMAGE);
  });
  await deploy({ urls: [`${base}/missing`, `${base}/cut`] }, { attempts: 4 });
  assert.equal(asked, 2);
  assert.deepEqual(bytes(0, IMAGE.length), IMAGE);
});

test('an image that is longer than the disk is refused before anything is written', async (t) => {
  const { deploy, bytes } = diskBench(t, 2 * MEBIBYTE);
  const rootDevice = { size: '>= 0' };
  await assert.rejects(deploy({ urls: [`${base}/image.raw`] }, { rootDevice }), /nothing was written/);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('an image whose length is not announced and that goes on beyond the disk is stopped there', async (t) => {
  const { deploy } = diskBench(t, 2 * MEBIBYTE);
  routes.set('/endless', (_, outgoing) => {
    outgoing.write(mbrImage((2 * MEBIBYTE) / 512));
    outgoing.end(IMAGE);
  });
  await assert.rejects(deploy({ urls: [`${base}/endless`] }, { rootDevice: { size: '>= 0' } }), /longer than that/);
});

test('checksums may be MD5 where the server allows it, a list beside the image, or SHA-512 by its length', async (t) => {
  const { deploy } = diskBench(t);
  const none = { os_hash_algo: null, os_hash_value: null };
  const urls = [`${base}/image.raw`];
  const md5 = createHash('md5').update(IMAGE).digest('hex');
  await deploy({ urls, ...none, checksum: md5 });
  await assert.rejects(
    deploy({ urls, ...none, checksum: md5 }, { rules: { md5: false } }),
    /MD5, which the server does not allow/,
  );
  routes.set('/SHA256SUMS', (_, outgoing) =>
    outgoing.end(`${'0'.repeat(64)}  other.raw\n${sha256(IMAGE)} *image.raw\n`),
  );
  await deploy({ urls, ...none, checksum: `${base}/SHA256SUMS` });
  await deploy({ urls, ...none, checksum: createHash('sha512').update(IMAGE).digest('hex') });
  await assert.rejects(deploy({ urls, ...none }), /no checksum to know the image by/);
  await assert.rejects(deploy({ urls, os_hash_algo: 'sha256', os_hash_value: md5 }), /invalid sha256 checksum/);
});

test('Metal3 names the algorithm and puts the URL of a list where its value belongs', async (t) => {
  const { deploy } = diskBench(t);
  routes.set('/sums/SUMS', (_, outgoing) =>
    outgoing.end(`${'0'.repeat(64)}  other.raw\n${sha256(IMAGE)}  ./image.raw\n${'0'.repeat(128)}  image.raw\n`),
  );
  const said = await deploy({ urls: [`${base}/image.raw`], os_hash_value: `${base}/sums/SUMS` });
  assert.match(said, /sha256/);
});

test('a list of checksums is fetched through the image’s proxy, and with its authorization from its server only', async (t) => {
  const { deploy } = diskBench(t);
  const seen: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    seen.push(`${incoming.url ?? ''} ${incoming.headers.authorization ?? '-'}`);
    outgoing.end(incoming.url?.endsWith('SUMS') === true ? `${sha256(IMAGE)}  disk.raw\n` : IMAGE);
  }).listen(0, '127.0.0.1');
  t.after(() => proxy.close());
  await once(proxy, 'listening');
  const proxies = { http: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  const auth = { image_server_auth_strategy: 'http_basic', image_server_user: 'u', image_server_password: 'p' };
  const image = { urls: ['http://image.invalid/disk.raw'], proxies, ...auth };
  await deploy({ ...image, os_hash_value: 'http://image.invalid/SUMS' });
  await deploy({ ...image, os_hash_value: 'http://elsewhere.invalid/SUMS' });
  assert.deepEqual(seen, [
    'http://image.invalid/SUMS Basic dTpw',
    'http://image.invalid/disk.raw Basic dTpw',
    'http://elsewhere.invalid/SUMS -',
    'http://image.invalid/disk.raw Basic dTpw',
  ]);
});

test('authorization goes to the image’s own server and not to where it redirects', async (t) => {
  const { deploy } = diskBench(t);
  const seen: (string | undefined)[] = [];
  const other = createServer((incoming, outgoing) => {
    seen.push(incoming.headers.authorization);
    outgoing.end(IMAGE);
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  routes.set('/redirect', (incoming, outgoing) => {
    seen.push(incoming.headers.authorization);
    outgoing.writeHead(302, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` }).end();
  });
  await deploy({ urls: [`${base}/redirect`], image_request_authorization: Buffer.from('Bearer x').toString('base64') });
  assert.deepEqual(seen, ['Bearer x', undefined]);
});

test('the proxy that image_info names is asked for the image', async (t) => {
  const { deploy } = diskBench(t);
  const asked: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    asked.push(incoming.url ?? '');
    outgoing.end(IMAGE);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  const http = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await deploy({ urls: ['http://image.invalid/disk.raw'], proxies: { http } });
  assert.deepEqual(asked, ['http://image.invalid/disk.raw']);
});

test('with a site key an image is written only with the site’s signature beside it, and the disk stays as it was otherwise', async (t) => {
  const { deploy, bytes } = diskBench(t);
  const key = siteKey();
  const rules = { md5: true, signatures: openFileSignatures(key.pem, keptCounters(temporaryDirectory(t))) };
  const urls = [`${base}/image.raw`];
  const unsigned = { code: 'RAZOR_MK_TRUST', message: /image\.raw: .*and this node has a site key/ };
  await assert.rejects(deploy({ urls }, { rules }), unsigned);
  routes.set('/image.raw.sig', (_, outgoing) => outgoing.end(siteKey().signature('image.raw', IMAGE)));
  await assert.rejects(deploy({ urls }, { rules }), unsigned);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
  routes.set('/image.raw.sig', (_, outgoing) => outgoing.end(key.signature('image.raw', IMAGE)));
  await deploy({ urls }, { rules });
  assert.deepEqual(bytes(0, MEBIBYTE), IMAGE.subarray(0, MEBIBYTE));
  routes.delete('/image.raw.sig');
});
