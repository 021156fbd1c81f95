/**
 * Which microkernel image is booted: the valid one of the highest version weight
 * (docs/contracts/razor-0.x.md#versions).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { within } from '../../platform/within.ts';
import type { Image } from '../store/records.ts';

/**
 * The weight of a version: three zero-padded parts joined, a fourth as fraction, `+N` as 0.000N, text from the first
 * `-` on dropped, one leading `v` dropped. Undefined for what the original cannot weigh (`08`, `dev`, `vv1`).
 */
export function versionWeight(version: string): number | undefined {
  const bare = version.replace(/^v/, '').split('-')[0] ?? '';
  const [main = '', commits] = bare.split('+', 2);
  const parts = main.split('.');
  if (!parts.every((part) => /^(0|[1-9]\d{0,8})$/.test(part))) return undefined;
  if (commits !== undefined && !/^\d{1,9}$/.test(commits)) return undefined;
  const whole = Number(
    parts
      .slice(0, 3)
      .map((part) => part.padStart(3, '0'))
      .join(''),
  );
  const fraction = parts[3] === undefined ? 0 : Number(`0.${parts[3]}`);
  return whole + fraction + (commits === undefined ? 0 : Number(`0.000${commits}`));
}

/** Before a version that its metadata wrote as a number (`iso_version: 1.5`), which only a faithful lab takes. */
export const FLOAT = '!!float ';

/**
 * Why the original cannot boot any microkernel: it weighs all of them at every boot, and one version that it cannot weigh is
 * enough. Undefined when it can.
 */
export function versionFault(images: readonly Image[]): string | undefined {
  const odd = images.find(({ type, version }) => type === 'mk' && versionWeight(version) === undefined);
  if (odd === undefined) return undefined;
  if (odd.version.startsWith(FLOAT)) return 'no implicit conversion of Float into String';
  return `invalid value for Integer(): ${JSON.stringify(odd.version)}`;
}

/** Microkernels, the one to boot first; the first stored one among equals. */
export function rankMicrokernels(images: readonly Image[]): readonly Image[] {
  return images
    .filter((image) => image.type === 'mk')
    .map((image) => ({ image, weight: versionWeight(image.version) ?? -1 }))
    .sort((a, b) => b.weight - a.weight)
    .map(({ image }) => image);
}

/** Hex digest of a file, read as a stream. */
export async function hashFile(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Why an image cannot be booted, or undefined when it can. */
export type ImageVerifier = (image: Image) => Promise<string | undefined>;

/**
 * Checks kernel and initrd against their hashes. The original reads both whole at every boot; here a file is read again
 * only when its size, inode or time of change is another.
 */
export function createVerifier(): ImageVerifier {
  const seen = new Map<string, { stamp: string; hash: Promise<string> }>();
  const hashOf = async (path: string, algorithm: string): Promise<string> => {
    const info = await stat(path, { bigint: true });
    const stamp = `${info.ino} ${info.size} ${info.mtimeNs} ${info.ctimeNs}`;
    const known = seen.get(path);
    if (known?.stamp === stamp) return await known.hash;
    const hash = hashFile(path, algorithm);
    seen.set(path, { stamp, hash });
    hash.catch(() => seen.delete(path));
    return await hash;
  };
  return async (image) => {
    for (const [file, expected] of [
      [image.kernel, image.kernelHash],
      [image.initrd, image.initrdHash],
    ] as const) {
      if (file === undefined) return 'it names no kernel or no initrd';
      const path = await within(image.path, file);
      const found = path === undefined ? undefined : await hashOf(path, image.hash ?? 'sha256').catch(() => undefined);
      if (path === undefined || found === undefined) return `${file} of ${image.path} cannot be read`;
      if (expected !== undefined && found !== expected) return `${path} is not the file that was added`;
    }
    return undefined;
  };
}
