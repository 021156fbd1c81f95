/**
 * What a build writes: first everything beside its final name, then all of it renamed. A disk that is full or a build that is
 * stopped leaves the files of before, kernel and initrd of one build together.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { ownMark, removeLeftovers } from '../../platform/leftovers.ts';

export interface ImageParts {
  readonly kernel: Buffer;
  readonly initrd: Buffer;
  /** iso-metadata.yaml */
  readonly metadata: string;
}

/** A file or directory that was written, and its bytes. */
export interface WrittenOutput {
  readonly path: string;
  readonly bytes: number;
}

interface Staged extends WrittenOutput {
  readonly beside: string;
}

interface Outputs {
  /** Writes a file beside `path`. Throws RAZOR_MK_FILE_UNWRITABLE. */
  file(path: string, content: string | Uint8Array): void;
  /** Writes a directory with these files beside `path`. Throws RAZOR_MK_FILE_UNWRITABLE. */
  directory(path: string, files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Lets `write` make the file, under the name that it is given. */
  written(path: string, write: (beside: string) => Promise<number>): Promise<void>;
  /** Renames everything to its final name. */
  commit(): WrittenOutput[];
  /** Removes what was not committed. */
  discard(): void;
}

/** The outputs of one build, empty at first. */
export function openOutputs(): Outputs {
  const staged: Staged[] = [];
  const swept = new Set<string>();
  const besideOf = (path: string): string => {
    const directory = dirname(path);
    if (!swept.has(directory)) removeLeftovers(directory);
    swept.add(directory);
    return hiddenName(path);
  };
  const stage = (path: string, bytes: number, write: (beside: string) => void): void => {
    const beside = besideOf(path);
    staged.push({ path, beside, bytes });
    attempt(path, () => write(beside));
  };
  return {
    file: (path, content) => stage(path, content.length, (beside) => writeSynced(beside, content)),
    directory: (path, files) => {
      const bytes = Object.values(files).reduce((sum, content) => sum + content.length, 0);
      stage(path, bytes, (beside) => {
        for (const [name, content] of Object.entries(files)) writeSynced(join(beside, name), content);
      });
    },
    written: async (path, write) => {
      const beside = besideOf(path);
      mkdirSync(dirname(beside), { recursive: true });
      const at = staged.push({ path, beside, bytes: 0 }) - 1;
      staged[at] = { path, beside, bytes: await write(beside) };
    },
    commit: () => {
      for (const { path, beside } of staged) attempt(path, () => put(beside, path));
      return staged.splice(0).map(({ path, bytes }) => ({ path, bytes }));
    },
    discard: () => {
      for (const { beside } of staged.splice(0)) rmSync(beside, { recursive: true, force: true });
    },
  };
}

/** Hidden, and of this process: two builds into one directory do not meet. */
function hiddenName(path: string): string {
  return join(dirname(path), `.${path.slice(dirname(path).length + 1)}.${ownMark()}.part`);
}

function writeSynced(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'w', 0o644);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    let written = 0;
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A directory of before is in the way of the new one: it goes once the new one is whole. */
function put(beside: string, path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) {
    const old = `${beside}.old`;
    renameSync(path, old);
    renameSync(beside, path);
    rmSync(old, { recursive: true, force: true });
    return;
  }
  renameSync(beside, path);
}

function attempt(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * The tree that a Razor 0.x server makes of the ISO: `iso-metadata.yaml` and `boot/`, to be copied below its image service.
 */
export function imageDirectory(image: ImageParts): Record<string, string | Uint8Array> {
  return {
    'boot/vmlinuz': image.kernel,
    'boot/core.gz': image.initrd,
    'iso-metadata.yaml': image.metadata,
  };
}

/** `microkernel/vmlinuz0` and `microkernel/initrd0.img`: unpacked in the repo store of a razor-server 1.x. */
export async function microkernelTar(image: ImageParts, epoch: number): Promise<Buffer> {
  const { pack } = await import('tar-stream');
  const stream = pack();
  const common = { mtime: new Date(epoch * 1000), uid: 0, gid: 0, uname: 'root', gname: 'root' };
  stream.entry({ ...common, name: 'microkernel/', type: 'directory', mode: 0o755 });
  stream.entry({ ...common, name: 'microkernel/vmlinuz0', mode: 0o644 }, image.kernel);
  stream.entry({ ...common, name: 'microkernel/initrd0.img', mode: 0o644 }, image.initrd);
  stream.entry({ ...common, name: 'microkernel/iso-metadata.yaml', mode: 0o644 }, image.metadata);
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
