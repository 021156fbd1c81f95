import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readConfigDrive } from '../../../agent/disk-image/config-drive.ts';

const DRIVE = Buffer.from('an ISO');
const PACKED = gzipSync(DRIVE);

const read = async (given: string): Promise<string> =>
  (await readConfigDrive(given, () => assert.fail('nothing is fetched'))).toString();

test('base64 of a gzip, or of the bytes themselves, with line ends anywhere', async () => {
  assert.equal(await read(PACKED.toString('base64')), 'an ISO');
  assert.equal(await read(DRIVE.toString('base64')), 'an ISO');
  assert.equal(await read(PACKED.toString('base64').replaceAll(/.{10}/g, '$&\r\n')), 'an ISO');
  assert.equal(await read('YWI='), 'ab');
  assert.equal(await read('YQ=='), 'a');
});

test('what is neither is refused', async () => {
  const refused = (given: string, message: RegExp): Promise<void> =>
    assert.rejects(read(given), { code: 'RAZOR_MK_DEPLOY_IMAGE', message });
  for (const given of ['', ' \n', 'a-b', 'YQ===', '=YQ', 'xhttp://host/drive!', 'YQ=a'])
    await refused(given, /^config drive: invalid base64$/);
  const broken = Buffer.concat([PACKED.subarray(0, 12), Buffer.from('xx')]);
  await refused(broken.toString('base64'), /^config drive: it cannot be unpacked: /);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1));
  await refused(bomb.toString('base64'), /^config drive: it cannot be unpacked: /);
});

test('bytes that begin like half a gzip are none', async () => {
  for (const bytes of [Buffer.from([0x1f, 0x8c]), Buffer.from([0x1e, 0x8b])])
    assert.deepEqual(await readConfigDrive(bytes.toString('base64'), () => assert.fail()), bytes);
});
