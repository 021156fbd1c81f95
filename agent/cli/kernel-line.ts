/** The kernel line, with the parameters of Ironic's virtual media behind it, and whether the deploy ramdisk's work is asked for. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { messageOf, RazorMkError } from '../../platform/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { createLog } from '../../platform/log.ts';
import { createSystem } from '../../platform/system.ts';
import type { Host } from '../../platform/verb.ts';
import { asksForDeploy, parseParameters, wantsVirtualMedia } from '../deploy/parameters.ts';

const LONGEST_FILE = 1024 * 1024;

export interface KernelLine {
  readonly text: string;
  /** deployment_id= and ironic_api_url=: the disk is exported (agent/deploy). */
  readonly deploy: boolean;
}

/** Reads a file that holds a kernel line; one that was asked for by name must exist. */
export async function readKernelLine(path: string): Promise<string> {
  const bytes = await readCapped(path, LONGEST_FILE);
  if (bytes === undefined && path !== '/proc/cmdline') {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: it does not exist`);
  }
  return bytes?.toString('latin1') ?? '';
}

/**
 * What `run` goes by. With `boot_method=vmedia` the parameters are on a volume that the BMC attached, and win; a volume that
 * cannot be read is said, and the kernel line alone counts. Conductors of 2015 and 2016 write ipa-api-url= beside
 * deployment_id=, and know no lookup that we could do: the deploy ramdisk's work goes first, unless razor.dialect= says ironic.
 */
export async function bootParameters(path: string, live: boolean, host: Host): Promise<KernelLine> {
  let text = await readKernelLine(path);
  let words = parseParameters(text);
  if (wantsVirtualMedia(words)) {
    const more = await readMedia(live, host);
    text = `${text.trimEnd()} ${more}`;
    words = parseParameters(`${more} ${text}`); // the first one counts here
  }
  const chosen = words.get('razor.dialect')?.toLowerCase();
  return { text, deploy: asksForDeploy(words) && chosen !== 'ironic' };
}

async function readMedia(live: boolean, host: Host): Promise<string> {
  const log = createLog({ people: (line) => host.err(`${line}\n`) });
  const system = createSystem({ live, log });
  const place = await mkdtemp(join(tmpdir(), 'razor-mk-vmedia-'));
  try {
    const { readVirtualMedia } = await import('../deploy/virtual-media.ts');
    const media = await readVirtualMedia({ system, clock: systemClock, mountPoint: place, signal: host.signal });
    return media.parameters.replaceAll(/\s+/g, ' ').trim();
  } catch (error) {
    host.err(`virtual media: ${messageOf(error)}; going on with the kernel line alone\n`);
    return '';
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
