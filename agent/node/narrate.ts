/** Events as lines for people. */
import type { AgentEvent } from '../loop/events.ts';

/**
 * Lines for one run of the agent. What comes again as it was before is not told again: an idle node says once why it
 * waits, and not once a turn for days.
 */
export function createNarrator(): (event: AgentEvent) => string | undefined {
  let waited: string | undefined;
  return (event) => {
    if (event.event !== 'waiting') return narrate(event);
    const again = event.reason === waited;
    waited = event.reason;
    return again ? undefined : narrate(event);
  };
}

/** One line, or undefined for an event that the log has told already. */
export function narrate(event: AgentEvent): string | undefined {
  switch (event.event) {
    case 'started':
      return `razor-mk ${event.version}, dialect ${event.dialect}, ${event.live ? 'live' : 'dry: nothing on this machine is changed'}, state in ${event.stateDir}`;
    case 'step':
      return event.state === 'done' ? `${event.name}: ${event.note}` : undefined;
    case 'loaded':
      return undefined;
    case 'discovered':
      return `server ${event.server}, found by ${event.source}${event.candidates.length > 1 ? `; others: ${event.candidates.slice(1).join(', ')}` : ''}`;
    case 'collected': {
      const who = event.nodeId === '' ? 'without identity' : event.nodeId;
      const note = event.note === undefined ? '' : ` (${event.note})`;
      return `${event.facts} facts in ${Math.round(event.durationMs)} ms, this machine is ${who}${note}`;
    }
    case 'checkin':
      if (event.asked === false) return undefined;
      return `checked in${event.firstCheckin ? ' for the first time' : ''}: the server says ${event.command} (${Math.round(event.durationMs)} ms)`;
    case 'command':
      return event.name === 'acknowledge' ? undefined : `${event.name}: ${event.plan.join(', ')}`;
    case 'registered':
      return `registered with ${event.facts} facts: ${event.reason} (${Math.round(event.durationMs)} ms)`;
    case 'config':
      return `configuration: ${event.applied.length} keys changed, ${event.refused.length} refused`;
    case 'reported':
      return `${event.server} took ${event.facts} facts${event.node === undefined ? '' : `: this machine is node ${event.node}`} (${Math.round(event.durationMs)} ms)`;
    case 'serving':
      return `node ${event.node} of ${event.server}: commands are taken at ${event.callback}`;
    case 'heartbeat':
      return `heartbeat taken (${Math.round(event.durationMs)} ms)`;
    case 'waiting':
      return `waiting ${(event.ms / 1000).toFixed(1)} s: ${event.reason}`;
    case 'listening':
      return `listening for orders on ${event.url}, for ${event.to.join(', ') || 'nobody'}`;
    case 'stopped':
      return `stopped after ${event.turns} turns: ${event.reason}`;
    case 'command-failed':
    case 'config-rollback':
    case 'leaving':
    case 'would':
    case 'did':
    case 'warning':
    case 'error':
      return undefined;
  }
}
