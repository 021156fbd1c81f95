/** The list of PCI names that goes into the executable, in its compact form; the microkernel's base has none. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactPciIds } from '../../facts/hardware/pci-ids.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../platform/files.ts';
import type { Part } from '../inventory/licences.ts';

/** Debian's package pci.ids 0.0~2023.04.11-1: the file is taken on its own only when it is this one. */
const PINNED = {
  path: '/usr/share/misc/pci.ids',
  sha256: '61a0d7cbc6fbc4f615a48e4bdc4810975db15191aabdfcbfb8d4c7c2d3973cda',
} as const;

/** The name under which the executable finds it (node:sea, getAsset); agent/assets.ts uses the same. */
export const PCI_IDS_ASSET = 'pci.ids';

const LIMIT = 16 * 1024 * 1024;

interface PciIdsAsset {
  readonly file: string;
  readonly part: Part;
}

/**
 * Writes the compact list into `stage`. `choice` is a file, `none`, or undefined for the pinned one; undefined is the
 * result where that is not on this machine, and `say` tells so. Throws RAZOR_MK_FILE_UNREADABLE for a file that was named.
 */
export async function pciIdsAsset(
  choice: string | undefined,
  stage: string,
  say: (text: string) => void,
): Promise<PciIdsAsset | undefined> {
  if (choice === 'none') return undefined;
  const bytes = await readCapped(choice ?? PINNED.path, LIMIT);
  if (bytes === undefined && choice !== undefined)
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${choice} does not exist`);
  const digest = bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
  if (bytes === undefined || (choice === undefined && digest !== PINNED.sha256)) {
    const why = bytes === undefined ? 'is not installed' : 'is another edition than the pinned one';
    say(`pci.ids      left out: ${PINNED.path} ${why} (apt-get install pci.ids, or --pci-ids FILE)\n`);
    return undefined;
  }
  const text = bytes.toString('utf8');
  const file = join(stage, 'pci.ids');
  try {
    replaceFile(file, compactPciIds(text));
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_PACKAGE', `pci.ids: ${messageOf(error)}`, { cause: error });
  }
  const version = /^#\s*Version:\s*(\S+)/m.exec(text)?.[1] ?? 'unknown';
  say(`pci.ids      ${version}, ${readFileSync(file).length.toLocaleString('en')} bytes\n`);
  return { file, part: { kind: 'data', name: 'pci.ids', version, licence: 'BSD-3-Clause', text: header(text) } };
}

/** The comment that the list begins with: who keeps it, and under which licences it may be used. */
function header(text: string): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#') && line !== '');
  return lines
    .slice(0, end)
    .filter((line) => line.startsWith('#'))
    .map((line) => line.replace(/^#\s?/, ''))
    .join('\n')
    .trim();
}
