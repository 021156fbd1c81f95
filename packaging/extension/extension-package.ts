/** The Tiny Core extension: razor-mk.tcz with its .dep, .info, .list and .md5.txt. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import type { Library } from '../bundle/libraries.ts';
import { ARCHES, PROJECT, type Arch } from '../project-paths.ts';
import { squashfsOptions, type Compression } from './squashfs-options.ts';
import { tool } from '../tools.ts';

interface ExtensionPackageOptions {
  readonly arch: Arch;
  readonly version: string;
  /** The executable, and what goes beside it. */
  readonly executable: string;
  readonly libraries: readonly Library[];
  readonly licences: string;
  readonly sbom: string;
  /** File that is written: `…/razor-mk.tcz`. */
  readonly output: string;
  readonly compression: Compression;
  /** Seconds since 1970 that every file in it carries (SOURCE_DATE_EPOCH). */
  readonly epoch: number;
}

/** Where the executable, its loader and its libraries lie on the node. */
export const HOME = 'usr/local/lib/razor-mk';

/**
 * Lays the extension's tree out in `directory`: what tce-load links into /, and what an image may also carry as plain
 * files. Modes are fixed here, since a clone keeps only the executable bit.
 */
export function layOutExtension(
  directory: string,
  options: Omit<ExtensionPackageOptions, 'output' | 'compression' | 'version'>,
): void {
  cpSync(join(PROJECT, 'tinycore/extension'), directory, { recursive: true });
  const home = join(directory, HOME);
  const doc = join(directory, 'usr/local/share/doc/razor-mk');
  mkdirSync(home, { recursive: true });
  mkdirSync(doc, { recursive: true });
  copyFileSync(options.executable, join(home, 'razor-mk'));
  for (const { name, path } of options.libraries) copyFileSync(path, join(home, name));
  copyFileSync(options.licences, join(doc, 'LICENCES.txt'));
  copyFileSync(options.sbom, join(doc, 'sbom.cdx.json'));
  const executables = new Set([ARCHES[options.arch].loader, 'razor-mk', 'supervise']);
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || executables.has(entry.name) ? 0o755 : 0o644);
    utimesSync(path, options.epoch, options.epoch);
  }
}

/** Writes the extension. The same inputs give the same bytes. Throws RAZOR_MK_PACKAGE, RAZOR_MK_TOOL_MISSING. */
export async function buildExtension(options: ExtensionPackageOptions): Promise<{ readonly bytes: number }> {
  const { output, compression, epoch } = options;
  const stage = `${output}.stage`;
  const part = `${output}.part`;
  rmSync(stage, { recursive: true, force: true });
  rmSync(part, { force: true });
  try {
    mkdirSync(stage, { recursive: true });
    layOutExtension(stage, options);
    await tool(
      [
        'mksquashfs',
        stage,
        part,
        '-noappend',
        '-no-progress',
        '-quiet',
        '-all-root',
        '-no-xattrs',
        '-no-exports',
        ...squashfsOptions(compression, options.arch),
      ],
      // mksquashfs refuses -mkfs-time together with the variable; the variable sets all of them
      { env: { SOURCE_DATE_EPOCH: String(epoch) } },
    );
    const files = listFiles(stage);
    renameSync(part, output);
    const bytes = statSync(output).size;
    const md5 = createHash('md5').update(readFileSync(output)).digest('hex');
    const name = output.slice(output.lastIndexOf('/') + 1);
    replaceFile(`${output}.md5.txt`, `${md5}  ${name}\n`);
    replaceFile(`${output}.dep`, ''); // nothing of the base is needed
    replaceFile(`${output}.list`, files.map((file) => `${file}\n`).join(''));
    replaceFile(`${output}.info`, info(name, bytes, options));
    return { bytes };
  } finally {
    rmSync(stage, { recursive: true, force: true });
    rmSync(part, { force: true });
  }
}

/** The files of the tree as a .list names them: `usr/local/bin/razor-mk`, sorted. */
function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

function info(name: string, bytes: number, options: ExtensionPackageOptions): string {
  const date = new Date(options.epoch * 1000).toISOString().slice(0, 10).replaceAll('-', '/');
  const rows: readonly (readonly [string, string])[] = [
    ['Title', name],
    ['Description', 'agent of the Razor Microkernel'],
    ['Version', options.version],
    ['Author', 'the razor-mk authors'],
    ['Original-site', 'see usr/local/share/doc/razor-mk'],
    ['Copying-policy', 'Apache-2.0 and others: LICENCES.txt'],
    ['Size', `${(bytes / 1024 / 1024).toFixed(1)}M`],
    ['Extension_by', 'npm run package'],
    ['Tags', 'razor microkernel provisioning discovery agent'],
    ['Comments', `For a 64-bit kernel (${ARCHES[options.arch].machine}); the userland may be 32-bit.`],
    ['', 'Brings its own dynamic loader and C library.'],
    ['Change-log', 'see CHANGELOG.md of the project'],
    ['Current', `${date} ${options.version}`],
  ];
  return rows.map(([key, value]) => `${key === '' ? '' : `${key}:`}`.padEnd(16) + value).join('\n') + '\n';
}
