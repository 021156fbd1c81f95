/**
 * The razor-server 1.x dialect: every check-in carries all facts, and the first one registers. The node's id is the
 * server's, inside the URL that the kernel line gave (`razor.register=`). When the server has forgotten or merged that
 * id it answers 404 for ever; we then ask /svc/nodeid with our MACs and go on with the id that it names.
 */
import * as z from 'zod/mini';
import type { Identity } from '../../../facts/identity/identity-types.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { CheckinReply, Dialect, NodeReport, RequestPreview } from '../dialect.ts';
import { reasonOf } from '../reply-reason.ts';
import type { Exchange, TextReply } from '../../http/exchange.ts';
import { replyJson } from '../../http/exchange.ts';
import { limitFacts } from '../limit-facts.ts';
import { facterForm } from './facter-form.ts';
import { whyJunkText } from '../../../facts/identity/junk-texts.ts';
import { usableUuid } from '../../../facts/identity/junk-uuids.ts';

/** Most bytes of a check-in: it goes into one row of the server's database, every 15 s. */
export const RAZOR_SERVER_BODY_LIMIT = 1024 * 1024;

interface RazorServerOptions {
  /** `http://HOST:PORT/svc/checkin/ID`; without an ID (or without any path) the id is asked for first. */
  readonly serverUrl: string;
  readonly exchange: Exchange;
  /** Called when the server's id for this machine changed. */
  readonly onSwitch?: (from: string | undefined, to: string) => void;
}

const ACTION = z.object({
  action: z.string().check(z.regex(/^[a-z][a-z0-9_-]{0,63}$/)),
  // the lab's alone: the original's actions have none
  param: z.optional(z.record(z.string(), z.unknown())),
});
const NODE_ID = z.object({ id: z.int().check(z.positive()) });
const ERROR = z.object({ error: z.string() });
const CHECKIN_URL = /^(.*\/checkin)(?:\/(\d{1,18}))?\/?$/;

/** All Ethernet MACs sorted by interface name, lower case, no colons, joined by `_`. The server reads facts, not this. */
function razorServerHwId(identity: Identity): string {
  const sorted = [...identity.interfaces].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const id = sorted.map(({ mac }) => mac.replaceAll(':', '').toLowerCase()).join('_');
  if (id === '') throw new RazorMkError('RAZOR_MK_NO_IDENTITY', 'no Ethernet interface with an address');
  return id;
}

/**
 * The answer to a check-in. Anything but JSON by its content type, or
 * an action that could not be the name of a command, throws RAZOR_MK_REPLY (the original joined it to a path unchecked).
 */
export function parseAction(reply: TextReply): CheckinReply {
  if (reply.status < 200 || reply.status > 299) throw refusal(reply, 'the check-in');
  const parsed = ACTION.safeParse(parseTyped(reply));
  if (!parsed.success) throw new RazorMkError('RAZOR_MK_REPLY', 'the answer to the check-in names no action');
  const { action, param = {} } = parsed.data;
  return { command: { name: action, param }, clientConfig: undefined, reason: reasonOf(reply) };
}

function parseTyped(reply: TextReply): unknown {
  const type = (reply.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new RazorMkError('RAZOR_MK_REPLY', `the answer is ${type === '' ? 'untyped' : type}, not application/json`);
  }
  return replyJson(reply);
}

/** Bare status and often an empty body is all that this server says. 400 is its answer to a dead database as well. */
function refusal(reply: TextReply, what: string): RazorMkError {
  let reported = '';
  try {
    const known = ERROR.safeParse(JSON.parse(reply.body));
    if (known.success) reported = `: ${known.data.error.slice(0, 400)}`;
  } catch {
    // no JSON: the status is the message
  }
  return new RazorMkError('RAZOR_MK_REFUSED', `the server refused ${what} with HTTP ${reply.status}${reported}`);
}

/** What is talked to, and the node's number there, which the server may change. */
interface Session {
  readonly options: RazorServerOptions;
  readonly origin: string;
  /** Path of the service, without `/checkin`. */
  readonly service: string;
  id: string | undefined;
}

/** The dialect, talking to one server. State: the node's number. */
export function createRazorServer(options: RazorServerOptions): Dialect {
  const given = new URL(options.serverUrl);
  const path = CHECKIN_URL.exec(given.pathname);
  const service = (path?.[1] ?? '/svc/checkin').replace(/\/checkin$/, '');
  const session: Session = { options, origin: given.origin, service, id: path?.[2] };
  return {
    serverUrl: given.origin,
    nodeId: razorServerHwId,
    previewCheckin: (report) => checkinRequest(session, report),
    previewRegister: () => undefined,
    async checkin(report, signal) {
      razorServerHwId(report.identity);
      if (session.id === undefined) await switchId(session, report.identity, signal);
      const reply = await options.exchange(checkinRequest(session, report), signal);
      if (reply.status !== 404 || !(await switchId(session, report.identity, signal))) return parseAction(reply);
      return parseAction(await options.exchange(checkinRequest(session, report), signal));
    },
    register: () => Promise.resolve([]),
    async logToServer(severity, message, signal) {
      if (session.id === undefined) return;
      const url = at(session, `/log/${session.id}`);
      url.searchParams.set('msg', message.slice(0, 1000));
      url.searchParams.set('severity', severity);
      await options.exchange({ method: 'GET', url: url.href, headers: {}, body: undefined }, signal);
    },
  };
}

function at({ service, origin }: Session, suffix: string): URL {
  return new URL(`${service}${suffix}`, origin);
}

function checkinRequest(session: Session, report: NodeReport): RequestPreview {
  const { id } = session;
  const bodyOf = (facts: Readonly<Record<string, string>>): string =>
    JSON.stringify({ hw_id: razorServerHwId(report.identity), facts: facterForm(facts, report.structured) });
  const limited = limitFacts(report.facts, (facts) => Buffer.byteLength(bodyOf(facts)), RAZOR_SERVER_BODY_LIMIT);
  return {
    method: 'POST',
    url: at(session, `/checkin${id === undefined ? '' : `/${id}`}`).href,
    // exactly this: a charset parameter or another case is answered with an empty 400
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: bodyOf(limited.facts),
    notes: [
      ...(id === undefined ? ['the kernel line named no node id: /svc/nodeid is asked for it first'] : []),
      ...limited.notes,
    ],
  };
}

function nodeIdUrl(session: Session, identity: Identity): URL {
  const url = at(session, '/nodeid');
  identity.interfaces.forEach(({ mac }, index) => url.searchParams.set(`net${index}`, mac));
  const { serial } = identity;
  if (serial !== undefined && whyJunkText(serial) === undefined) url.searchParams.set('serial', serial);
  const uuid = usableUuid(identity.uuid);
  if (uuid !== undefined) url.searchParams.set('uuid', uuid);
  return url;
}

async function askId(session: Session, identity: Identity, signal: AbortSignal | undefined): Promise<string> {
  const headers = { accept: 'application/json' };
  const request = { method: 'GET' as const, url: nodeIdUrl(session, identity).href, headers, body: undefined };
  const reply = await session.options.exchange(request, signal);
  if (reply.status !== 200) throw refusal(reply, 'to name our node id (/svc/nodeid)');
  const parsed = NODE_ID.safeParse(parseTyped(reply));
  if (!parsed.success) throw new RazorMkError('RAZOR_MK_REPLY', 'the answer of /svc/nodeid holds no id');
  return String(parsed.data.id);
}

/** Whether the server knows this machine under another number, which then counts. */
async function switchId(session: Session, identity: Identity, signal: AbortSignal | undefined): Promise<boolean> {
  const asked = await askId(session, identity, signal);
  if (asked === session.id) return false;
  session.options.onSwitch?.(session.id, asked);
  session.id = asked;
  return true;
}
