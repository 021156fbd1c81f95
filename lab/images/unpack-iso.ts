/** An ISO becomes a directory of files: with bounds, because an image of a few MiB can name the same content a thousand times. */
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run, type RunResult } from '../../platform/process/run.ts';
import { within } from '../../platform/within.ts';
import { PROXMOX_ISO } from '../installers/templates.ts';
import { newUuid } from '../store/uuid.ts';

/** Files of one image: Debian's first DVD has some 4,000, a RHEL DVD 8,000. */
const MOST_FILES = 100_000;
/** Files may share their content, but no installer has it four times. */
const MOST_TIMES = 4;
const ALWAYS_ALLOWED = 64 * 1024 * 1024;

/**
 * Unpacks into a new directory below `imageDir`, and resolves to it. Throws RAZOR_MK_RUN where xorriso is missing or finds no ISO,
 * RAZOR_MK_IMAGE_METADATA for one that unpacks to more than it has.
 */
export async function unpackIso(iso: string, imageDir: string): Promise<string> {
  await checkSize(iso);
  const target = join(imageDir, newUuid());
  await mkdir(target, { recursive: true });
  const argv = ['xorriso', '-osirrox', 'on', '-indev', iso, '-extract', '/', target] as const;
  const result = await run(argv, { timeoutMs: 600_000 });
  if (result.status !== 0) {
    await rm(target, { recursive: true, force: true });
    throw cannotUnpack(iso, result);
  }
  // what comes off an ISO is read-only, directories too, and could not be removed again; nothing of it is run as its owner
  await run(['chmod', '-R', 'u+w,a-s', target]);
  return target;
}

/**
 * Keeps the ISO beside its files, as `image.iso`, where its installer loads the whole of it (Ubuntu's live server); by a hard link
 * where that is possible. Proxmox VE's installer gets it as an archive, for its initrd.
 */
export async function keepIso(iso: string, target: string): Promise<void> {
  if ((await within(target, 'auto-installer-mode.toml')) !== undefined)
    await writeIsoArchive(iso, join(target, PROXMOX_ISO));
  if ((await within(target, 'casper/vmlinuz')) === undefined) return;
  const kept = join(target, 'image.iso');
  await link(iso, kept).catch(() => copyFile(iso, kept, constants.COPYFILE_FICLONE));
}

/** A cpio archive (newc) with the ISO as proxmox.iso, for a kernel that takes it for a part of its initrd. */
async function writeIsoArchive(iso: string, archive: string): Promise<void> {
  const { size } = await stat(iso);
  if (size > 0xffff_ffff) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_METADATA',
      `${iso} has more than the 4 GiB that a part of an initrd may have`,
    );
  }
  async function* parts(): AsyncGenerator<Buffer> {
    yield cpioHeader('proxmox.iso', 0o100_444, size);
    for await (const chunk of createReadStream(iso, { highWaterMark: 1024 * 1024 })) yield chunk as Buffer;
    yield Buffer.alloc(-size & 3);
    yield cpioHeader('TRAILER!!!', 0, 0);
    // the next archive is looked for at a multiple of four
    yield Buffer.alloc(512);
  }
  await pipeline(parts, createWriteStream(archive));
}

/** The kernel's Documentation/driver-api/early-userspace/buffer-format.rst. */
function cpioHeader(name: string, mode: number, size: number): Buffer {
  const numbers = [0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length + 1, 0];
  const head = `070701${numbers.map((value) => value.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.from(head + '\0'.repeat(-head.length & 3));
}

/** Asks for the sizes before anything is written. */
async function checkSize(iso: string): Promise<void> {
  let [files, bytes, rest] = [0, 0, ''];
  const ending = new AbortController();
  const count = (piece: Buffer): void => {
    const lines = `${rest}${piece.toString('latin1')}`.split('\n');
    rest = (lines.pop() ?? '').slice(-8192);
    for (const line of lines) {
      const size = /^-\S+\s+\d+\s+\S+\s+\S+\s+(\d+)\s/.exec(line)?.[1];
      if (size === undefined) continue;
      files += 1;
      bytes += Number(size);
    }
    if (files > MOST_FILES) ending.abort();
  };
  const argv = ['xorriso', '-indev', iso, '-find', '/', '-type', 'f', '-exec', 'lsdl'] as const;
  const options = { timeoutMs: 300_000, keepStdout: false, onStdout: count, signal: ending.signal };
  const result = await run(argv, options);
  const { size } = await stat(iso);
  if (files > MOST_FILES || bytes > size * MOST_TIMES + ALWAYS_ALLOWED) {
    const names = `names ${files} files of ${bytes} bytes, and has ${size} bytes`;
    throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', `${iso} ${names}`, {
      remedy: 'Look at it with xorriso -indev FILE -find / -exec lsdl, or mount it and give the directory.',
    });
  }
  if (result.status !== 0) throw cannotUnpack(iso, result);
}

function cannotUnpack(iso: string, { failure, stderr }: RunResult): RazorMkError {
  const why = failure === 'not-found' ? 'xorriso is not installed' : (failure ?? stderr.toString().slice(-300));
  return new RazorMkError('RAZOR_MK_RUN', `cannot unpack ${iso}: ${why}`, {
    remedy: 'Install xorriso, check that the file is an ISO image, or give a directory.',
  });
}
