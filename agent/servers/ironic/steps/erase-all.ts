/**
 * Erasing all disks of the machine, whatever is done to each. Only where the operator allowed it, and never what can be taken out, is
 * no part of the machine, or is on the server's list. Any other disk that is not erased makes the step fail: a node that counts as
 * clean is handed to the next tenant.
 */
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { parseSwitch } from '../../../config/switch.ts';
import type { Disk } from '../../../disks/disks.ts';
import { changed } from '../live.ts';
import type { CommandContext, Params } from '../ironic-options.ts';

/** What is said where cleaning erases nothing. */
export const NOT_ERASED = 'nothing was erased: razor.allow_erase=1 is not on the kernel line of this node';

/** Throws RAZOR_MK_COMMAND where this node's disks must not be erased, or not with what its kernel line asks for. */
export function mustBeAllowed({ settings, kernel }: CommandContext): void {
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
}

/** What becomes of a disk: it is erased, left for a reason, or its reason is a failure. */
type Verdict = { readonly act: 'erase' } | { readonly act: 'leave' | 'fail'; readonly why: string };

/** Judges a disk. `readOnlyToo`: a read-only disk may be left as it is. Pure. */
export function verdictOf(disk: Disk, readOnlyToo: boolean): Verdict {
  const { refused, spared } = disk;
  if (refused !== undefined && spared !== 'zones') {
    const leave = spared !== undefined && (spared !== 'read-only' || readOnlyToo);
    return { act: leave ? 'leave' : 'fail', why: refused };
  }
  if (disk.composed === true) return { act: 'leave', why: 'composed of other devices' };
  if (disk.removable === true) return { act: 'leave', why: 'it can be taken out' };
  return { act: 'erase' };
}

interface EraseAll {
  /** In words, after "would": `erase all of`. */
  readonly what: string;
  /** So many disks at the same time. */
  readonly atOnce: number;
  /** Erases one disk, whose other names are `twins`, and says what was done to it. */
  readonly erase: (disk: Disk, twins: readonly Disk[]) => Promise<string>;
}

interface Outcome {
  readonly done: Record<string, string>;
  readonly failed: string[];
  erased: number;
}

/**
 * Erases every disk that is to be erased, and tells of each on the console. Resolves to what became of each, by its path. Throws
 * RAZOR_MK_COMMAND where one was not erased that should have been, with what became of the others.
 */
export async function eraseAll(context: CommandContext, work: EraseAll): Promise<Readonly<Record<string, string>>> {
  mustBeAllowed(context);
  const readOnlyToo = mayLeaveReadOnly(driverInfo(context));
  const outcome: Outcome = { done: {}, failed: [], erased: 0 };
  const wanted: Disk[] = [];
  for (const disk of await context.listDisks()) {
    const verdict = verdictOf(disk, readOnlyToo);
    if (verdict.act === 'leave') outcome.done[disk.path] = `left as it is: ${verdict.why}`;
    else if (verdict.act === 'fail') outcome.failed.push(`${disk.path}: ${verdict.why}`);
    else wanted.push(disk);
  }
  const groups = bySameDisk(wanted);
  const worker = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift())
      await eraseGroup(group, work, outcome, context);
  };
  await Promise.all(Array.from({ length: work.atOnce }, worker));
  for (const line of [...describe(outcome.done), ...outcome.failed.map((each) => `NOT erased: ${each}`)]) {
    context.say(`Ironic: ${line}`);
    context.log.info(line);
  }
  if (outcome.failed.length > 0) {
    const others = [outcome.failed.join('; '), ...describe(outcome.done)].join('; ');
    throw new RazorMkError('RAZOR_MK_COMMAND', `not erased: ${others}`);
  }
  return outcome.erased === 0 ? nothingErased(outcome.done, context) : outcome.done;
}

/** One disk under several names is erased once, and held under each of them. */
function bySameDisk(disks: readonly Disk[]): (readonly [Disk, ...Disk[]])[] {
  const groups = Map.groupBy(disks, ({ wwnWithExtension, path }) => wwnWithExtension || path);
  return [...groups.values()] as [Disk, ...Disk[]][];
}

async function eraseGroup(
  [disk, ...twins]: readonly [Disk, ...Disk[]],
  { what, erase }: EraseAll,
  outcome: Outcome,
  { system }: CommandContext,
): Promise<void> {
  try {
    // a regular file changes nothing of the machine
    const device = disk.path.startsWith('/dev/');
    const act = (): Promise<string> => erase(disk, twins);
    outcome.done[disk.path] = device ? await changed(system, `${what} ${disk.path}`, act) : await act();
    if (device) await system.run(`read the partitions of ${disk.path} again`, ['blockdev', '--rereadpt', disk.path]);
    for (const { path } of twins) outcome.done[path] = `it is the same disk as ${disk.path}`;
    outcome.erased += 1;
  } catch (error) {
    outcome.failed.push(`${disk.path}: ${messageOf(error)}`);
  }
}

function nothingErased(
  outcome: Readonly<Record<string, string>>,
  { settings, say }: CommandContext,
): Readonly<Record<string, string>> {
  const what = `nothing was erased: ${describe(outcome).join('; ') || 'this machine has no disk'}`;
  if (settings.requireErase) throw new RazorMkError('RAZOR_MK_COMMAND', what);
  say(`Ironic: ${what}`);
  return { ...outcome, result: what };
}

function describe(outcome: Readonly<Record<string, string>>): string[] {
  return Object.entries(outcome).map(([path, what]) => `${path}: ${what}`);
}

/** What the conductor says of erasing. Empty where it has said nothing. */
export function driverInfo({ node }: CommandContext): Params {
  return node?.driver_internal_info ?? {};
}

/** A truth of the conductor's. Throws RAZOR_MK_COMMAND for anything else than true, false, or nothing. */
export function truthOf(info: Params, key: string, byDefault: boolean): boolean {
  const word = info[key] ?? byDefault;
  if (typeof word === 'boolean') return word;
  throw new RazorMkError('RAZOR_MK_COMMAND', `${key} of the server is neither true nor false`);
}

/** The server says whether read-only disks may be passed over; ironic of before 2021 says nothing. */
function mayLeaveReadOnly(info: Params): boolean {
  return truthOf(info, 'agent_erase_skip_read_only', true);
}
