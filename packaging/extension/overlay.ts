/** The overlay of an image: the files of tinycore/overlay, in the order and with the modes of its manifest. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { PROJECT } from '../project-paths.ts';

export const FLAVOURS = ['prod', 'dev', 'debug'] as const;
export type Flavour = (typeof FLAVOURS)[number];

export interface OverlayEntry {
  /** Relative, without a slash at either end. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  /** Permission bits with the sticky bit: 0o755. Owner and group are root. */
  readonly mode: number;
  /** Empty for directories. */
  readonly content: Uint8Array;
}

interface OverlayOptions {
  readonly flavour: Flavour;
  /** Version of the image: `0.12.0`. */
  readonly version: string;
  /** MiB of memory (as Linux counts it) that the machine needs to unpack the initrd, where it is known. */
  readonly needsMib?: number;
  /** The kernel line may choose a login of root (razor.sshkey=, razor.rootpwd=). */
  readonly bootLogin?: boolean;
  /** Another directory of the same form. */
  readonly directory?: string;
}

export interface Overlay {
  /** In the order of the archive: the first ones must stand at its very beginning. */
  readonly entries: readonly OverlayEntry[];
  /** The sentinel: must be the last entry of the last archive of the initrd. */
  readonly last: OverlayEntry;
}

interface Line {
  readonly mode: number;
  readonly path: string;
  readonly generated: boolean;
  readonly last: boolean;
}

/** Reads the overlay of a flavour. Throws RAZOR_MK_PACKAGE where manifest and files do not fit. */
export function readOverlay(options: OverlayOptions): Overlay {
  const directory = options.directory ?? join(PROJECT, 'tinycore/overlay');
  if (!/^[\w.+~-]{1,64}$/.test(options.version))
    throw new RazorMkError('RAZOR_MK_PACKAGE', `"${options.version}" cannot be the version of an image`);
  const wanted = [options.flavour, ...(options.bootLogin === true ? ['boot-login'] : [])];
  const lines = parseManifest(readFileSync(join(directory, 'manifest'), 'utf8'), wanted);
  const entries = lines.map((line) => ({ line, entry: entryOf(line, directory, options) }));
  const last = entries.find(({ line }) => line.last);
  if (last === undefined) throw new RazorMkError('RAZOR_MK_PACKAGE', `${directory}/manifest names no last entry`);
  return { entries: entries.filter((each) => each !== last).map(({ entry }) => entry), last: last.entry };
}

function parseManifest(text: string, wanted: readonly string[]): Line[] {
  const lines: Line[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const match = /^([01]?[0-7]{3}) +(\S+) +(\S+)(?: +(generated))?(?: +(last))?$/.exec(line);
    const [, mode, flavours, path, generated, last] = match ?? [];
    if (
      mode === undefined ||
      flavours === undefined ||
      path === undefined ||
      path.startsWith('/') ||
      path.includes('..')
    )
      throw new RazorMkError(
        'RAZOR_MK_PACKAGE',
        `tinycore/overlay/manifest, line ${index + 1} cannot be understood: ${raw}`,
      );
    if (flavours !== 'all' && !flavours.split(',').some((each) => wanted.includes(each))) continue;
    lines.push({ mode: Number.parseInt(mode, 8), path, generated: generated !== undefined, last: last !== undefined });
  }
  return lines;
}

function entryOf(line: Line, directory: string, options: OverlayOptions): OverlayEntry {
  const { mode } = line;
  const path = line.path.replace(/\/$/, '');
  if (line.path.endsWith('/')) return { path, kind: 'directory', mode, content: new Uint8Array() };
  if (line.generated) return { path, kind: 'file', mode, content: Buffer.from(generate(path, options)) };
  const source = [options.flavour, 'all'].map((layer) => join(directory, layer, path)).find((file) => existsSync(file));
  if (source === undefined)
    throw new RazorMkError('RAZOR_MK_PACKAGE', `tinycore/overlay/manifest names ${path}, which is in no layer`);
  return { path, kind: 'file', mode, content: readFileSync(source) };
}

function generate(path: string, options: OverlayOptions): string {
  const { version, flavour, needsMib, bootLogin } = options;
  switch (path) {
    case 'etc/razor-mk/image':
      return [
        '# Read by the scripts of the overlay.',
        `RAZOR_MK_VERSION='${version}'`,
        `RAZOR_MK_FLAVOUR='${flavour}'`,
        ...(bootLogin === true ? ["RAZOR_MK_BOOT_LOGIN='yes'"] : []),
        ...(needsMib === undefined ? [] : [`RAZOR_MK_NEEDS_MIB='${Math.ceil(needsMib)}'`]),
        '',
      ].join('\n');
    case 'tmp/mk-version.yaml':
      return `---\nmk_version: "${version}"\n`;
    case 'etc/razor-mk/complete':
      return 'The initrd was unpacked to its end.\n';
    default:
      throw new RazorMkError('RAZOR_MK_PACKAGE', `tinycore/overlay/manifest: nobody generates ${path}`);
  }
}
