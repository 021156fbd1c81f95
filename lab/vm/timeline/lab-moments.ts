/** Which of the lab's events belong on a machine's timeline, and as what. */
import type { LabEvent } from '../../lab-events.ts';
import type { Phase } from './timeline.ts';

const PHASES: Readonly<Partial<Record<LabEvent['type'], Phase>>> = {
  boot: 'boot API',
  checkin: 'check-in',
  registered: 'register',
  tagged: 'tags',
  bound: 'policy',
  callback: 'callback',
};

/** Phase and text of an event, or undefined for what is no step of the journey. */
export function labMoment(event: LabEvent): { phase: Phase; text: string } | undefined {
  const boot = event.details?.['boot'];
  if (event.type === 'boot' && boot === 'installer') return { phase: 'installer', text: event.message };
  if (event.type === 'boot' && boot === 'local') return { phase: 'local boot', text: event.message };
  const phase = PHASES[event.type];
  return phase && { phase, text: event.message };
}
