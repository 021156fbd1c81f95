/** One event for people: a line of a list on the page, and a message of the stream that adds lines to it. */
import type { LabCore } from '../../lab-core.ts';
import type { LabEvent, LabEventType } from '../../lab-events.ts';
import { html, type Html } from '../html.ts';
import { liveIronic } from '../ironic-live.ts';
import { badge, clockTime, type Tone } from '../layout.ts';
import { nodeName } from '../node-state.ts';

const TONES: Readonly<Record<LabEventType, Tone>> = {
  started: 'grey',
  checkin: 'blue',
  registered: 'green',
  tagged: 'grey',
  bound: 'amber',
  protected: 'violet',
  command: 'amber',
  boot: 'blue',
  callback: 'amber',
  state: 'amber',
  image: 'grey',
  expired: 'grey',
  merged: 'violet',
  conflict: 'red',
  removed: 'grey',
  allowed: 'violet',
  changed: 'grey',
  log: 'grey',
  refused: 'red',
  failed: 'red',
};

/** The name of a node by its UUID; the UUID itself for an unknown one. */
export type TitleOf = (uuid: string) => string;

/** Reads the names of nodes from the store. */
export function storedTitles({ store }: LabCore): TitleOf {
  return (uuid) => {
    const node = store.nodes.get(uuid);
    return node ? nodeName(store.nodes.facts(node.id), store.nodes.hwIds(node.id)) : uuid;
  };
}

/** Where an event's subject has its page, and what it is called. */
function subjectOf(event: LabEvent, titleOf: TitleOf): { readonly path: string; readonly title: string } | undefined {
  const ironic = event.details?.['ironic'];
  if (typeof ironic === 'string') return { path: `/ironic/${encodeURIComponent(ironic)}`, title: ironic };
  if (event.node === undefined) return undefined;
  return { path: `/nodes/${encodeURIComponent(event.node)}`, title: titleOf(event.node) };
}

/** Equal events in a row: the newest of them, when the first one was, and how many there were. */
export interface Folded {
  readonly event: LabEvent;
  readonly since: number;
  readonly times: number;
}

/** Equal events in a row become one, so that repetition hides no news. Oldest first. */
export function foldEvents(events: readonly LabEvent[]): readonly Folded[] {
  const folded: Folded[] = [];
  for (const event of events) {
    const before = folded.at(-1);
    const same = before?.event.type === event.type && before.event.node === event.node;
    if (before !== undefined && same && before.event.message === event.message)
      folded[folded.length - 1] = { event, since: before.since, times: before.times + 1 };
    else folded.push({ event, since: event.at, times: 1 });
  }
  return folded;
}

/** Events as a line of a list; with a link to its subject where `titleOf` is given. */
export function eventLine({ event, since, times }: Folded, titleOf?: TitleOf): Html {
  const subject = titleOf && subjectOf(event, titleOf);
  const node = subject && html`<a href="${subject.path}">${subject.title}</a> `;
  const often = times > 1 ? html` <span class="quiet">${times} times since ${clockTime(since)}</span>` : undefined;
  return html`<li>
    <time datetime="${new Date(event.at).toISOString()}">${clockTime(event.at)}</time
    ><span>${badge(TONES[event.type], event.type)}</span><span class="said">${node}${messageOf(event)}${often}</span>
  </li>`;
}

/** The message without the node's name, which stands beside it. */
function messageOf(event: LabEvent): string {
  return event.message.replace(/^ironic [\w-]+: /, '');
}

/** An event as the page's script gets it: a server-sent event (HTML Living Standard 9.2). */
export function eventMessage(event: LabEvent, titleOf: TitleOf): string {
  const message = {
    at: clockTime(event.at),
    type: event.type,
    tone: TONES[event.type],
    ...subjectOf(event, titleOf),
    text: messageOf(event),
    ironic: event.details?.['ironic'] === undefined ? undefined : liveIronic(event),
  };
  return `id: ${event.seq}\ndata: ${JSON.stringify(message)}\n\n`;
}
