/** The demonstration's story: what agent and lab say, turned into lines for people, and what it comes to in the end. */
import type { LabEvent } from '../lab-events.ts';

/** One JSON line of `razor-mk run --events`; fields by event. */
export interface AgentLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Scene {
  /** Milliseconds since the demonstration began. */
  readonly ms: number;
  readonly who: 'demo' | 'lab' | 'agent';
  readonly text: string;
}

export interface Summary {
  readonly event: 'summary';
  readonly registered: boolean;
  readonly bound: boolean;
  readonly lastCommand: string | undefined;
  /** Facts that were sent. */
  readonly facts: number;
  /** Milliseconds that one gathering took. */
  readonly factsMs: number | undefined;
  readonly tags: readonly string[];
  readonly policy: string | undefined;
  readonly commands: readonly string[];
  readonly server: string | undefined;
  readonly seconds: number;
  /** Why the policy fitted, in the lab's words. */
  readonly whyFitted: string | undefined;
  /** What would have made it miss. */
  readonly wouldMiss?: string | undefined;
}

interface Story {
  agent(line: AgentLine): void;
  lab(event: LabEvent): void;
  note(text: string): void;
  summary(): Summary;
  /** Everything that had to happen has happened. */
  readonly complete: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(text).filter((word) => word !== '') : []);

/** What the agent says, for people; undefined for what they need not see. */
function agentSentence(line: AgentLine): string | undefined {
  switch (line.event) {
    case 'discovered':
      return `found its server ${text(line['server'])}: ${text(line['source'])}`;
    case 'collected':
      return `gathered ${text(line['facts'])} facts in ${Number(line['durationMs']).toFixed(1)} ms; I am ${text(line['nodeId'])}`;
    case 'checkin':
      return `checked in${line['firstCheckin'] === true ? ' for the first time' : ''} and was told: ${text(line['command'])}`;
    case 'command':
      return list(line['plan']).length > 0
        ? `${text(line['name'])} means: ${list(line['plan']).join('; ')}`
        : undefined;
    case 'registered':
      return `registered with ${text(line['facts'])} facts (${text(line['reason'])})`;
    case 'config':
      return configSentence(line);
    case 'would':
      return `would ${text(line['what'])}; this is not a microkernel, so nothing is done`;
    case 'error':
    case 'warning':
      return `${line.event}: ${text(line['message'])}`;
    default:
      return undefined;
  }
}

function configSentence(line: AgentLine): string | undefined {
  const applied = Array.isArray(line['applied']) ? (line['applied'] as { key?: unknown; to?: unknown }[]) : [];
  if (applied.length === 0) return undefined;
  const some = applied.slice(0, 2).map((change) => `${text(change.key)} = ${JSON.stringify(change.to)}`);
  const more = applied.length - some.length;
  return `took over what the server pushed: ${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Follows the story. `tell` gets each line as it happens, `now` gives monotonic milliseconds. */
export function createStory(tell: (scene: Scene) => void, now: () => number): Story {
  const began = now();
  let registered = false;
  let bound = false;
  let facts = 0;
  let factsMs: number | undefined;
  let server: string | undefined;
  let policy: string | undefined;
  let whyFitted: string | undefined;
  let tags: readonly string[] = [];
  let would = false;
  const commands: string[] = [];
  const say = (who: Scene['who'], sentence: string | undefined): void => {
    if (sentence !== undefined) tell({ ms: now() - began, who, text: sentence });
  };
  return {
    agent(line) {
      if (line.event === 'discovered') server = text(line['server']);
      if (line.event === 'collected' && typeof line['durationMs'] === 'number') factsMs ??= line['durationMs'];
      if (line.event === 'checkin') commands.push(text(line['command']));
      if (line.event === 'registered') {
        registered = true;
        facts = Number(line['facts']);
      }
      if (line.event === 'would' && /reboot/.test(text(line['what']))) would = true;
      say('agent', agentSentence(line));
    },
    lab(event) {
      if (event.type === 'bound') {
        bound = true;
        whyFitted = /^bound to .*? \(model .*?\): (.*)$/.exec(event.message)?.[1];
        policy = text(event.details?.['policyLabel']) || /^bound to (.*?) \(model/.exec(event.message)?.[1];
      }
      if (event.type === 'tagged' || event.type === 'registered')
        tags = list(event.details?.['tags']).length > 0 ? list(event.details?.['tags']) : tags;
      say('lab', event.message);
    },
    note: (sentence) => say('demo', sentence),
    get complete() {
      return registered && bound && would && commands.at(-1) === 'reboot';
    },
    summary: () => ({
      event: 'summary',
      registered,
      bound,
      lastCommand: commands.at(-1),
      facts,
      factsMs,
      tags,
      policy,
      whyFitted,
      commands,
      server,
      seconds: Math.round((now() - began) / 10) / 100,
    }),
  };
}
