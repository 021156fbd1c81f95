/** tgtd where it is installed, else the kernel's target. */
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { exportByLio, hasLio } from './target-lio.ts';
import { exportByTgt, hasTgt, type TgtParts } from './target-tgt.ts';
import type { Target, TargetOptions } from './target.ts';

/** The way in which a disk is exported. Throws RAZOR_MK_DEPLOY where there is none. */
export async function chooseTarget(
  wanted: 'tgt' | 'lio' | undefined,
  parts: TgtParts,
): Promise<(options: TargetOptions) => Promise<Target>> {
  const tgt = (options: TargetOptions): Promise<Target> => exportByTgt(options, parts);
  const lio = (options: TargetOptions): Promise<Target> => exportByLio(options, parts);
  if (wanted === 'tgt' || (wanted === undefined && (await hasTgt()))) return tgt;
  if (wanted === 'lio' || hasLio()) return lio;
  if (!parts.system.live) return tgt;
  throw new RazorMkError('RAZOR_MK_DEPLOY', 'there is no iSCSI target: neither tgtd nor the kernel’s', {
    remedy: 'Build the image with the extension tgt.tcz, or with the module iscsi_target_mod.',
  });
}
