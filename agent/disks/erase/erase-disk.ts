/**
 * Erases one disk whole: by its own means where it has some, else by discarding, else by overwriting. Capability first, then the
 * act, then a look at the disk, which decides.
 */
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { Disk } from '../disks.ts';
import { eraseAta, isAta } from './ata.ts';
import type { Attempt, EraseTools } from './attempt.ts';
import { claimDisk, type ClaimedDisk } from './claimed-disk.ts';
import { discardAll, isZoned, resetZones } from './discard.ts';
import { eraseNvme } from './nvme.ts';
import { overwrite, type Passes } from './overwrite.ts';
import { lookAgain, takeEvidence, type Evidence } from './read-back.ts';

export interface EraseRules {
  /** Whether NVMe's format and sanitize, and ATA's secure erase, are tried. */
  readonly nvme: boolean;
  readonly ata: boolean;
  /** Whether a disk whose own secure erase failed is overwritten. Otherwise it is not erased. */
  readonly goOn: boolean;
  readonly passes: Passes;
}

interface EraseRequest {
  readonly disk: Disk;
  /** Other names of the same disk. */
  readonly twins: readonly Disk[];
  readonly rules: EraseRules;
  readonly tools: EraseTools;
  /** Only by the disk's own secure erase or by zones. */
  readonly quick?: boolean;
}

/** A way that is tried, and what its end must look like. */
interface Way {
  readonly act: () => Promise<Attempt>;
  /** The disk's own secure erase: where it fails the disk is not to be trusted with less, unless the server says so. */
  readonly secure: boolean;
  /** Nothing but zeros, or ones alone, may be read. Otherwise nothing that was there before. */
  readonly blank: boolean;
}

/** Does it, and says how. Throws RAZOR_MK_COMMAND where the disk is not erased, with everything that was tried. */
export async function eraseDisk(request: EraseRequest): Promise<string> {
  const claimed = await claimDisk(request.disk, request.twins);
  try {
    return await eraseClaimed(claimed, request);
  } finally {
    await claimed.close();
  }
}

async function eraseClaimed(claimed: ClaimedDisk, request: EraseRequest): Promise<string> {
  const { disk, rules, tools } = request;
  const zoned = isZoned(disk, tools.root);
  const evidence = await takeEvidence(claimed, !zoned);
  const tried: string[] = [];
  for (const way of waysFor(request, zoned)) {
    const attempt = await way.act();
    const why =
      attempt.is === 'done' ? await whyNotErased(claimed, evidence, { ...way, how: attempt.how }) : attempt.why;
    if (attempt.is === 'done' && why === undefined) return told(attempt.how, evidence, tried);
    tried.push(why ?? '');
    if (attempt.is !== 'unsupported' && way.secure && !rules.goOn)
      throw new RazorMkError('RAZOR_MK_COMMAND', `${tried.join('; ')} (the server wants no other way)`);
  }
  if (zoned) throw new RazorMkError('RAZOR_MK_COMMAND', `a zoned disk cannot be overwritten: ${tried.join('; ')}`);
  if (request.quick === true)
    throw new RazorMkError('RAZOR_MK_COMMAND', tried.join('; ') || 'the server wants no secure erase');
  const how = await overwrite(claimed, { ...rules.passes, progress: tools.progress, signal: tools.signal }).catch(
    (error: unknown) => {
      throw new RazorMkError('RAZOR_MK_COMMAND', [messageOf(error), ...tried].join('; '), { cause: error });
    },
  );
  const zeros = rules.passes.zeros || rules.passes.random === 0;
  const why = await whyNotErased(claimed, evidence, { how, blank: false, zeros });
  if (why !== undefined) throw new RazorMkError('RAZOR_MK_COMMAND', [why, ...tried].join('; '));
  return told(how, evidence, tried);
}

function waysFor({ disk, rules, tools, quick = false }: EraseRequest, zoned: boolean): readonly Way[] {
  if (zoned) return [{ act: () => resetZones(disk, tools), secure: false, blank: true }];
  const nvme = disk.name.startsWith('nvme');
  return [
    ...(nvme && rules.nvme ? [{ act: () => eraseNvme(disk, tools), secure: true, blank: false }] : []),
    ...(isAta(disk) && rules.ata ? [{ act: () => eraseAta(disk, tools), secure: true, blank: false }] : []),
    // who wants more than one pass wants the disk written
    ...(rules.passes.random <= 1 && !quick ? [{ act: () => discardAll(disk, tools), secure: false, blank: true }] : []),
  ];
}

interface Expectation {
  readonly how: string;
  readonly blank: boolean;
  readonly zeros?: boolean;
}

/** What a look at the disk says against it, in words; undefined where it is erased. */
async function whyNotErased(
  claimed: ClaimedDisk,
  evidence: Evidence,
  { how, blank, zeros = false }: Expectation,
): Promise<string | undefined> {
  const found = await lookAgain(claimed, evidence);
  if (found.unchanged > 0) return `${how}: it ended well, and what was there before is still there`;
  const wrong = zeros ? found.notZero : blank ? found.written : 0;
  return wrong === 0 ? undefined : `${how}: ${wrong} of ${found.places} places are not blank afterwards`;
}

function told(how: string, { places }: Evidence, tried: readonly string[]): string {
  const before = tried.length === 0 ? '' : ` (before: ${tried.join('; ')})`;
  return `erased: ${how}; ${places.length} places read back${before}`;
}
