/** A node of the conductor as the page's script shows it while it changes. */
import type { IronicState } from '../ironic/board.ts';
import type { LabEvent } from '../lab-events.ts';
import type { Tone } from './layout.ts';

/** The colour of each state. */
export const IRONIC_TONES: Readonly<Record<IronicState, Tone>> = {
  'deploy wait': 'blue',
  deploying: 'amber',
  active: 'green',
  'deploy failed': 'red',
};

/** What the script needs of an event to keep a node's line up to date. */
export function liveIronic(event: LabEvent): Record<string, unknown> {
  const { ironic, state, error, progress, since } = event.details ?? {};
  const tone = IRONIC_TONES[state as IronicState] ?? 'grey';
  return { uuid: ironic, state, tone, error: error ?? '', progress: progress ?? null, since };
}
