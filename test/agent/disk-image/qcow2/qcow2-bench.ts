/** qcow2 images on a web server, deployed onto a disk that is full of somebody else's data, whose every byte is looked at. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { truncateSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { createLog } from '../../../../platform/log/log.ts';
import {
  clustersOf,
  makeQcow2,
  type MadeCluster,
  type MadePart,
  type MadeQcow2Options,
} from '../../../helpers/qcow2-image.ts';
import { diskBench, imageSite, MEBIBYTE, sha256, type DiskBench } from '../image-site.ts';
import { mbrImage } from '../tables/tables.ts';

export const { base, routes } = await imageSite();

export const VIRTUAL = 3 * MEBIBYTE;
/** Clusters in front of everything, so that the tables behind them are farther away than it is looked back. */
export const FAR = 280;

/** The content of a disk with a table in its first MiB, random data in its second, and little in its third. */
function someDisk(): Buffer {
  const content = mbrImage(VIRTUAL / 512);
  content.fill(0, 2048, MEBIBYTE);
  randomBytes(MEBIBYTE).copy(content, MEBIBYTE);
  content.fill(0, 2 * MEBIBYTE, VIRTUAL - 200_000);
  return content;
}

export const CONTENT = someDisk();
/** Its clusters of 64 KiB. */
export const plain = (): MadeCluster[] => clustersOf(CONTENT, 16, () => false);

interface Served {
  /** The `Range` of each request. */
  readonly asked: (string | undefined)[];
}

/** Serves a file with its length and, unless `parts` says otherwise, parts of it. */
export function serve(path: string, file: Buffer, { parts = true, length = true, second = file } = {}): Served {
  const asked: (string | undefined)[] = [];
  routes.set(path, (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { range } = incoming.headers;
    asked.push(range);
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(parts ? (range ?? '') : '') ?? [];
    if (from === '') {
      if (length) outgoing.writeHead(200, { 'content-length': file.length });
      outgoing.end(file);
      return;
    }
    const end = to === '' ? second.length : Math.min(Number(to) + 1, second.length);
    outgoing.writeHead(206, {
      'content-range': `bytes ${from}-${end - 1}/${second.length}`,
      'content-length': end - Number(from),
    });
    outgoing.end(second.subarray(Number(from), end));
  });
  return { asked };
}

/** A disk of so many bytes that is full of somebody else's data, or begins with so much of them. */
export function dirtyBench(t: TestContext, size: number, dirty = size): DiskBench & { readonly notes: string[] } {
  const bench = diskBench(t, size);
  writeFileSync(bench.disk, Buffer.alloc(dirty, 0xee));
  truncateSync(bench.disk, size);
  const notes: string[] = [];
  const log = createLog({ people: (line) => void notes.push(line) });
  return {
    ...bench,
    notes,
    deploy: (info, more = {}) =>
      bench.deploy({ disk_format: 'qcow2', ...info }, { rootDevice: { size: '>= 0' }, log, ...more }),
  };
}

/** Deploys it onto a dirty disk, and looks at every byte of that. */
export async function roundTrip(
  t: TestContext,
  options: MadeQcow2Options,
  { size = 8 * MEBIBYTE, ...serving }: { size?: number; parts?: boolean; length?: boolean } = {},
): Promise<{ readonly notes: string[]; readonly asked: (string | undefined)[]; readonly rest: Buffer }> {
  const bench = dirtyBench(t, size);
  const { image, content } = makeQcow2(options);
  const { asked } = serve('/disk.qcow2', image, serving);
  const said = await bench.deploy({ urls: [`${base}/disk.qcow2`], os_hash_value: sha256(image) });
  assert.match(said, new RegExp(`${content.length} bytes are on`));
  assert.ok(bench.bytes(0, content.length).equals(content), 'the disk is not the guest’s disk');
  return { notes: bench.notes, asked, rest: bench.bytes(content.length, size - content.length) };
}

/** Puts the parts of these kinds behind the others. */
export const last =
  (...moved: readonly MadePart['what'][]) =>
  (parts: readonly MadePart[]): readonly MadePart[] => [
    ...parts.filter(({ what }) => !moved.includes(what)),
    ...parts.filter(({ what }) => moved.includes(what)),
  ];
