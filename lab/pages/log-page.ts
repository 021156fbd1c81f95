/** What happens, as it happens: a list, and the stream that the page's script listens to. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LabCore } from '../core.ts';
import type { LabEvent, LabEventType } from '../events.ts';
import { html, type Html } from './html.ts';
import { badge, clockTime, type Tone } from './layout.ts';
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

function titleOf(core: LabCore, uuid: string): string {
  const node = core.store.nodes.get(uuid);
  return node ? nodeName(core.store.nodes.facts(node.id), core.store.nodes.hwIds(node.id)) : uuid;
}

function line(core: LabCore, event: LabEvent, withNode: boolean): Html {
  const node =
    withNode && event.node !== undefined
      ? html`<a href="/nodes/${encodeURIComponent(event.node)}">${titleOf(core, event.node)}</a> `
      : undefined;
  return html`<li>
    <time datetime="${new Date(event.at).toISOString()}">${clockTime(event.at)}</time
    ><span>${badge(TONES[event.type], event.type)}</span><span class="said">${node}${event.message}</span>
  </li>`;
}

/** A card with the events, newest first; the script adds to it what comes later. `node` narrows it to one. */
export function eventList(core: LabCore, events: readonly LabEvent[], node?: string): Html {
  const stream = `/log/stream?after=${core.events.last}${node === undefined ? '' : `&node=${encodeURIComponent(node)}`}`;
  const lines = [...events].reverse().map((event) => line(core, event, node === undefined));
  return html`<section class="card">
    <header>
      <h2>What happened</h2>
      <span class="pulse needs-script">connecting</span>
    </header>
    <ol class="log" data-stream="${stream}">
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
    const { after, node } = request.query as Record<string, string | undefined>;
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
      if (node !== undefined && event.node !== node) return;
      if (raw.writableLength > BEHIND_BYTES) return void raw.destroy();
      const message = {
        at: clockTime(event.at),
        type: event.type,
        tone: TONES[event.type],
        node: event.node,
        title: event.node === undefined ? '' : titleOf(core, event.node),
        text: event.message,
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
