/** The kernel line, with the parameters of Ironic's virtual media behind it, and whether the deploy ramdisk's work is asked for. */
import { systemClock } from '../../platform/time/clock.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { parseCommandLine } from '../../platform/kernel-line.ts';
import { readCapped } from '../../platform/files.ts';
import { createLog } from '../../platform/log/log.ts';
import { createSystem } from '../../platform/system.ts';
import type { Host } from '../../platform/process/verb.ts';
import {
  asksForDeploy,
  parseParameters,
  wantsVirtualMedia,
} from '../servers/ironic-2014/parameters/deploy-parameters.ts';
import type { DeploySource } from '../servers/ironic-2014/parameters/deploy-source.ts';

const LONGEST_FILE = 1024 * 1024;

export interface KernelLine {
  readonly text: string;
  /** deployment_id= and ironic_api_url=: the disk is exported (agent/deploy). */
  readonly deployment: DeploySource | undefined;
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
  const text = await readKernelLine(path);
  const source = await readWish(text, live, host);
  // behind the line: the last of doubled words counts, for every reader but the ramdisk's own
  const whole = source.media === '' ? text : `${text.trimEnd()} ${source.media}`;
  const chosen = parseCommandLine(whole).value('razor.dialect')?.toLowerCase();
  const deployment = asksForDeploy(source.words) && chosen !== 'ironic' ? source : undefined;
  return { text: whole, deployment };
}

async function readWish(text: string, live: boolean, host: Host): Promise<DeploySource> {
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
