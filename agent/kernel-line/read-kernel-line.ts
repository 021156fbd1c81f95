/** The kernel line, with the parameters of Ironic's virtual media behind it. */
import { systemClock } from '../../platform/time/clock.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { createLog } from '../../platform/log/log.ts';
import { createSystem } from '../../platform/system.ts';
import type { Host } from '../../platform/process/verb.ts';
import { parseParameters, wantsVirtualMedia } from '../servers/ironic-2014/parameters/deploy-parameters.ts';
import type { DeploySource } from '../servers/ironic-2014/parameters/deploy-source.ts';

const LONGEST_FILE = 1024 * 1024;

interface KernelLine {
  readonly text: string;
  /** The line and the virtual media apart, for the deploy ramdisk, which reads them by rules of its own. */
  readonly source: DeploySource;
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
 * cannot be read is logged, and the kernel line alone counts.
 */
export async function bootParameters(path: string, live: boolean, host: Host): Promise<KernelLine> {
  const line = await readKernelLine(path);
  const source = await readSources(line, live, host);
  // the last of doubled words counts on a kernel line
  return { text: source.media === '' ? line : `${line.trimEnd()} ${source.media}`, source };
}

async function readSources(text: string, live: boolean, host: Host): Promise<DeploySource> {
  const words = parseParameters(text);
  if (!wantsVirtualMedia(words)) return { text, words, token: undefined, media: '' };
  const log = createLog({ people: (line) => host.err(`${line}\n`) });
  try {
    const { readSource } = await import('../servers/ironic-2014/parameters/deploy-source.ts');
    return await readSource(text, { system: createSystem({ live, log }), clock: systemClock, signal: host.signal });
  } catch (error) {
    host.signal.throwIfAborted();
    host.err(`virtual media: ${messageOf(error)}; going on with the kernel line alone\n`);
    return { text, words, token: undefined, media: '' };
  }
}
