/** Which microkernel image is booted: the one of the highest version weight (razor-0.x.md, section 9). */
import type { Image } from './store.ts';

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

/** The microkernel that is booted; the first stored one among equals. */
export function newestMicrokernel(images: readonly Image[]): Image | undefined {
  let best: { image: Image; weight: number } | undefined;
  for (const image of images) {
    if (image.type !== 'mk') continue;
    const weight = versionWeight(image.version) ?? -1;
    if (!best || weight > best.weight) best = { image, weight };
  }
  return best?.image;
}
