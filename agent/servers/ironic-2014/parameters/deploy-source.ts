/** Where the wish for a deployment comes from: the kernel line, or the virtual media that it points to. */
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../../platform/time/clock.ts';
import type { System } from '../../../../platform/system.ts';
import { parseParameters, wantsVirtualMedia } from './deploy-parameters.ts';
import { readVirtualMedia } from './virtual-media.ts';

export interface DeploySource {
  /** `key=value` words: those of the virtual media first, then the kernel line's own. */
  readonly text: string;
  /** What the deployment's parameters are read from: with virtual media those alone. */
  readonly words: ReadonlyMap<string, string>;
  /** The token file of the virtual media. */
  readonly token: string | undefined;
  /** The words of the virtual media on one line; empty without. */
  readonly media: string;
}

/** Reads it; virtual media are waited for, mounted, copied and unmounted. Throws RAZOR_MK_DEPLOY when they do not come. */
export async function readSource(
  kernelLine: string,
  parts: { readonly system: System; readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<DeploySource> {
  const words = parseParameters(kernelLine);
  if (!wantsVirtualMedia(words)) return { text: kernelLine, words, token: undefined, media: '' };
  const mountPoint = await mkdtemp(join(tmpdir(), 'razor-mk-vmedia-'));
  try {
    const { parameters, token } = await readVirtualMedia({ ...parts, mountPoint });
    const media = parameters.replaceAll(/\s+/g, ' ').trim();
    return { text: `${media} ${kernelLine}`, words: parseParameters(media), token, media };
  } finally {
    // never recursively: were it still mounted, its files would go
    await rmdir(mountPoint).catch(() => undefined);
  }
}
