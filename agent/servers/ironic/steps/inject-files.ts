/** inject_files: files are put into the image that was written, on the partition that has their directory, and looked at afterwards. */
import { chmodSync, chownSync, closeSync, fsyncSync, openSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import type { System } from '../../../../platform/system.ts';
import {
  hasEntryWithin,
  makeDirectoryWithin,
  readWithin,
  removeWithin,
  withinSync,
} from '../../../../platform/within.ts';
import { parseSwitch } from '../../../config/switch.ts';
import { readRecord } from '../../../disk-image/record.ts';
import { partitionsOf, readVolume } from '../../../disks/volumes.ts';
import { readSmallFile } from '../../../http/file-client.ts';
import { changed } from '../live.ts';
import type { CommandContext, IronicStep, Params } from '../ironic-options.ts';
import { fillUrl, readInjectedFiles, type InjectedFile } from './injected-files.ts';

const MOST_BYTES = 64 * 2 ** 20;

export const injectFiles: IronicStep = {
  name: 'inject_files',
  kinds: ['deploy', 'service'],
  priority: (_settings, _kind, kernel) => {
    const wanted = kernel.value('ipa-inject-files-priority') ?? '';
    return /^\d{1,4}$/.test(wanted) ? Number(wanted) : 0;
  },
  interface: 'deploy',
  argsinfo: {
    files: {
      description:
        'files for the image: path, partition, content (base64 or a URL) or deleted, mode, dirmode, owner, group; after those of properties/inject_files',
      required: false,
    },
    verify_ca: { description: 'false: the certificate of an https server is not checked', required: false },
  },
  async run({ args, ports }, context) {
    const { settings, node, stateDir, system, say } = context;
    if (!settings.allowDeploy) {
      throw new RazorMkError('RAZOR_MK_DEPLOY_OFF', 'this microkernel may not write to disks: no file was written');
    }
    const files = readInjectedFiles(node?.properties['inject_files'], args['files']);
    if (files.length === 0) return 'there were no files to inject';
    const record = await readRecord(stateDir);
    if (record === undefined) throw refuse('no image was written since this machine was started');
    if (!record.device) throw refuse(`${record.disk} is a file that stands for a disk: it has no partitions`);
    const contents: (Buffer | undefined)[] = [];
    // all of it is there before anything is written
    for (const file of files) contents.push(await contentOf(file, { args, ports, context }));
    await changed(system, `put ${files.length} files into the image on ${record.disk}`, () => undefined);
    for (const [index, file] of files.entries()) {
      const where = await injectOne(file, contents[index], { system, disk: basename(record.disk) });
      say(`Ironic: ${file.content === undefined ? 'removed' : 'injected'} /${file.path} on ${where}`);
    }
    return `${files.length} files: ${files.map(({ path }) => path).join(', ')}`;
  },
};

function refuse(why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_COMMAND', `inject_files: ${why}`);
}

interface ContentSource {
  readonly args: Params;
  readonly ports: unknown;
  readonly context: CommandContext;
}

async function contentOf(
  { content }: InjectedFile,
  { args, ports, context }: ContentSource,
): Promise<Buffer | undefined> {
  if (content === undefined) return undefined;
  if (!content.includes('://')) return Buffer.from(content, 'base64');
  const { openFiles, kernel, node, signal } = context;
  const insecure = args['verify_ca'] === false || parseSwitch(kernel.value('ipa-insecure')) === true;
  const files = await openFiles({ insecure });
  return await readSmallFile(files, { url: fillUrl(content, { node, ports }), signal }, MOST_BYTES);
}

interface Place {
  readonly system: System;
  /** `sda` */
  readonly disk: string;
}

/** Writes or removes one file, and looks at it on a partition that is mounted anew. Resolves to the partition. */
async function injectOne(file: InjectedFile, content: Buffer | undefined, { system, disk }: Place): Promise<string> {
  const passed: string[] = [];
  for (const partition of candidates(file, disk)) {
    const path = `/dev/${partition}`;
    const type = readVolume(path)?.type;
    if (type === undefined) {
      passed.push(`${path}: no file system that is known here`);
      continue;
    }
    const volume = { system, path, type };
    const there = await mounted(volume, 'rw', (root) => {
      if (file.partition === undefined && !isDirectory(withinSync(root, file.path.split('/')[0] ?? ''))) return false;
      put(root, file, content);
      return true;
    });
    if (!there) {
      passed.push(`${path}: no /${file.path.split('/')[0] ?? ''}`);
      continue;
    }
    const same = await mounted(volume, 'ro', (root) => isAsWanted(root, file, content));
    if (!same) throw refuse(`/${file.path} on ${path} is not what was written`);
    return path;
  }
  throw refuse(`no partition of /dev/${disk} takes /${file.path} (${passed.join('; ') || 'it has none'})`);
}

function candidates({ partition }: InjectedFile, disk: string): readonly string[] {
  const all = partitionsOf(disk);
  if (partition === undefined) return all;
  const name = /^\d+$/.test(partition)
    ? `${disk}${/\d$/.test(disk) ? 'p' : ''}${partition}`
    : partition.replace(/^\/dev\//, '');
  if (all.includes(name)) return [name];
  throw refuse(`${partition} is no partition of /dev/${disk}, which has ${all.join(', ') || 'none'}`);
}

interface MountedVolume {
  readonly system: System;
  readonly path: string;
  readonly type: string;
}

async function mounted<T>(volume: MountedVolume, mode: 'ro' | 'rw', act: (root: string) => T): Promise<T> {
  const { system, path, type } = volume;
  const root = await mkdtemp(join(tmpdir(), 'razor-mk-inject-'));
  const must = async (what: string, argv: readonly [string, ...string[]]): Promise<void> => {
    const { status, failure, stderr } = await system.run(`${what} ${path}`, argv, { timeoutMs: 120_000 });
    if (status !== 0) throw refuse(`cannot ${what} ${path}: ${failure ?? stderr.toString().trim().slice(-200)}`);
  };
  await must('mount', ['mount', '-t', type, '-o', `${mode},nodev,nosuid,noexec`, path, root]);
  let result: { readonly value: T } | { readonly error: unknown };
  try {
    result = { value: act(root) };
  } catch (error) {
    result = { error };
  }
  // the tenant must not get a disk that is still being written
  await must('unmount', ['umount', root]);
  await rmdir(root);
  if ('error' in result) throw result.error;
  return result.value;
}

/** Within the mounted tree, whatever its links say. */
function put(root: string, file: InjectedFile, content: Buffer | undefined): void {
  const { path, mode, dirmode, owner, group } = file;
  if (content === undefined) return removeWithin(root, path);
  const directory = dirname(path);
  const isNew = withinSync(root, directory) === undefined;
  if (!makeDirectoryWithin(root, directory, 0o755)) throw refuse(`/${directory} leads out of the image`);
  const place = withinSync(root, directory) ?? root;
  if (isNew && dirmode !== undefined) chmodSync(place, dirmode);
  if (hasEntryWithin(root, path) && withinSync(root, path) === undefined)
    throw refuse(`/${path} leads out of the image`);
  const target = withinSync(root, path) ?? join(place, basename(path));
  const handle = openSync(target, 'w');
  try {
    for (let done = 0; done < content.length;) done += writeSync(handle, content, done);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  if (mode !== undefined) chmodSync(target, mode);
  if (owner !== undefined || group !== undefined) {
    const now = statSync(target);
    chownSync(target, owner ?? now.uid, group ?? now.gid);
  }
}

function isAsWanted(root: string, { path }: InjectedFile, content: Buffer | undefined): boolean {
  if (content === undefined) return !hasEntryWithin(root, path);
  return readWithin(root, path)?.equals(content) === true;
}

function isDirectory(path: string | undefined): boolean {
  return path !== undefined && statSync(path).isDirectory();
}
