import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { addImage } from '../../../lab/images/image-add.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const KERNEL = '0123456789';
const INITRD = 'the initrd';

function writeImage(root: string, metadata: Record<string, unknown> = {}): string {
  mkdirSync(join(root, 'boot'), { recursive: true });
  writeFileSync(join(root, 'boot/vmlinuz'), KERNEL);
  writeFileSync(join(root, 'boot/core.gz'), INITRD);
  writeFileSync(
    join(root, 'iso-metadata.yaml'),
    JSON.stringify({
      iso_version: 'v1.2.3',
      kernel: 'boot/vmlinuz',
      initrd: 'boot/core.gz',
      hash_description: { type: 'Digest::SHA2', bitlen: 256 },
      kernel_hash: sha256(KERNEL),
      initrd_hash: sha256(INITRD),
      ...metadata,
    }),
  );
  return root;
}

describe('images and their service', () => {
  let directory: string;
  let lab: Lab;
  let faithful: Lab;
  let base: string;
  let faithfulBase: string;
  before(async () => {
    directory = temporaryDirectory();
    lab = await startLab({ ports: NO_PORTS });
    faithful = await startLab({ ports: NO_PORTS, faithful: true });
    const path = writeImage(join(directory, 'good'));
    writeFileSync(join(directory, 'secret'), 'not for you');
    symlinkSync(join(directory, 'secret'), join(path, 'escape'));
    writeFileSync(join(path, 'empty'), '');
    const add = async (to: Lab): Promise<string> => {
      const image = await addImage(to.core, directory, { type: 'mk', path });
      return `${to.imagesUrl}/razor/image/mk/${image.uuid}`;
    };
    base = await add(lab);
    faithfulBase = await add(faithful);
  });
  after(async () => {
    await lab.close();
    await faithful.close();
  });
  const get = async (url: string, headers: Record<string, string> = {}, method = 'GET') => {
    const reply = await fetch(url, { headers, method });
    return { status: reply.status, headers: reply.headers, text: await reply.text() };
  };

  it('serves whole files with their length, and the length alone to HEAD', async () => {
    const whole = await get(`${base}/boot/vmlinuz`);
    assert.equal(whole.status, 200);
    assert.equal(whole.text, KERNEL);
    assert.equal(whole.headers.get('content-type'), 'application/octet-stream');
    assert.equal(whole.headers.get('content-length'), '10');
    const head = await get(`${base}/boot/vmlinuz`, {}, 'HEAD');
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), '10');
    assert.equal((await get(`${base}/empty`)).text, '');
  });

  it('serves ranges with 206, refuses those behind the end with 416, and the original’s way with 200', async () => {
    const part = await get(`${base}/boot/vmlinuz`, { range: 'bytes=2-4' });
    assert.equal(part.status, 206);
    assert.equal(part.text, '234');
    assert.equal(part.headers.get('content-range'), 'bytes 2-4/10');
    const beyond = await get(`${base}/boot/vmlinuz`, { range: 'bytes=10-' });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get('content-range'), 'bytes */10');
    const old = await get(`${faithfulBase}/boot/vmlinuz`, { range: 'bytes=2-4,6-7' });
    assert.equal(old.status, 200);
    assert.equal(old.text, '234');
    assert.equal(old.headers.get('content-length'), '3');
    assert.equal(old.headers.get('content-range'), null);
    assert.equal((await get(`${faithfulBase}/boot/vmlinuz`, { range: 'bytes=4-2' })).text, KERNEL);
  });

  it('says 304 for what the asker has, and sends the whole file when it is another by now', async () => {
    const { headers } = await get(`${base}/boot/vmlinuz`);
    assert.equal((await get(`${base}/boot/vmlinuz`, { 'if-none-match': headers.get('etag') ?? '' })).status, 304);
    const stale = await get(`${base}/boot/vmlinuz`, { range: 'bytes=2-4', 'if-range': '"another"' });
    assert.equal(stale.status, 200);
    assert.equal(stale.text, KERNEL);
  });

  it('takes an encoded slash for one, and gives nothing from outside an image', async () => {
    assert.equal((await get(`${base}/boot%2Fvmlinuz`)).text, KERNEL);
    for (const path of ['escape', 'boot', 'nothing', '..%2f..%2fetc%2fpasswd', 'boot//vmlinuz', 'a..b', 'boot%00']) {
      const reply = await get(`${base}/${path}`);
      assert.equal(reply.status, 404, path);
      assert.equal(reply.text, 'Error: File Not Found', path);
    }
    // fetch would fold the dots away
    const { port, pathname } = new URL(base);
    const raw = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
      socket.write(`GET ${pathname}/../../../secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    });
    assert.match(raw, /^HTTP\/1\.1 404 /);
    assert.equal((await get(base.replace('/mk/', '/os/') + '/boot/vmlinuz')).status, 404, 'of another type');
  });

  it('dies of a directory when it is faithful, and lives on', async () => {
    await assert.rejects(get(`${faithfulBase}/boot`));
    assert.equal((await get(`${faithfulBase}/boot/vmlinuz`)).text, KERNEL);
  });

  it('takes no image whose files are not what its metadata say', async () => {
    const refused = async (name: string, metadata: Record<string, unknown>, what: RegExp): Promise<void> => {
      const path = writeImage(join(directory, name), metadata);
      const before = lab.store.images.list().length;
      await assert.rejects(addImage(lab.core, directory, { type: 'mk', path }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'RAZOR_MK_IMAGE_METADATA');
        assert.match(error.message, what);
        return true;
      });
      assert.equal(lab.store.images.list().length, before);
    };
    await refused('wrong-hash', { kernel_hash: sha256('another') }, /boot\/vmlinuz, which has the hash/);
    await refused('no-kernel', { kernel: 'boot/linux' }, /boot\/linux, which is not there/);
    await assert.rejects(addImage(lab.core, directory, { type: 'mk', path: join(directory, 'nowhere') }), {
      code: 'RAZOR_MK_FILE_UNREADABLE',
    });
  });

  it('boots the newest microkernel whose files are still those that were added', async () => {
    const script = async (): Promise<string> => await (await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=AA`)).text();
    const path = writeImage(join(directory, 'newer'), { iso_version: 'v2.0.0' });
    const newer = await addImage(lab.core, directory, { type: 'mk', path });
    assert.match(await script(), new RegExp(newer.uuid));
    writeFileSync(join(path, 'boot/core.gz'), 'somebody wrote over it');
    assert.ok(!(await script()).includes(newer.uuid));
    const passed = lab.events.since(0).findLast((event) => event.type === 'failed');
    assert.match(passed?.message ?? '', /microkernel v2\.0\.0 is passed over: .*core\.gz is not the file/);
  });

  it('refuses a version that cannot be compared; a faithful lab takes it, and then boots nothing any more', async () => {
    const { store } = faithful;
    for (const [name, version, fault] of [
      ['float', 1.5, /^\{"std_err_code":1,"result":"no implicit conversion of Float into String"/],
      ['zero', '08', /^\{"std_err_code":1,"result":"invalid value for Integer\(\): \\"08\\""/],
    ] as const) {
      const path = writeImage(join(directory, name), { iso_version: version });
      await assert.rejects(
        addImage(lab.core, directory, { type: 'mk', path }),
        /iso_version .*(quotes|cannot be compared)/,
      );
      const odd = await addImage(faithful.core, directory, { type: 'mk', path });
      const boot = await fetch(`${faithful.nodesUrl}/razor/api/boot?hw_id=AA`);
      assert.deepEqual([boot.status, boot.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
      assert.match(await boot.text(), fault);
      const hanlon = await fetch(
        `${faithful.nodesUrl}/hanlon/api/v1/boot?dhcp_mac=01-02-00-00-00-00-01&mac_id=020000000001`,
      );
      assert.equal(hanlon.status, 500);
      await store.write(() => store.images.remove(odd.uuid));
    }
    assert.match(await (await fetch(`${faithful.nodesUrl}/razor/api/boot?hw_id=AA`)).text(), /^#!ipxe\nkernel /);
  });

  it('gives the exact script of the contract when it is faithful, with the words of its kernel line', async () => {
    const words = await startLab({
      ports: NO_PORTS,
      faithful: true,
      microkernel: { debugLevel: 'debug', kernelArgs: 'razor.ip=192.0.2.1', pushed: { mk_checkin_interval: 30 } },
    });
    try {
      const { uuid } = await addImage(words.core, directory, { type: 'mk', path: join(directory, 'good') });
      const script = await (await fetch(`${words.nodesUrl}/razor/api/boot?hw_id=AA`)).text();
      const files = `${words.imagesUrl}/razor/image/mk/${uuid}`;
      assert.equal(
        script,
        `#!ipxe\nkernel ${files}/boot/vmlinuz maxcpus=1 debug razor.ip=192.0.2.1 || goto error\n` +
          `initrd ${files}/boot/core.gz || goto error\nboot || goto error\n\n\n\n` +
          ':error\necho ERROR, will reboot in 30\nsleep 30\nreboot\n',
      );
    } finally {
      await words.close();
    }
  });

  it('unpacks an ISO', async (t) => {
    const iso = join(directory, 'mk.iso');
    const made = await run(['xorriso', '-as', 'mkisofs', '-quiet', '-J', '-R', '-o', iso, join(directory, 'good')]);
    if (made.failure === 'not-found') return t.skip('xorriso is not installed');
    assert.equal(made.status, 0, made.stderr.toString());
    const image = await addImage(lab.core, join(directory, 'unpacked'), { type: 'mk', path: iso });
    assert.equal((await get(`${lab.imagesUrl}/razor/image/mk/${image.uuid}/boot/core.gz`)).text, INITRD);
    const reply = await fetch(`${lab.peopleUrl}/api/images/${image.uuid}`, { method: 'DELETE' });
    assert.equal(reply.status, 200);
    assert.equal((await get(`${lab.imagesUrl}/razor/image/mk/${image.uuid}/boot/core.gz`)).status, 404);
    return undefined;
  });

  it('refuses an ISO whose files all share one content, before it writes them', async (t) => {
    const iso = join(directory, 'shared.iso');
    const tree = join(directory, 'shared');
    mkdirSync(tree);
    for (const name of 'abcdefghijklmnopqrst') writeFileSync(join(tree, `${name}.bin`), 'x');
    const made = await run(['xorriso', '-as', 'mkisofs', '-quiet', '-R', '-o', iso, tree]);
    if (made.failure === 'not-found') return t.skip('xorriso is not installed');
    // each of the twenty claims the same 8 MiB, which the image has once (ECMA-119, 9.1: extent and length of a record)
    const bytes = readFileSync(iso);
    const length = 8 * 1024 * 1024;
    const whole = Buffer.concat([bytes, Buffer.alloc(Math.max(0, 9 * 1024 * 1024 - bytes.length))]);
    whole.writeUInt32LE(whole.length / 2048, 16 * 2048 + 80);
    for (let at = 16 * 2048; at < bytes.length - 34; at += 2) {
      if (!/^[A-T]\.BIN;1$/.test(whole.toString('latin1', at + 33, at + 40))) continue;
      whole.writeUInt32LE(100, at + 2);
      whole.writeUInt32LE(length, at + 10);
    }
    writeFileSync(iso, whole);
    const unpacked = join(directory, 'unpacked-shared');
    await assert.rejects(addImage(lab.core, unpacked, { type: 'mk', path: iso }), {
      code: 'RAZOR_MK_IMAGE_METADATA',
      message: /names 20 files of 167772160 bytes, and has 9437184 bytes$/,
    });
    assert.ok(!existsSync(unpacked));
    return undefined;
  });
});
