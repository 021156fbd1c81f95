/**
 * Events in words: every line that an event makes, and where it goes. Lines of the log are also the agent's output; the machine's
 * console gets what people in front of it must not have to look for in a log. docs/node.md lists the other lines of the console.
 */
import { asksNothing } from '../commands/acknowledge.ts';
import type { AgentEvent } from '../loop/events.ts';

/** The lines of one event; members are absent where there is nothing to write. */
export interface EventText {
  /** A line of the log, of level info. */
  readonly log?: string;
  /** A line for the console alone: the log has it already, perhaps at a level that is not shown. */
  readonly console?: string;
  /** A line for the console and for the agent's output, whatever the log level. */
  readonly both?: string;
}

/** What was written already, so that an idle node does not say the same for days. */
interface Written {
  waiting: string | undefined;
  server: string | undefined;
  readonly unknown: Set<string>;
}

const LONGEST_NAME = 64;
const LONGEST_MESSAGE = 500;
/** So many unknown commands are named on the console. */
const MOST_UNKNOWN = 20;

/**
 * Words for the events of one agent. What comes again as it was before is left out: the reason of a wait, the server that was
 * found, a command that this agent does not know.
 */
export function createEventText(): (event: AgentEvent) => EventText {
  const written: Written = { waiting: undefined, server: undefined, unknown: new Set() };
  return (event) => ({
    log: isAgain(event, written) ? undefined : logText(event),
    console: consoleText(event, written),
    both: bothText(event, written),
  });
}

function isAgain(event: AgentEvent, written: Written): boolean {
  if (event.event !== 'waiting') return false;
  const again = event.reason === written.waiting;
  written.waiting = event.reason;
  return again;
}

function consoleText(event: AgentEvent, written: Written): string | undefined {
  switch (event.event) {
    case 'leaving':
      return `razor-mk: ${event.what}, because ${event.server} said so. This is the last line.`;
    case 'discovered': {
      const line = `razor-mk: server ${event.server}, found by ${event.source}`;
      const again = line === written.server;
      written.server = line;
      return again ? undefined : line;
    }
    case 'warning':
      return `razor-mk: ${event.message}`;
    case 'config-rollback':
      return `razor-mk: pushed configuration rolled back: ${event.reason}`;
    default:
      return undefined;
  }
}

function bothText(event: AgentEvent, written: Written): string | undefined {
  switch (event.event) {
    case 'command-failed': {
      const what = firstLine(event.message).replace(/\.$/, '');
      return `razor-mk: the command ${event.name} failed: ${what}. What to do: ${event.remedy}`;
    }
    case 'command': {
      if (event.known || written.unknown.has(event.name) || written.unknown.size >= MOST_UNKNOWN) return undefined;
      written.unknown.add(event.name);
      const name = event.name.slice(0, LONGEST_NAME);
      const remedy = 'put an executable of that name into the commands directory, or look at the policy on the server.';
      return `razor-mk: the server asks for the command ${name}, which this agent does not know. What to do: ${remedy}`;
    }
    case 'error': {
      if (event.code !== 'RAZOR_MK_NO_SERVER') return undefined;
      // what each source said is in the log and on the status page
      const [what] = firstLine(event.message).split(':');
      return `discovery: ${what}. Check: ${event.remedy} Trying again, without end.`;
    }
    default:
      return undefined;
  }
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, LONGEST_MESSAGE);
}

/** Undefined for an event that the log has already, or that is no news. */
function logText(event: AgentEvent): string | undefined {
  switch (event.event) {
    case 'started': {
      const how = event.live ? 'live' : 'dry: nothing on this machine is changed';
      return `razor-mk ${event.version}, dialect ${event.dialect}, ${how}, state in ${event.stateDir}`;
    }
    case 'step':
      return event.state === 'done' ? `${event.name}: ${event.note}` : undefined;
    case 'discovered': {
      const others = event.candidates.length > 1 ? `; others: ${event.candidates.slice(1).join(', ')}` : '';
      return `server ${event.server}, found by ${event.source}${others}`;
    }
    case 'collected': {
      const node = event.nodeId === '' ? 'without identity' : event.nodeId;
      const note = event.note === undefined ? '' : ` (${event.note})`;
      return `${event.facts} facts in ${inMs(event)}, this machine is ${node}${note}`;
    }
    case 'checkin': {
      if (event.asked === false) return undefined;
      const first = event.firstCheckin ? ' for the first time' : '';
      return `checked in${first}: the server says ${event.command} (${inMs(event)})`;
    }
    case 'command':
      return asksNothing(event.name) ? undefined : `${event.name}: ${event.plan.join(', ')}`;
    case 'registered':
      return `registered with ${event.facts} facts: ${event.reason} (${inMs(event)})`;
    case 'config':
      return `configuration: ${event.applied.length} ${event.applied.length === 1 ? 'key' : 'keys'} changed, ${event.refused.length} refused`;
    case 'reported': {
      const node = event.node === undefined ? '' : `: this machine is node ${event.node}`;
      return `${event.server} took ${event.facts} facts${node} (${inMs(event)})`;
    }
    case 'serving':
      return `node ${event.node} of ${event.server}: commands are taken at ${event.callback}`;
    case 'heartbeat':
      return `heartbeat taken (${inMs(event)})`;
    case 'waiting':
      return `waiting ${(event.ms / 1000).toFixed(1)} s: ${event.reason}`;
    case 'listening':
      return `listening for orders on ${event.url}, for ${event.to.join(', ') || 'nobody'}`;
    case 'stopped':
      return `stopped after ${event.turns} turns: ${event.reason}`;
    default:
      return undefined;
  }
}

function inMs({ durationMs }: { readonly durationMs: number }): string {
  return `${Math.round(durationMs)} ms`;
}
