/** Identities as nodes send them. */
import { hasControl } from '../listeners/request-body.ts';

/** More ids than a machine has; a request with more is refused. */
export const MOST_HW_IDS = 64;

/**
 * Ids as the lab keeps them: upper case, no separators within a MAC, no empty ones, no doubles. The original compares
 * as it was sent at check-in and normalises at boot only, which sends a node with lower-case ids into a reboot loop;
 * a faithful lab does the same (docs/contracts/razor-0.x.md#what-breaks-a-plausible-agent, 2).
 */
export function normaliseHwId(hwId: string): string {
  const upper = hwId.trim().toUpperCase();
  const bare = upper.replaceAll(/[:.-]/g, '');
  return /^[0-9A-F]{12}$/.test(bare) ? bare : upper.replaceAll(':', '');
}

/** The ids of a `_`-joined string, or of a list. */
export function splitHwIds(raw: string | readonly string[], faithful: boolean): string[] {
  // as every agent sends them: nothing to normalise
  if (typeof raw === 'string' && /^[0-9A-F]{12}$/.test(raw)) return [raw];
  const parts = typeof raw === 'string' ? raw.split('_') : [...raw];
  if (!faithful) return [...new Set(parts.map(normaliseHwId).filter((part) => part !== ''))];
  while (parts.at(-1) === '') parts.pop(); // Ruby's split drops empty fields at the end only
  return [...new Set(parts)];
}

/** Ids that may be kept: short, printable. */
export function acceptableHwIds(hwIds: readonly string[]): boolean {
  return hwIds.length <= MOST_HW_IDS && hwIds.every((hwId) => hwId.length <= 64 && !hasControl(hwId));
}
