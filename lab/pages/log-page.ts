/** What happens, as it happens: a list, and the stream that the page's script listens to. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LabCore } from '../lab-core.ts';
import type { LabEvent, LabEventType } from '../lab-events.ts';
import { html, type Html } from './html.ts';
import { badge, clockTime, type Tone } from './layout.ts';
import { liveIronic } from './ironic-page.ts';
import { nodeName } from './node-state.ts';

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
  removed: 'grey',
  allowed: 'violet',
  changed: 'grey',
  log: 'grey',
  refused: 'red',
  failed: 'red',
};

const LINES = 200;
/** Open streams; a browser tab has one. */
const MOST_STREAMS = 64;
const HEARTBEAT_MS = 15_000;
/** A reader that is this far behind is let go; its browser comes back. */
const BEHIND_BYTES = 1024 * 1024;

/** Where an event's subject has its page, and what it is called. */
function subjectOf(core: LabCore, event: LabEvent): { readonly path: string; readonly title: string } | undefined {
  const ironic = event.details?.['ironic'];
  if (typeof ironic === 'string') return { path: `/ironic/${encodeURIComponent(ironic)}`, title: ironic };
  if (event.node === undefined) return undefined;
  return { path: `/nodes/${encodeURIComponent(event.node)}`, title: titleOf(core, event.node) };
}

function titleOf(core: LabCore, uuid: string): string {
  const node = core.store.nodes.get(uuid);
  return node ? nodeName(core.store.nodes.facts(node.id), core.store.nodes.hwIds(node.id)) : uuid;
}

function line(core: LabCore, event: LabEvent, withNode: boolean): Html {
  const subject = withNode ? subjectOf(core, event) : undefined;
  const node = subject && html`<a href="${subject.path}">${subject.title}</a> `;
  return html`<li>
    <time datetime="${new Date(event.at).toISOString()}">${clockTime(event.at)}</time
    ><span>${badge(TONES[event.type], event.type)}</span><span class="said">${node}${saidOf(event)}</span>
  </li>`;
}

/** The message without the node's name, which stands beside it. */
function saidOf(event: LabEvent): string {
  return event.message.replace(/^ironic [\w-]+: /, '');
}

/** What a list is narrowed to: one node, one node of the conductor, or all of the conductor's (`*`). */
export interface Only {
  readonly node?: string;
  readonly ironic?: string;
}

/** A card with the events, newest first; the script adds to it what comes later. */
export function eventList(core: LabCore, events: readonly LabEvent[], only: Only = {}): Html {
  const query = new URLSearchParams({ after: String(core.events.last), ...only });
  const stream = `/log/stream?${query.toString()}`;
  const withNode = only.node === undefined && (only.ironic === undefined || only.ironic === '*');
  const lines = [...events].reverse().map((event) => line(core, event, withNode));
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

export function logPage(core: LabCore): Html {
  return html`<h1>Log</h1>
    <p class="lead">What nodes asked, what they were told and why. Times are UTC; the newest is on top.</p>
    ${eventList(core, core.events.since(0).slice(-LINES))}`;
}

/** The stream: one message an event (server-sent events, HTML Living Standard 9.2). */
export function createLogStream(core: LabCore): (request: FastifyRequest, reply: FastifyReply) => void {
  let open = 0;
  return (request, reply) => {
    const { after, node, ironic } = request.query as Record<string, string | undefined>;
    if (open >= MOST_STREAMS) {
      void reply.code(503).send('too many streams are open');
      return;
    }
    open++;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' } as Record<
      string,
      string
    >);
    raw.write('retry: 2000\n\n');
    const send = (event: LabEvent): void => {
      const ofIronic = event.details?.['ironic'];
      if (node !== undefined && event.node !== node) return;
      if (ironic !== undefined && (ofIronic === undefined || (ironic !== '*' && ironic !== ofIronic))) return;
      if (raw.writableLength > BEHIND_BYTES) return void raw.destroy();
      const message = {
        at: clockTime(event.at),
        type: event.type,
        tone: TONES[event.type],
        ...subjectOf(core, event),
        text: saidOf(event),
        ...(ofIronic !== undefined && { ironic: liveIronic(event) }),
      };
      raw.write(`id: ${event.seq}\ndata: ${JSON.stringify(message)}\n\n`);
    };
    const missed = Number(request.headers['last-event-id'] ?? after ?? 0) || 0;
    for (const event of core.events.since(missed).slice(-LINES)) send(event);
    const stop = core.events.subscribe(send);
    const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS);
    heartbeat.unref();
    raw.once('close', () => {
      open--;
      clearInterval(heartbeat);
      stop();
    });
  };
}
