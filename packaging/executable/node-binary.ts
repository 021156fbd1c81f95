/** The Node that goes inside: the pinned npm package, checked, stripped of its symbols. */
import { createReadStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../platform/files.ts';
import { run } from '../../platform/process/run.ts';
import {
  lockedPackage,
  pinnedArchives,
  verifyInstalled,
  type ArchiveOptions,
  type LockedPackage,
} from '../inventory/npm-archives.ts';
import { ARCHES, PROJECT, type Arch } from '../project-paths.ts';
import { missingTool, tool } from '../tools.ts';

/** Version and integrity of Node for an architecture, from package-lock.json. Throws RAZOR_MK_PACKAGE. */
export function lockedNode(arch: Arch): LockedPackage {
  return lockedPackage(ARCHES[arch].nodePackage);
}

/**
 * Path of the unstripped Node of an architecture. This machine's is in node_modules, and is held against the pinned archive; npm
 * installs only that, so the other is taken out of its archive. Throws RAZOR_MK_PACKAGE.
 */
export async function findNodeBinary(arch: Arch, options: ArchiveOptions): Promise<string> {
  const { nodePackage } = ARCHES[arch];
  const installed = join('node_modules', nodePackage, 'bin/node');
  if (existsSync(join(PROJECT, installed))) {
    await verifyInstalled([installed], options);
    return join(PROJECT, installed);
  }
  const locked = lockedNode(arch);
  const node = join(options.cache, `${nodePackage}-${locked.version}`);
  const [archive = ''] = await pinnedArchives([locked], options);
  if (!existsSync(node)) await extractNode(archive, node);
  return node;
}

/** Takes package/bin/node (and the licence) out of the npm archive. */
async function extractNode(archive: string, output: string): Promise<void> {
  const tar = await import('tar-stream');
  const extract = tar.extract();
  const done = pipeline(createReadStream(archive), createGunzip(), extract);
  for await (const entry of extract) {
    if (entry.header.name === 'package/bin/node' || entry.header.name === 'package/LICENSE') {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const target = entry.header.name.endsWith('LICENSE') ? `${output}.LICENSE` : `${output}.tmp`;
      replaceFile(target, Buffer.concat(chunks), 0o755);
    } else entry.resume();
  }
  await done;
  renameSync(`${output}.tmp`, output);
}

/** Strips Node into `output`. Must come before the blob is injected: afterwards the executable would crash. */
export async function stripNode(arch: Arch, node: string, output: string): Promise<void> {
  const header = await readCapped(node, 20);
  const machine = header?.length === 20 ? header.readUInt16LE(18) : undefined;
  if (machine !== ARCHES[arch].elfMachine)
    throw new RazorMkError('RAZOR_MK_PACKAGE', `${node} is not an executable for ${ARCHES[arch].machine}`);
  mkdirSync(dirname(output), { recursive: true });
  const programs = arch === process.arch ? ARCHES[arch].strip : ARCHES[arch].strip.slice(0, 1);
  for (const program of programs) {
    const found = await run([program, '--version']);
    if (found.failure === 'not-found') continue;
    await tool([program, '--strip-all', '-o', output, node]);
    return;
  }
  throw missingTool(programs);
}
