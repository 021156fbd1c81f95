/** The log: a list of events, to which the page's script adds what comes (log-stream.ts). */
import type { LabCore } from '../../lab-core.ts';
import type { LabEvent } from '../../lab-events.ts';
import { eventLine, foldEvents, storedTitles } from './event-line.ts';
import { html, type Html } from '../html.ts';

/** Lines on the page when it is opened. */
const LINES = 200;
const LINES_OF_ONE = 60;

/** What a list is narrowed to: one node, one node of the conductor, or all of the conductor's (`*`). */
export interface EventFilter {
  readonly node?: string;
  readonly ironic?: string;
}

/** A card with the events, newest first; the script adds to it what comes later. */
export function eventList(core: LabCore, events: readonly LabEvent[], only: EventFilter = {}): Html {
  const query = new URLSearchParams({ after: String(core.events.last), ...only });
  const stream = `/log/stream?${query.toString()}`;
  const withNode = only.node === undefined && (only.ironic === undefined || only.ironic === '*');
  const shown = foldEvents(events)
    .slice(-(only.node === undefined ? LINES : LINES_OF_ONE))
    .toReversed();
  const lines = shown.map((folded) => eventLine(folded, withNode ? storedTitles(core) : undefined));
  return html`<section class="card">
    <header>
      <h2>What happened</h2>
      <span class="pulse needs-script">connecting</span>
    </header>
    <ol class="log" data-stream="${stream}" data-links="${withNode ? 'yes' : 'no'}">
      ${lines}
    </ol>
    ${lines.length === 0 ? html`<div class="empty" data-no-events>Nothing yet.</div>` : undefined}
  </section>`;
}

/** The page of all events. */
export function logPage(core: LabCore): Html {
  return html`<h1>Log</h1>
    <p class="lead">What nodes asked, what the lab answered and why. Times are UTC; the newest is on top.</p>
    ${eventList(core, core.events.since(0))}`;
}
