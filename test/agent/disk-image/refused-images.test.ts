import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { diskBench, IMAGE, imageSite, MEBIBYTE, sha256 } from './image-site.ts';
import { EFI, gptImage } from './tables/tables.ts';

const { base, routes } = await imageSite();

test('what the bytes say counts, whatever the server calls the image, and nothing was written then', async (t) => {
  const { deploy, bytes } = diskBench(t);
  const padded = (start: string | Buffer, at = 0): Buffer => {
    const image = Buffer.alloc(2 * MEBIBYTE, 0x5a);
    Buffer.from(start).copy(image, at);
    return image;
  };
  const magic: readonly (readonly [RegExp, Buffer])[] = [
    [/a qcow2 image/, padded(Buffer.from('514649fb', 'hex'))],
    [/a VMDK image/, padded('KDMV')],
    [/a VHD image/, padded('conectix')],
    [/a VHDX image/, padded('vhdxfile')],
    [/a VDI image/, padded(Buffer.from('7f10dabe', 'hex'), 64)],
    [/a QED image/, padded('QED\0')],
    [/gzip data/, padded(gzipSync(IMAGE))],
    [/xz data/, padded(Buffer.from('fd377a585a00', 'hex'))],
    [/zstd data/, padded(Buffer.from('28b52ffd', 'hex'))],
    [/bzip2 data/, padded('BZh91AY&SY')],
    [/LUKS encrypted/, padded(Buffer.from('4c554b53babe', 'hex'))],
    [/an ISO 9660 image/, padded('CD001', 32_769)],
    [/an HTML page/, padded('\n<!DOCTYPE html><html>')],
    [/no partition table/, padded('')],
    [/no partition table/, Buffer.alloc(2 * MEBIBYTE)],
  ];
  for (const [words, image] of magic) {
    routes.set('/odd', (_, outgoing) => outgoing.end(image));
    // qcow2 is written where it is not called raw
    for (const disk_format of String(words).includes('qcow2') ? ['raw'] : ['raw', null]) {
      const given = { urls: [`${base}/odd`], os_hash_value: sha256(image), disk_format };
      await assert.rejects(deploy(given), (error) => {
        assert.match(String(error), words);
        return true;
      });
    }
  }
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('an ISO for memory sticks has a partition table, and is an image of a disk too', async (t) => {
  const { deploy } = diskBench(t);
  const image = Buffer.from(IMAGE);
  image.write('CD001', 32_769, 'latin1');
  routes.set('/hybrid.iso', (_, outgoing) => outgoing.end(image));
  await deploy({ urls: [`${base}/hybrid.iso`], os_hash_value: sha256(image) });
});

test('an image that ends within a partition is refused before it is written, or leaves a disk that boots nothing', async (t) => {
  const { deploy, bytes } = diskBench(t);
  const cut = gptImage(8192, [{ type: EFI, name: 'boot', first: 2048, last: 8000 }]).subarray(0, 3 * MEBIBYTE);
  routes.set('/cut.raw', (_, outgoing) => outgoing.writeHead(200, { 'content-length': cut.length }).end(cut));
  const given = { os_hash_value: sha256(cut) };
  await assert.rejects(deploy({ ...given, urls: [`${base}/cut.raw`] }), /a part is missing; nothing was written/);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
  routes.set('/cut-unannounced.raw', (_, outgoing) => {
    outgoing.write(cut.subarray(0, MEBIBYTE));
    outgoing.end(cut.subarray(MEBIBYTE));
  });
  await assert.rejects(deploy({ ...given, urls: [`${base}/cut-unannounced.raw`] }), /a part is missing.*unbootable/);
  assert.deepEqual(bytes(0, MEBIBYTE), Buffer.alloc(MEBIBYTE));
});

test('a server that permits no raw images is obeyed', async (t) => {
  const { deploy } = diskBench(t);
  const rules = { md5: true, formats: ['qcow2', 'iso'] };
  await assert.rejects(deploy({ urls: [`${base}/image.raw`] }, { rules }), /permits qcow2, iso/);
});

test('what is not the image of a whole disk, raw or qcow2, is refused in words', async (t) => {
  const { deploy } = diskBench(t);
  const urls = [`${base}/image.raw`];
  await assert.rejects(deploy({ urls, disk_format: 'vmdk' }), /the image's format is vmdk/);
  await assert.rejects(deploy({ urls, image_type: 'partition' }), /image of a partition/);
  await assert.rejects(deploy({ urls: ['file:///etc/passwd'] }), /no http or https URL/);
  await assert.rejects(deploy({ urls: 7 }), /image_info: urls/);
});
