/** A web server with images, and a file that stands for a disk, for tests of what is written to it. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { deployImage, type DeployImageOptions } from '../../../agent/disk-image/deploy-image.ts';
import { fileAsDisk } from '../../../agent/disks/file-disk.ts';
import { createHttpClient } from '../../../agent/http/http-client.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { mbrImage } from './tables/tables.ts';

export const MEBIBYTE = 1024 * 1024;
export const DISK_BYTES = 5 * 2 ** 30; // sparse: what is not written takes no room
export const IMAGE = mbrImage((3 * MEBIBYTE + 1024) / 512);
randomBytes(2 * MEBIBYTE).copy(IMAGE, MEBIBYTE);
export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export interface ImageSite {
  /** `http://127.0.0.1:PORT`; `/image.raw` is there. */
  readonly base: string;
  /** What the server answers, by path. */
  readonly routes: Map<string, Handler>;
}

/** Ends with the process's tests. */
export async function imageSite(): Promise<ImageSite> {
  const routes = new Map<string, Handler>();
  const server = createServer((incoming, outgoing) => {
    const handler = routes.get(incoming.url ?? '');
    if (handler) handler(incoming, outgoing);
    else outgoing.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  after(() => server.close());
  await once(server, 'listening');
  routes.set('/image.raw', (_, outgoing) => outgoing.end(IMAGE));
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, routes };
}

const instantly: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  sleep: () => Promise.resolve(),
  random: () => 0.5,
};
const silent = createLog({});

export interface DiskBench {
  readonly disk: string;
  readonly stateDir: string;
  deploy(info: Record<string, unknown>, more?: Partial<DeployImageOptions>): Promise<string>;
  /** So many bytes of the disk from an offset. */
  bytes(offset: number, length: number): Buffer;
}

/** A disk of so many bytes that holds something of somebody else. */
export function diskBench(t: TestContext, size = DISK_BYTES): DiskBench {
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
