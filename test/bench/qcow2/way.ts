/**
 * One way of getting an image onto a disk, for test/bench/qcow2.ts, as a process of its own: `way.ts deploy|convert DIR URL SUM`
 * prints what it took as JSON, `way.ts serve DIR` gives out files at the speed of the link.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { deployImage } from '../../../agent/disk-image/deploy-image.ts';
import { fileAsDisk } from '../../../agent/disks/file-disk.ts';
import { createHttpClient } from '../../../agent/http/http-client.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { systemClock } from '../../../platform/time/clock.ts';
import { LINK, type Measured } from './link.ts';

const [role = '', dir = '', url = '', sum = ''] = process.argv.slice(2);

/** Gives out the files of a directory at the speed of the link. */
async function serve(): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    const path = join(dir, incoming.url ?? '');
    const { size } = statSync(path);
    const part = /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? '');
    const start = Number(part?.[1] ?? 0);
    const end = Math.min(size - 1, part?.[2] ? Number(part[2]) : size - 1);
    const range = part === null ? {} : { 'content-range': `bytes ${start}-${end}/${size}` };
    outgoing.writeHead(part === null ? 200 : 206, { 'content-length': end - start + 1, ...range });
    async function* paced(): AsyncGenerator<Buffer> {
      const began = performance.now();
      let sent = 0;
      for await (const piece of createReadStream(path, { start, end, highWaterMark: 256 * 1024 })) {
        const early = (sent / LINK) * 1000 - (performance.now() - began);
        if (early > 2) await new Promise((resolve) => setTimeout(resolve, early));
        sent += (piece as Buffer).length;
        yield piece as Buffer;
      }
    }
    pipeline(Readable.from(paced()), outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
}

/** The agent's own way. */
async function deploy(): Promise<Measured> {
  const log = createLog({});
  const before = process.memoryUsage.rss();
  let anonymous = 0;
  const look = setInterval(() => (anonymous = Math.max(anonymous, statusOf(process.pid, 'RssAnon'))), 20);
  const began = performance.now();
  await deployImage({
    allowed: true,
    imageInfo: { id: 'image', urls: [url], os_hash_algo: 'sha256', os_hash_value: sum },
    configDrive: undefined,
    rootDevice: { size: '>= 0' },
    rules: { md5: true },
    fetch: { files: createHttpClient() },
    attempts: 1,
    pauseMs: 0,
    listDisks: () => [fileAsDisk(join(dir, 'disk'))],
    stateDir: dir,
    system: createSystem({ live: false, log }),
    clock: systemClock,
    log,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  clearInterval(look);
  // not getrusage: what the process was before exec counts there
  return { seconds: (performance.now() - began) / 1000, peak: statusOf(process.pid, 'VmHWM'), anonymous, before };
}

/** The download as a whole into memory, checked, and then qemu-img, as far as the disk. */
async function convert(): Promise<Measured> {
  const held = mkdtempSync('/dev/shm/razor-mk-bench-');
  const began = performance.now();
  try {
    const file = join(held, 'image');
    const reply = await fetch(url);
    const hash = createHash('sha256');
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const piece of reply.body ?? []) {
        hash.update(piece);
        yield piece;
      }
    }
    await pipeline(Readable.from(hashed()), createWriteStream(file));
    if (hash.digest('hex') !== sum) throw new Error('another checksum');
    // zeros are written too, as the disk is full of old data: what ironic-python-agent does
    const argv = ['convert', '-n', '-f', 'qcow2', '-O', 'raw', '-S', '0', '-W', file, join(dir, 'disk')];
    const child = spawn('qemu-img', argv, { stdio: 'inherit' });
    let peak = 0;
    const look = setInterval(() => (peak = Math.max(peak, statusOf(child.pid, 'VmHWM'))), 20);
    const [status] = (await once(child, 'exit')) as [number | null];
    clearInterval(look);
    if (status !== 0) throw new Error(`qemu-img: ${String(status)}`);
    const disk = openSync(join(dir, 'disk'), 'r+');
    fsyncSync(disk);
    closeSync(disk);
    return { seconds: (performance.now() - began) / 1000, peak: peak + statSync(file).size, anonymous: 0, before: 0 };
  } finally {
    rmSync(held, { recursive: true });
  }
}

/** Bytes of a field of /proc/PID/status. */
function statusOf(pid: number | undefined, field: string): number {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'));
    const [, kibibytes = '0'] = found ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}

async function main(): Promise<void> {
  if (role === 'serve') await serve();
  else process.stdout.write(JSON.stringify(await (role === 'deploy' ? deploy() : convert())));
}

// no await at the top: it is bundled as CommonJS
main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
