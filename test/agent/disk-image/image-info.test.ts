import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readImageInfo, refuseFormat, type ImageInfo, type ImageRules } from '../../../agent/disk-image/image-info.ts';
import { proxyFor } from '../../../agent/http/proxy.ts';

const SHA256 = 'ab'.repeat(32);
const MD5 = 'cd'.repeat(16);
const RULES: ImageRules = { md5: true };

function read(more: Readonly<Record<string, unknown>> = {}, rules = RULES): ImageInfo {
  const least = { urls: ['http://images.example/a.raw'], os_hash_algo: 'sha256', os_hash_value: SHA256 };
  return readImageInfo({ ...least, ...more }, rules);
}

function refused(more: Readonly<Record<string, unknown>>, why: RegExp, rules = RULES): void {
  assert.throws(() => read(more, rules), { code: 'RAZOR_MK_DEPLOY_IMAGE', message: why }, JSON.stringify(more));
}

test('the least that a server sends, and all that it may send', () => {
  assert.deepEqual(read(), {
    id: 'http://images.example/a.raw',
    urls: ['http://images.example/a.raw'],
    format: undefined,
    digest: { algorithm: 'sha256', hex: SHA256 },
    proxies: undefined,
    authorization: undefined,
  });
  const found = read({
    id: 'image-1',
    urls: ['ftp://images.example/a', 'HTTPS://images.example/a', 'http://[', 'http://images.example/b'],
    disk_format: 'QCOW2',
    image_type: 'whole-disk',
    kernel: '',
    ramdisk: null,
    checksum: null,
  });
  assert.deepEqual(
    [found.id, found.urls, found.format],
    ['image-1', ['HTTPS://images.example/a', 'http://images.example/b'], 'qcow2'],
  );
});

test('what is no image_info is refused by the place that is wrong', () => {
  assert.throws(() => readImageInfo(null, RULES), /^RazorMkError: image_info: the whole: \S/);
  refused({ urls: 'http://images.example' }, /^image_info: urls: \S/);
  refused({ urls: [] }, /^image_info: urls: \S/);
  refused({ urls: Array.from({ length: 21 }, () => 'http://images.example') }, /^image_info: urls: \S/);
  refused({ id: 'x'.repeat(4097) }, /^image_info: id: \S/);
  refused({ urls: ['http://2001:db8::1:80/a'] }, /stands in brackets, \[ADDRESS\]:PORT$/);
  refused({ urls: ['ftp://a', 'xhttp://b'] }, /^image_info has no http or https URL: ftp:\/\/a$/);
});

test('an image of a partition, or of another format, is refused', () => {
  const partition = /image of a partition/;
  refused({ image_type: 'partition' }, partition);
  refused({ kernel: 'http://images.example/k' }, partition);
  refused({ ramdisk: 'http://images.example/r' }, partition);
  refused({ disk_format: 'vmdk' }, /^the image's format is vmdk$/);
});

test('the format must be permitted, and a raw image counts as gpt too', () => {
  const only = (...formats: readonly string[]): ImageRules => ({ md5: true, formats });
  assert.equal(read({ disk_format: 'raw' }, only('raw')).format, 'raw');
  assert.equal(read({ disk_format: 'raw' }, only('gpt')).format, 'raw');
  assert.equal(read({ disk_format: 'qcow2' }, only('raw', 'qcow2')).format, 'qcow2');
  refused({ disk_format: 'qcow2' }, /^the image is qcow2, and the server permits gpt$/, only('gpt'));
  refused({ disk_format: 'raw' }, /^the image is raw, and the server permits qcow2, vdi$/, only('qcow2', 'vdi'));
  refused({ disk_format: 'raw' }, /^the image is raw, and the server permits no image formats$/, only());
  assert.equal(read({}, only('qcow2')).format, undefined); // the bytes will tell
});

test('what the bytes are must be what the server called it, and be permitted', () => {
  const as = (format: ImageInfo['format']): ImageInfo => ({ ...read(), format });
  refuseFormat('raw', as('raw'), RULES);
  refuseFormat('qcow2', as(undefined), RULES);
  const raw = /^the image is a qcow2 image, and its disk_format says raw; nothing was written$/;
  assert.throws(() => refuseFormat('qcow2', as('raw'), RULES), { message: raw });
  const qcow2 = /^the image is not a qcow2 image, and its disk_format says qcow2; nothing was written$/;
  assert.throws(() => refuseFormat('raw', as('qcow2'), RULES), { message: qcow2 });
  const permits = /^the image is qcow2, and the server permits raw$/;
  assert.throws(() => refuseFormat('qcow2', as(undefined), { md5: true, formats: ['raw'] }), { message: permits });
});

test('an image is known by the value of its hash, else by its checksum, which may be the URL of a list', () => {
  const without = { os_hash_algo: undefined, os_hash_value: undefined };
  const list = 'HTTP://images.example/SHA256SUMS';
  assert.deepEqual(read({ checksum: MD5 }).digest, { algorithm: 'sha256', hex: SHA256 });
  assert.deepEqual(read({ ...without, checksum: MD5 }).digest, { algorithm: 'md5', hex: MD5 });
  assert.deepEqual(read({ ...without, checksum: SHA256 }).digest, { algorithm: 'sha256', hex: SHA256 });
  assert.deepEqual(read({ ...without, os_hash_algo: 'nonsense', checksum: MD5 }).digest, {
    algorithm: 'md5',
    hex: MD5,
  });
  assert.deepEqual(read({ os_hash_value: '', checksum: MD5 }).digest, { algorithm: 'md5', hex: MD5 });
  assert.deepEqual(read({ os_hash_value: list }).digest, { listUrl: list, algorithm: 'sha256' });
  assert.deepEqual(read({ ...without, os_hash_algo: 'sha256', checksum: list }).digest, {
    listUrl: list,
    algorithm: undefined,
  });
  refused(without, /^there is no checksum to know the image by$/);
  refused({ ...without, checksum: '' }, /^there is no checksum to know the image by$/);
  refused({ os_hash_algo: 'crc32' }, /^unknown checksum algorithm crc32$/);
  refused({ os_hash_algo: null }, /^os_hash_value without os_hash_algo$/);
  refused({ os_hash_value: MD5 }, /^invalid sha256 checksum/);
  refused({ os_hash_value: `x${list}` }, /^invalid sha256 checksum/);
  refused({ os_hash_value: 'http://[' }, /^invalid sha256 checksum/);
  refused({ ...without, checksum: MD5 }, /the checksum is MD5, which the server does not allow/, { md5: false });
});

test('proxies of the image, and where they are not used', () => {
  const { proxies } = read({ proxies: { http: 'http://proxy.example:3128' }, no_proxy: 'inside.example' });
  assert.ok(proxies);
  assert.equal(proxyFor('http://images.example/a', proxies)?.host, 'proxy.example');
  assert.equal(proxyFor('http://inside.example/a', proxies), undefined);
  assert.equal(proxyFor('https://images.example/a', proxies), undefined);
  const secure = read({ proxies: { https: 'http://proxy.example:3128' } }).proxies;
  assert.equal(secure && proxyFor('https://images.example/a', secure)?.port, 3128);
  assert.equal(read({ proxies: { http: '', https: '' }, no_proxy: 'x' }).proxies, undefined);
});

test('the image’s server is shown what Ironic was given for it', () => {
  const basic = { image_server_auth_strategy: 'http_basic', image_server_user: 'u', image_server_password: 'p:1' };
  const header = Buffer.from('Bearer secret').toString('base64');
  assert.equal(read({ image_request_authorization: header, ...basic }).authorization, 'Bearer secret');
  assert.equal(read(basic).authorization, `Basic ${Buffer.from('u:p:1').toString('base64')}`);
  assert.equal(read({ ...basic, image_server_auth_strategy: 'noauth' }).authorization, undefined);
  assert.equal(read({ ...basic, image_server_auth_strategy: '' }).authorization, undefined);
  for (const text of ['a\r\nX: b', 'ä', '\nab', 'ab\n'])
    refused(
      { image_request_authorization: Buffer.from(text).toString('base64') },
      /^image_request_authorization is not a header in base64$/,
    );
  refused(
    { ...basic, image_server_auth_strategy: 'digest' },
    /^the image's server wants digest, which is not known here$/,
  );
  refused({ ...basic, image_server_user: '' }, /^http_basic without user or password$/);
  refused({ ...basic, image_server_password: null }, /^http_basic without user or password$/);
});
