/**
 * The razor-server 1.x dialect: every check-in carries all facts, and the first one registers. The node's id is the
 * server's, inside the URL that the kernel line gave (`razor.register=`). When the server has forgotten or merged that
 * id it answers 404 for ever; we then ask /svc/nodeid with our MACs and go on with the id that it names.
 */
import * as z from 'zod/mini';
import type { Identity } from '../../../facts/identity/identity-types.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { CheckinReply, Dialect, NodeReport, RequestPreview } from '../dialect.ts';
import type { Exchange, HttpReply } from '../../http/exchange.ts';
import { parseJson } from '../../http/exchange.ts';
import { limitFacts } from '../limit-facts.ts';
import { whyJunkText } from '../../../facts/identity/junk-texts.ts';
import { usableUuid } from '../../../facts/identity/junk-uuids.ts';

/** Most bytes of a check-in: it goes into one row of the server's database, every 15 s. */
export const RAZOR_SERVER_BODY_LIMIT = 1024 * 1024;

export interface RazorServerOptions {
  /** `http://HOST:PORT/svc/checkin/ID`; without an ID (or without any path) the id is asked for first. */
  readonly serverUrl: string;
  readonly exchange: Exchange;
  /** Told when the server's id for this machine changed. */
  readonly onSwitch?: (from: string | undefined, to: string) => void;
}

const ACTION = z.object({ action: z.string().check(z.regex(/^[a-z][a-z0-9_-]{0,63}$/)) });
const NODE_ID = z.object({ id: z.int().check(z.positive()) });
const ERROR = z.object({ error: z.string() });
const CHECKIN_URL = /^(.*\/checkin)(?:\/(\d{1,18}))?\/?$/;

/** All Ethernet MACs sorted by interface name, lower case, no colons, joined by `_`. The server reads facts, not this. */
export function razorServerHwId(identity: Identity): string {
  const sorted = [...identity.interfaces].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const id = sorted.map(({ mac }) => mac.replaceAll(':', '').toLowerCase()).join('_');
  if (id === '') throw new RazorMkError('RAZOR_MK_NO_IDENTITY', 'no Ethernet interface with an address');
  return id;
}

/**
 * The answer to a check-in; `none` is what other dialects call `acknowledge`. Anything but JSON by its content type, or
 * an action that could not be the name of a command, throws RAZOR_MK_REPLY (the original joined it to a path unchecked).
 */
export function parseAction(reply: HttpReply): CheckinReply {
  if (reply.status < 200 || reply.status > 299) throw refusal(reply, 'the check-in');
  const parsed = ACTION.safeParse(parseTyped(reply));
  if (!parsed.success) throw new RazorMkError('RAZOR_MK_REPLY', 'the answer to the check-in names no action');
  const name = parsed.data.action === 'none' ? 'acknowledge' : parsed.data.action;
  return { command: { name, param: {} }, clientConfig: undefined };
}

function parseTyped(reply: HttpReply): unknown {
  const type = (reply.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new RazorMkError('RAZOR_MK_REPLY', `the answer is ${type === '' ? 'untyped' : type}, not application/json`);
  }
  return parseJson(reply);
}

/** Bare status and often an empty body is all that this server says. 400 is its answer to a dead database as well. */
function refusal(reply: HttpReply, what: string): RazorMkError {
  let said = '';
  try {
    const known = ERROR.safeParse(JSON.parse(reply.body));
    if (known.success) said = `: ${known.data.error.slice(0, 400)}`;
  } catch {
    // no JSON: the status is the message
  }
  return new RazorMkError('RAZOR_MK_REFUSED', `the server refused ${what} with HTTP ${reply.status}${said}`);
}

export function createRazorServer(options: RazorServerOptions): Dialect {
  const given = new URL(options.serverUrl);
  const path = CHECKIN_URL.exec(given.pathname);
  const service = (path?.[1] ?? '/svc/checkin').replace(/\/checkin$/, '');
  let id = path?.[2];

  const at = (suffix: string): URL => new URL(`${service}${suffix}`, given.origin);

  function previewCheckin(report: NodeReport): RequestPreview {
    const bodyOf = (facts: Readonly<Record<string, string>>): string =>
      JSON.stringify({ hw_id: razorServerHwId(report.identity), facts });
    const limited = limitFacts(report.facts, (facts) => Buffer.byteLength(bodyOf(facts)), RAZOR_SERVER_BODY_LIMIT);
    return {
      method: 'POST',
      url: at(`/checkin${id === undefined ? '' : `/${id}`}`).href,
      // exactly this: a charset parameter or another case is answered with an empty 400
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: bodyOf(limited.facts),
      notes: [
        ...(id === undefined ? ['the kernel line named no node id: /svc/nodeid is asked for it first'] : []),
        ...limited.notes,
      ],
    };
  }

  function nodeIdUrl(identity: Identity): URL {
    const url = at('/nodeid');
    identity.interfaces.forEach(({ mac }, index) => url.searchParams.set(`net${index}`, mac));
    const { serial } = identity;
    if (serial !== undefined && whyJunkText(serial) === undefined) url.searchParams.set('serial', serial);
    const uuid = usableUuid(identity.uuid);
    if (uuid !== undefined) url.searchParams.set('uuid', uuid);
    return url;
  }

  async function askId(identity: Identity, signal: AbortSignal | undefined): Promise<string> {
    const headers = { accept: 'application/json' };
    const request = { method: 'GET' as const, url: nodeIdUrl(identity).href, headers, body: undefined };
    const reply = await options.exchange(request, signal);
    if (reply.status !== 200) throw refusal(reply, 'to name our node id (/svc/nodeid)');
    const parsed = NODE_ID.safeParse(parseTyped(reply));
    if (!parsed.success) throw new RazorMkError('RAZOR_MK_REPLY', 'the answer of /svc/nodeid holds no id');
    return String(parsed.data.id);
  }

  async function switchId(identity: Identity, signal: AbortSignal | undefined): Promise<boolean> {
    const asked = await askId(identity, signal);
    if (asked === id) return false;
    options.onSwitch?.(id, asked);
    id = asked;
    return true;
  }

  return {
    serverUrl: given.origin,
    nodeId: razorServerHwId,
    previewCheckin,
    previewRegister: () => undefined,
    async checkin(report, signal) {
      razorServerHwId(report.identity);
      if (id === undefined) await switchId(report.identity, signal);
      const reply = await options.exchange(previewCheckin(report), signal);
      if (reply.status !== 404 || !(await switchId(report.identity, signal))) return parseAction(reply);
      return parseAction(await options.exchange(previewCheckin(report), signal));
    },
    register: () => Promise.resolve([]),
    async tell(severity, message, signal) {
      if (id === undefined) return;
      const url = at(`/log/${id}`);
      url.searchParams.set('msg', message.slice(0, 1000));
      url.searchParams.set('severity', severity);
      await options.exchange({ method: 'GET', url: url.href, headers: {}, body: undefined }, signal);
    },
  };
}
