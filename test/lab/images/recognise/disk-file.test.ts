import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, before, after } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startLab, type Lab } from '../../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** The first 72 bytes of a qcow2 header (qemu docs/interop/qcow2.rst). */
function qcow2({ version = 3, backing = 0, encryption = 0, size = 3 * 2 ** 30 } = {}): Buffer {
  const head = Buffer.alloc(1024);
  head.write('QFI\xfb', 'latin1');
  head.writeUInt32BE(version, 4);
  head.writeBigUInt64BE(BigInt(backing), 8);
  head.writeBigUInt64BE(BigInt(size), 24);
  head.writeUInt32BE(encryption, 32);
  return head;
}

function partitioned(bytes: number): Buffer {
  const disk = Buffer.alloc(bytes);
  disk.set([0x55, 0xaa], 510);
  return disk;
}

describe('the image of a disk', () => {
  const dir = temporaryDirectory();
  let lab: Lab;
  before(async () => {
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  });
  after(() => lab.close());

  const add = async (
    name: string,
    content: Buffer,
    more: Record<string, unknown> = {},
  ): Promise<Record<string, unknown>> => {
    const path = join(dir, name);
    writeFileSync(path, content);
    const body = JSON.stringify({ path, ...more });
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.peopleUrl}/api/images`, { method: 'POST', headers, body });
    return { status: reply.status, ...((await reply.json()) as Record<string, unknown>) };
  };

  it('is known by its first bytes, and kept with format, sizes and checksum', async () => {
    const raw = partitioned(40_960);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    const added = await add('debian 13.raw', raw);
    assert.equal(added['status'], 201, JSON.stringify(added));
    assert.equal(added['type'], 'disk');
    assert.equal(added['name'], 'debian-13');
    assert.deepEqual(added['disk'], { format: 'raw', bytes: 40_960, size: 40_960, sha256 });
    const other = await add('cloud.qcow2', qcow2());
    assert.partialDeepStrictEqual(other, {
      type: 'disk',
      name: 'cloud',
      disk: { format: 'qcow2', bytes: 1024, size: 3 * 2 ** 30 },
    });
    const { says, next } = other['recognised'] as Record<string, string>;
    assert.equal(says, 'this is a qcow2 image of a disk of 3.0 GiB: use template image');
    assert.match(next ?? '', /lab model add --label cloud --template image --image cloud/);
    const kept = lab.store.images.list().find(({ name }) => name === 'debian-13');
    assert.equal(kept?.disk?.sha256, sha256);
  });

  it('is refused in words where no microkernel could write it', async () => {
    const wrong: readonly (readonly [string, Buffer, RegExp])[] = [
      ['a.raw.gz', gzipSync(partitioned(4096)), /compressed by gzip.*gunzip/],
      ['a.raw.xz', Buffer.from('\xfd7zXZ\0', 'latin1'), /compressed by xz/],
      ['a.vmdk', Buffer.from('KDMV'), /a VMDK image.*qemu-img convert -f vmdk/],
      ['b.qcow2', qcow2({ backing: 512 }), /needs another file/],
      ['c.qcow2', qcow2({ encryption: 1 }), /encrypted/],
      ['d.qcow2', qcow2({ version: 4 }), /its version is 4/],
      ['e.qcow2', qcow2().subarray(0, 40), /cut off/],
    ];
    for (const [name, content, why] of wrong) {
      const { status, error } = await add(name, content);
      assert.equal(status, 422, name);
      assert.match(String(error), why);
    }
    const { error } = await add('empty.img', Buffer.alloc(4096), { type: 'disk' });
    assert.match(String(error), /no partition table/);
  });

  it('that is an ISO too is one, unless somebody says that it is a disk', async () => {
    const hybrid = partitioned(36_864);
    hybrid.write('CD001', 32_769);
    assert.equal((await add('hybrid.iso', hybrid))['status'], 422, 'xorriso finds no tree in it');
    assert.equal((await add('hybrid.iso', hybrid, { type: 'disk' }))['type'], 'disk');
  });

  it('is served under its name, in parts too, and nothing that lies beside it', async () => {
    const raw = partitioned(8192);
    raw.fill(7, 4096);
    const { uuid } = await add('served.raw', raw);
    writeFileSync(join(dir, 'secret'), 'not for nodes');
    const bases = [
      `${lab.imagesUrl}/razor/image/disk/`,
      `${lab.nodesUrl}/hanlon/api/v1/image/disk/`,
      `${lab.razorServerUrl}/svc/repo/`,
    ];
    for (const base of bases) {
      const url = `${base}${String(uuid)}`;
      const part = await fetch(`${url}/served.raw`, { headers: { range: 'bytes=4096-4099' } });
      assert.equal(part.status, 206);
      assert.deepEqual(new Uint8Array(await part.arrayBuffer()), new Uint8Array([7, 7, 7, 7]));
      for (const path of ['secret', '%2e%2e/secret', 'served.raw/x', '']) {
        assert.equal((await fetch(`${url}/${path}`)).status, 404, path);
      }
    }
    // one that was removed meanwhile
    truncateSync(join(dir, 'served.raw'), 0);
  });
});
