/** The virtual media that Ironic attaches through a BMC: parameters.txt and the token, copied and let go of again. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../../platform/time/clock.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { readCapped } from '../../../../platform/files.ts';
import type { System } from '../../../../platform/system.ts';
import { MEDIA_LABEL } from '../../../disks/disk-use.ts';
import { findVolume, readVolume } from '../../../disks/volumes.ts';

interface VirtualMedia {
  /** Text of parameters.txt. */
  readonly parameters: string;
  readonly token: string | undefined;
}

interface VirtualMediaParts {
  readonly system: System;
  readonly clock: Clock;
  /** Where it is mounted for a moment. */
  readonly mountPoint: string;
  /** `/`, or a tree for tests. */
  readonly root?: string;
  /** Looks after the first, a second apart: 30. The original's 5 were too few for slow BMCs. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

/** Waits for the volume, mounts it read-only, reads both files and unmounts it. Throws RAZOR_MK_DEPLOY. */
export async function readVirtualMedia(parts: VirtualMediaParts): Promise<VirtualMedia> {
  const { system, clock, mountPoint, attempts = 30 } = parts;
  const root = parts.root ?? '/';
  let device: string | undefined;
  for (let attempt = 0; attempt <= attempts && device === undefined; attempt++) {
    if (attempt > 0) await clock.sleep(1000, parts.signal);
    device = findMedia(root);
  }
  if (device === undefined) {
    throw new RazorMkError('RAZOR_MK_DEPLOY', 'boot_method=vmedia, but no virtual media volume appeared', {
      remedy: 'Check in the BMC that the virtual floppy with the label ir-vfd-dev is attached.',
    });
  }
  const type = readVolume(join(root, device))?.type ?? 'vfat';
  const options = 'ro,nosuid,nodev,noexec';
  const mounted = await system.run(`mount ${device}`, ['mount', '-t', type, '-o', options, device, mountPoint]);
  if (!system.live) {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `the parameters are on ${device}, which is not mounted without --live`, {
      remedy: 'Copy its parameters.txt and give that as --cmdline.',
    });
  }
  if (mounted.status !== 0) {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `cannot mount ${device}: ${mounted.stderr.toString().trim()}`);
  }
  try {
    const parameters = await readCapped(join(mountPoint, 'parameters.txt'), 64 * 1024);
    if (parameters === undefined) throw new RazorMkError('RAZOR_MK_DEPLOY', `${device} holds no parameters.txt`);
    const token = await readCapped(join(mountPoint, 'token'), 64 * 1024 + 1);
    return { parameters: parameters.toString('utf8'), token: token && cleanToken(token) };
  } finally {
    await system.run(`unmount ${device}`, ['umount', mountPoint]);
  }
}

/** The volume by its label, else the first disk whose model says "virtual media", as the oldest original looked. */
function findMedia(root: string): string | undefined {
  const labelled = findVolume(MEDIA_LABEL, root);
  if (labelled !== undefined) return labelled;
  try {
    for (const name of readdirSync(join(root, 'sys/block')).sort()) {
      const model = join(root, 'sys/block', name, 'device/model');
      if (/virtual media/i.test(safeRead(model))) return `/dev/${name.replaceAll('!', '/')}`;
    }
  } catch {
    // no block devices
  }
  return undefined;
}

function safeRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A token as it may stand in a header: one line of printable ASCII, at most 64 KiB; anything else is none. */
export function cleanToken(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1').trim();
  return bytes.length <= 64 * 1024 && /^[!-~]+$/.test(text) ? text : undefined;
}
