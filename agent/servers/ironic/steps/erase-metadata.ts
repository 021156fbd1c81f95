/**
 * Takes a disk's partition tables and the marks of its file systems away, so that nothing of the last tenant boots or is
 * assembled. Only where the operator allowed it, and never what can be taken out, is no part of the machine, or is on the
 * server's list. Any other disk that is not erased makes the step fail: a node that counts as clean is handed to the next tenant.
 */
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { parseSwitch } from '../../../config/switch.ts';
import type { Settings } from '../../../config/settings.ts';
import type { Disk } from '../../../disks/disks.ts';
import { changed } from '../live.ts';
import type { CommandContext, ConductorNode, IronicStep } from '../ironic-options.ts';
import { eraseEnds } from './erase-ends.ts';

/** ironic-python-agent's, with which automated cleaning runs it. */
const PRIORITY = 99;

/** What is said where cleaning erases nothing. */
export const NOT_ERASED = 'nothing was erased: razor.allow_erase=1 is not on the kernel line of this node';

export const eraseMetadata: IronicStep = {
  name: 'erase_devices_metadata',
  kinds: ['clean', 'service'],
  priority: ({ allowErase, requireErase }: Settings) => (allowErase || requireErase ? PRIORITY : 0),
  interface: 'deploy',
  abortable: true,
  run: async (_call, context) => {
    const { settings, kernel } = context;
    if (!settings.allowErase) {
      throw new RazorMkError('RAZOR_MK_COMMAND', NOT_ERASED, {
        remedy: 'Give razor.allow_erase=1 on the kernel line of nodes whose disks may be erased.',
      });
    }
    if (parseSwitch(kernel.value('ipa-guard-special-filesystems')) === true) {
      throw new RazorMkError('RAZOR_MK_COMMAND', 'shared file systems are not recognised here: nothing was erased', {
        remedy: 'Take ipa-guard-special-filesystems off the kernel line, or clean this node with ironic-python-agent.',
      });
    }
    return await eraseAll(context);
  },
};

/** What becomes of a disk: it is erased, left for a reason, or its reason is a failure. */
type Verdict = { readonly act: 'erase' } | { readonly act: 'leave' | 'fail'; readonly why: string };

/** Judges a disk. `readOnlyToo`: a read-only disk may be left as it is. Pure. */
export function verdictOf(disk: Disk, readOnlyToo: boolean): Verdict {
  const { refused, spared } = disk;
  if (refused !== undefined) {
    const leave = spared !== undefined && (spared !== 'read-only' || readOnlyToo);
    return { act: leave ? 'leave' : 'fail', why: refused };
  }
  if (disk.composed === true) return { act: 'leave', why: 'composed of other devices' };
  if (disk.removable === true) return { act: 'leave', why: 'it can be taken out' };
  return { act: 'erase' };
}

async function eraseAll(context: CommandContext): Promise<Readonly<Record<string, string>>> {
  const readOnlyToo = mayLeaveReadOnly(context.node);
  const outcome: Record<string, string> = {};
  const failed: string[] = [];
  let erased = 0;
  for (const disk of await context.listDisks()) {
    const verdict = verdictOf(disk, readOnlyToo);
    if (verdict.act === 'leave') outcome[disk.path] = `left as it is: ${verdict.why}`;
    else if (verdict.act === 'fail') failed.push(`${disk.path}: ${verdict.why}`);
    else {
      try {
        outcome[disk.path] = await eraseOne(disk, context);
        erased += 1;
      } catch (error) {
        failed.push(`${disk.path}: ${messageOf(error)}`);
      }
    }
  }
  for (const [path, what] of Object.entries(outcome)) context.log.info(`${path}: ${what}`);
  if (failed.length > 0) {
    const others = Object.keys(outcome).length === 0 ? '' : `; ${describe(outcome)}`;
    throw new RazorMkError('RAZOR_MK_COMMAND', `not erased: ${failed.join('; ')}${others}`);
  }
  if (erased === 0) return nothingErased(outcome, context);
  return outcome;
}

function nothingErased(
  outcome: Readonly<Record<string, string>>,
  { settings, say }: CommandContext,
): Readonly<Record<string, string>> {
  const what = `nothing was erased: ${describe(outcome) || 'this machine has no disk'}`;
  if (settings.requireErase) throw new RazorMkError('RAZOR_MK_COMMAND', what);
  say(`Ironic: ${what}`);
  return { ...outcome, result: what };
}

function describe(outcome: Readonly<Record<string, string>>): string {
  return Object.entries(outcome)
    .map(([path, what]) => `${path}: ${what}`)
    .join('; ');
}

/** The server says whether read-only disks may be passed over; ironic of before 2021 says nothing. */
function mayLeaveReadOnly(node: ConductorNode | undefined): boolean {
  const { agent_erase_skip_read_only: word } = node?.driver_internal_info ?? {};
  if (word === undefined || word === null) return true;
  if (typeof word === 'boolean') return word;
  throw new RazorMkError('RAZOR_MK_COMMAND', 'agent_erase_skip_read_only of the server is neither true nor false');
}

async function eraseOne(disk: Disk, { system, progress }: CommandContext): Promise<string> {
  progress(`erasing the metadata of ${disk.path}`);
  // a regular file changes nothing of the machine
  if (!disk.path.startsWith('/dev/')) return await eraseEnds(disk);
  const what = `erase the partition tables and file system marks of ${disk.path}`;
  const result = await changed(system, what, () => eraseEnds(disk));
  await system.run(`read the partitions of ${disk.path} again`, ['blockdev', '--rereadpt', disk.path]);
  return result;
}
