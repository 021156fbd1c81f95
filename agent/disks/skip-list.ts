/**
 * Disks that the operator wants left alone: `skip_block_devices` of a node's properties, a list of root device hints
 * (ironic-python-agent, hardware.py: get_skip_list_from_node_for_disks). A list that cannot be read is refused: to pass over a
 * part of it would be to write over what it protects.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Disk } from './disks.ts';
import { mismatch, parseHintObject, type Hint } from './hints.ts';

/** Each entry's hints, all of which must hold. Throws RAZOR_MK_DEPLOY_DISK for what cannot be obeyed. */
export function parseSkipList(value: unknown): readonly (readonly Hint[])[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse('it is not a list');
  return value.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw refuse('an entry has no hints');
    if ('volume_name' in entry) throw refuse('volume_name means a software RAID, which is not known here');
    const hints = parseHintObject(entry as Readonly<Record<string, unknown>>);
    if (hints.length === 0) throw refuse('an entry is empty');
    return hints;
  });
}

/** The same disks, those on the list refused, under each of their names. */
export function applySkipList(disks: readonly Disk[], list: readonly (readonly Hint[])[]): readonly Disk[] {
  if (list.length === 0) return disks;
  const matched = disks.filter((disk) => list.some((hints) => mismatch(disk, hints) === undefined));
  const names = new Set(matched.map(({ wwnWithExtension }) => wwnWithExtension).filter((name) => name !== ''));
  return disks.map((disk) =>
    matched.includes(disk) || names.has(disk.wwnWithExtension)
      ? { ...disk, refused: 'the server wants it left alone (skip_block_devices)', spared: 'skip-list' }
      : disk,
  );
}

function refuse(why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_DISK', `skip_block_devices: ${why}: no disk is touched`, {
    remedy: 'Write properties/skip_block_devices as a list of root device hints, [{"serial": "…"}].',
  });
}
