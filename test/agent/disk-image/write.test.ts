import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { resolveSettings } from '../../../agent/config/resolve.ts';
import { fileAsDisk } from '../../../agent/disks/file-disk.ts';
import { deployImage, type DeployImageOptions } from '../../../agent/disk-image/deploy-image.ts';
import { createHttpClient } from '../../../agent/http/http-client.ts';
import { readRecord } from '../../../agent/disk-image/record.ts';
import { parseCommandLine, type CommandLine } from '../../../platform/kernel-line.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { EFI, gptImage, mbrImage } from './tables.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const MEBIBYTE = 1024 * 1024;
const DISK = 5 * 2 ** 30; // sparse: what is not written takes no room
const IMAGE = mbrImage((3 * MEBIBYTE + 1024) / 512);
randomBytes(2 * MEBIBYTE).copy(IMAGE, MEBIBYTE);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;
const routes = new Map<string, Handler>();
const server = createServer((incoming, outgoing) => {
  const handler = routes.get(incoming.url ?? '');
  if (handler) handler(incoming, outgoing);
  else outgoing.writeHead(404).end();
}).listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => server.close());
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
routes.set('/image.raw', (_, outgoing) => outgoing.end(IMAGE));

const instantly: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  sleep: () => Promise.resolve(),
  random: () => 0.5,
};
const silent = createLog({});

interface Bench {
  readonly disk: string;
  readonly stateDir: string;
  deploy(info: Record<string, unknown>, more?: Partial<DeployImageOptions>): Promise<string>;
  /** So many bytes of the disk from an offset. */
  bytes(offset: number, length: number): Buffer;
}

function bench(t: TestContext, size = DISK): Bench {
  const dir = temporaryDirectory(t);
  const disk = join(dir, 'disk');
  writeFileSync(disk, Buffer.alloc(2 * MEBIBYTE, 0xee));
  truncateSync(disk, size);
  return {
    disk,
    stateDir: dir,
    bytes: (offset, length) => {
      const into = Buffer.alloc(length);
      const fd = openSync(disk, 'r');
      const read = readSync(fd, into, 0, length, offset);
      closeSync(fd);
      return into.subarray(0, read);
    },
    deploy: (info, more = {}) =>
      deployImage({
        allowed: true,
        imageInfo: { id: 'image', disk_format: 'raw', os_hash_algo: 'sha256', os_hash_value: sha256(IMAGE), ...info },
        configDrive: undefined,
        rootDevice: undefined,
        rules: { md5: true },
        fetch: { files: createHttpClient() },
        attempts: 3,
        pauseMs: 10_000,
        listDisks: () => [fileAsDisk(disk)],
        stateDir: dir,
        system: createSystem({ live: false, log: silent }),
        clock: instantly,
        log: silent,
        progress: () => undefined,
        signal: new AbortController().signal,
        ...more,
      }),
  };
}

test('an image is on the disk byte for byte, and what was written is kept for the next command', async (t) => {
  const { deploy, bytes, disk, stateDir } = bench(t);
  const told: string[] = [];
  const said = await deploy({ urls: [`${base}/image.raw`] }, { progress: (text) => void told.push(text) });
  assert.match(said, /3146752 bytes are on .*, sha256 [0-9a-f]{64} is right/);
  assert.deepEqual(bytes(0, IMAGE.length), IMAGE);
  assert.match(told.at(-1) ?? '', /3 of 3 MiB written \(100 %\)/);
  assert.deepEqual(await readRecord(stateDir), {
    disk,
    device: false,
    image: 'image',
    bytes: IMAGE.length,
    diskIdentifier: '0xdeadbeef',
  });
});

test('without permission nothing is fetched and nothing written', async (t) => {
  const { deploy, bytes } = bench(t);
  let asked = false;
  routes.set('/never', (_, outgoing) => void ((asked = true), outgoing.end()));
  await assert.rejects(deploy({ urls: [`${base}/never`] }, { allowed: false }), { code: 'RAZOR_MK_DEPLOY_OFF' });
  assert.equal(asked, false);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('an image with the wrong checksum leaves a disk that boots neither it nor what was there', async (t) => {
  const { deploy, bytes } = bench(t);
  const wrong = sha256(Buffer.from('another'));
  await assert.rejects(
    deploy({ urls: [`${base}/image.raw`], os_hash_value: wrong }),
    /not the one that was meant.*unbootable/,
  );
  assert.deepEqual(bytes(0, MEBIBYTE), Buffer.alloc(MEBIBYTE));
});

test('until the checksum is known to be right, the first MiB of the disk is empty', async (t) => {
  const { deploy, bytes } = bench(t);
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
  const { deploy, bytes } = bench(t);
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
  const { deploy, bytes } = bench(t, 2 * MEBIBYTE);
  const rootDevice = { size: '>= 0' };
  await assert.rejects(deploy({ urls: [`${base}/image.raw`] }, { rootDevice }), /nothing was written/);
  assert.deepEqual(bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('an image whose length is not announced and that goes on beyond the disk is stopped there', async (t) => {
  const { deploy } = bench(t, 2 * MEBIBYTE);
  routes.set('/endless', (_, outgoing) => {
    outgoing.write(mbrImage((2 * MEBIBYTE) / 512));
    outgoing.end(IMAGE);
  });
  await assert.rejects(deploy({ urls: [`${base}/endless`] }, { rootDevice: { size: '>= 0' } }), /longer than that/);
});

test('checksums may be MD5 where the server allows it, a list beside the image, or SHA-512 by its length', async (t) => {
  const { deploy } = bench(t);
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

test('what the bytes say counts, whatever the server calls the image, and nothing was written then', async (t) => {
  const { deploy, bytes } = bench(t);
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
    for (const disk_format of ['raw', null]) {
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
  const { deploy } = bench(t);
  const image = Buffer.from(IMAGE);
  image.write('CD001', 32_769, 'latin1');
  routes.set('/hybrid.iso', (_, outgoing) => outgoing.end(image));
  await deploy({ urls: [`${base}/hybrid.iso`], os_hash_value: sha256(image) });
});

test('an image that ends within a partition is refused before it is written, or leaves a disk that boots nothing', async (t) => {
  const { deploy, bytes } = bench(t);
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

test('Metal3 names the algorithm and puts the URL of a list where its value belongs', async (t) => {
  const { deploy } = bench(t);
  routes.set('/sums/SUMS', (_, outgoing) =>
    outgoing.end(`${'0'.repeat(64)}  other.raw\n${sha256(IMAGE)}  ./image.raw\n${'0'.repeat(128)}  image.raw\n`),
  );
  const said = await deploy({ urls: [`${base}/image.raw`], os_hash_value: `${base}/sums/SUMS` });
  assert.match(said, /sha256/);
});

test('a list of checksums is fetched through the image’s proxy, and with its authorization from its server only', async (t) => {
  const { deploy } = bench(t);
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

test('a server that permits no raw images is obeyed', async (t) => {
  const { deploy } = bench(t);
  const rules = { md5: true, formats: ['qcow2', 'iso'] };
  await assert.rejects(deploy({ urls: [`${base}/image.raw`] }, { rules }), /permits qcow2, iso/);
});

test('authorization goes to the image’s own server and not to where it redirects', async (t) => {
  const { deploy } = bench(t);
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
  const { deploy } = bench(t);
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

test('a disk in use, a hint that fits none and a real disk without --live are all refused', async (t) => {
  const { deploy, disk } = bench(t);
  const urls = [`${base}/image.raw`];
  const busy = { ...fileAsDisk(disk), refused: 'file is mounted on /' };
  await assert.rejects(deploy({ urls }, { listDisks: () => [busy] }), /file is mounted on \//);
  await assert.rejects(deploy({ urls }, { rootDevice: { serial: 'S1' } }), /serial is unknown, wanted S1/);
  await assert.rejects(deploy({ urls }, { rootDevice: { colour: 'red' } }), /there is no hint colour/);
  const small = { ...fileAsDisk(disk), sizeBytes: 2 ** 30 };
  await assert.rejects(deploy({ urls }, { listDisks: () => [small] }), /less than 4 GiB/);
});

test('what is no raw image of a whole disk is refused in words', async (t) => {
  const { deploy } = bench(t);
  const urls = [`${base}/image.raw`];
  await assert.rejects(deploy({ urls, disk_format: 'qcow2' }), /only raw images are written here/);
  await assert.rejects(deploy({ urls, image_type: 'partition' }), /image of a partition/);
  await assert.rejects(deploy({ urls: ['file:///etc/passwd'] }), /no http or https URL/);
  await assert.rejects(deploy({ urls: 7 }), /image_info: urls/);
});

test('a GPT image gets its second table at the end of the disk and a config drive in a partition', async (t) => {
  const { deploy, bytes, stateDir } = bench(t);
  const image = gptImage(8192, [{ type: EFI, name: 'boot', first: 2048, last: 4095 }]);
  routes.set('/gpt.raw', (_, outgoing) => outgoing.end(image));
  const configDrive = gzipSync(Buffer.from('instance data')).toString('base64');
  await deploy({ urls: [`${base}/gpt.raw`], os_hash_value: sha256(image) }, { configDrive });
  assert.deepEqual(bytes(2048 * 512, 2048 * 512), image.subarray(2048 * 512, 4096 * 512));
  assert.equal(bytes(DISK - 512, 8).toString(), 'EFI PART');
  const at = DISK - 65 * MEBIBYTE;
  assert.equal(bytes(at, 13).toString(), 'instance data');
  assert.equal((await readRecord(stateDir))?.efi?.number, 1);
});

test('permission comes from the kernel line, with a dash or not, or from the image, and from nowhere that a server reaches', () => {
  const allowed = (places: Parameters<typeof resolveSettings>[0]): boolean =>
    resolveSettings(places).values.allowDeploy;
  const line = (text: string): { cmdline: CommandLine } => ({ cmdline: parseCommandLine(text) });
  assert.equal(allowed({}), false);
  for (const word of ['razor.allow-deploy=1', 'razor.allow_deploy=1', 'razor.allow_deploy=on']) {
    assert.equal(allowed(line(word)), true, word);
  }
  assert.equal(allowed(line('razor.allow-deploy=maybe')), false);
  assert.equal(allowed({ file: { allow_deploy: true } }), true);
  assert.equal(allowed({ ...line('razor.allow_deploy=0'), file: { allow_deploy: true } }), false);
  const elsewhere = { allow_deploy: '1', allowDeploy: '1', RAZOR_MK_ALLOW_DEPLOY: '1' };
  assert.equal(allowed({ pushed: elsewhere, environment: elsewhere, options: elsewhere }), false);
});
