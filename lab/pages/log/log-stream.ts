/**
 * The stream of events that open pages listen to. Nodes come first: an event costs the requests nothing but a timer. A few times a
 * second the new events are rendered, each once for all pages, and of a burst the newest lines alone.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { LabCore } from '../../lab-core.ts';
import type { LabEvent } from '../../lab-events.ts';
import type { Access } from '../../people/access.ts';
import { eventMessage, storedTitles, type TitleOf } from './event-line.ts';
import type { EventFilter } from './log-page.ts';

/** Open streams; a browser tab has one. */
const MOST_STREAMS = 64;
const HEARTBEAT_MS = 15_000;
const FLUSH_MS = 250;
/** Lines that a page gets at once: nobody reads more, and it keeps 200. */
const MOST_LINES = 100;
/** A reader that is this far behind is let go; its browser comes back. */
const BEHIND_BYTES = 1024 * 1024;
const TITLES_KEPT = 10_000;

interface Stream {
  readonly raw: ServerResponse;
  /** Whether the one who reads it still may. */
  readonly allowed: () => boolean;
  readonly filter: EventFilter;
}

interface StreamState {
  readonly core: LabCore;
  readonly streams: Set<Stream>;
  readonly titles: Map<string, string>;
  /** Sequence number of the last event that was sent. */
  sent: number;
  timer: NodeJS.Timeout | undefined;
}

/** The handler of `GET /log/stream?after=SEQ&node=UUID&ironic=UUID`. */
export function createLogStream(core: LabCore, access: Access): (request: FastifyRequest, reply: FastifyReply) => void {
  const state: StreamState = { core, streams: new Set(), titles: new Map(), sent: core.events.last, timer: undefined };
  core.events.subscribe(() => schedule(state));
  core.closing.addEventListener('abort', () => state.streams.forEach(({ raw }) => raw.end()));
  return (request, reply) => {
    if (state.streams.size >= MOST_STREAMS) void reply.code(503).send('too many streams are open');
    else openStream(state, request, reply, () => access.identify(request) !== undefined);
  };
}

function openStream(state: StreamState, request: FastifyRequest, reply: FastifyReply, allowed: () => boolean): void {
  const { after, node, ironic } = request.query as Record<string, string | undefined>;
  reply.hijack();
  const { raw } = reply;
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' };
  raw.writeHead(200, headers as Record<string, string>);
  raw.write('retry: 2000\n\n');
  // what the others have not got yet is sent now, so that this one begins where they are
  flush(state);
  const stream = { raw, allowed, filter: { node, ironic } };
  const seen = Number(request.headers['last-event-id'] ?? after ?? 0) || 0;
  send(state, stream, state.core.events.since(seen), new Map());
  state.streams.add(stream);
  const heartbeat = setInterval(() => {
    if (allowed()) raw.write(': still here\n\n');
    else raw.end();
  }, HEARTBEAT_MS).unref();
  raw.once('close', () => {
    clearInterval(heartbeat);
    state.streams.delete(stream);
  });
}

function schedule(state: StreamState): void {
  if (state.streams.size > 0) state.timer ??= setTimeout(() => flush(state), FLUSH_MS).unref();
}

function flush(state: StreamState): void {
  clearTimeout(state.timer);
  state.timer = undefined;
  const events = state.streams.size === 0 ? [] : state.core.events.since(state.sent);
  state.sent = state.core.events.last;
  // a register may bring another host name
  for (const event of events) if (event.type !== 'checkin') state.titles.delete(event.node ?? '');
  const rendered = new Map<number, string>();
  for (const stream of state.streams) send(state, stream, events, rendered);
}

function send(
  state: StreamState,
  { raw, filter, allowed }: Stream,
  events: readonly LabEvent[],
  rendered: Map<number, string>,
): void {
  if (raw.writableLength > BEHIND_BYTES) return void raw.destroy();
  const lines = events.filter((event) => matches(event, filter)).slice(-MOST_LINES);
  // a session that ended, or an operator who is gone, sees nothing more
  if (lines.length > 0 && !allowed()) return void raw.end();
  if (lines.length > 0) raw.write(lines.map((event) => render(state, event, rendered)).join(''));
}

function matches(event: LabEvent, { node, ironic }: EventFilter): boolean {
  if (node !== undefined && event.node !== node) return false;
  const ofIronic = event.details?.['ironic'];
  return ironic === undefined || (ofIronic !== undefined && (ironic === '*' || ironic === ofIronic));
}

function render(state: StreamState, event: LabEvent, rendered: Map<number, string>): string {
  let message = rendered.get(event.seq);
  if (message === undefined) rendered.set(event.seq, (message = eventMessage(event, cachedTitles(state))));
  return message;
}

function cachedTitles({ core, titles }: StreamState): TitleOf {
  const read = storedTitles(core);
  return (uuid) => {
    let title = titles.get(uuid);
    if (title !== undefined) return title;
    if (titles.size >= TITLES_KEPT) titles.clear();
    titles.set(uuid, (title = read(uuid)));
    return title;
  };
}
