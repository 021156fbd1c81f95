/** Razor 0.x: what its servers (0.8 to 0.9) understand. The contract is docs/contracts/razor-0.x.md. */
import * as z from 'zod/mini';
import type { Identity } from '../../../facts/identity/identity-types.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { HttpFailure, urlForPeople } from '../../http/http-failure.ts';
import type { CheckinReply, Dialect, NodeReport, RequestPreview } from '../dialect.ts';
import { reasonOf } from '../reply-reason.ts';
import { limitFacts } from '../limit-facts.ts';
import { replyJson, type Exchange, type TextReply } from '../../http/exchange.ts';
import { cleanText, errorText } from '../../http/bounded-json.ts';

const RAZOR_CHECKIN_PATH = '/razor/api/node/checkin';
const RAZOR_REGISTER_PATH = '/razor/api/node/register';

/**
 * Most bytes of json_hash. The server hands it on as one argument of a program, and Linux allows 131,072 bytes for one,
 * the closing NUL included (execve(2), MAX_ARG_STRLEN); some room is left.
 */
export const JSON_HASH_LIMIT = 130_000;

interface RazorOptions {
  /** Base URL without a slash at its end: `http://10.0.0.1:8026`. */
  readonly serverUrl: string;
  readonly exchange: Exchange;
  /** Of pushed or written configuration (mk_checkin_path, mk_register_path). */
  readonly checkinPath?: string;
  readonly registerPath?: string;
}

/** Only `errcode` 0 means success: unexpected errors come as HTTP 200 with a body that has none. */
const accepted = z.looseObject({ errcode: z.literal(0) });

const checkinReply = z.looseObject({
  response: z.looseObject({
    command_name: z.string().check(z.minLength(1), z.maxLength(200)),
    command_param: z.optional(z.unknown()),
  }),
  client_config: z.optional(z.record(z.string(), z.unknown())),
});

/** MACs in upper case without separators, joined by `_`: the boot API compares exactly this. Throws RAZOR_MK_NO_IDENTITY. */
export function hwId(identity: Identity): string {
  const macs = identity.interfaces.map((nic) => nic.mac.replaceAll(/[^0-9a-fA-F]/g, '').toUpperCase());
  const usable = [...new Set(macs)].filter((mac) => mac !== '');
  if (usable.length === 0) {
    throw new RazorMkError(
      'RAZOR_MK_NO_IDENTITY',
      'no network interface has an address that could identify this machine',
    );
  }
  return usable.join('_');
}

/** The dialect, talking to one server. */
export function createRazorDialect(options: RazorOptions): Dialect {
  const { serverUrl } = options;
  const checkinUrl = serverUrl + (options.checkinPath ?? RAZOR_CHECKIN_PATH);
  const registerUrl = serverUrl + (options.registerPath ?? RAZOR_REGISTER_PATH);

  function previewCheckin(report: NodeReport): RequestPreview {
    const query = new URLSearchParams({ hw_id: hwId(report.identity), last_state: report.lastState });
    // any value but the word true would be taken for true, `false` included
    if (report.firstCheckin) query.set('first_checkin', 'true');
    const url = `${checkinUrl}${checkinUrl.includes('?') ? '&' : '?'}${query.toString()}`;
    return { method: 'GET', url, headers: {}, body: undefined, notes: [] };
  }

  function previewRegister(report: NodeReport): RequestPreview {
    const hash = (facts: Readonly<Record<string, string>>): string =>
      JSON.stringify({
        '@hw_id': hwId(report.identity),
        '@attributes_hash': facts,
        '@last_state': report.lastState,
      });
    const { facts, notes } = limitFacts(report.facts, (kept) => Buffer.byteLength(hash(kept)), JSON_HASH_LIMIT);
    return {
      method: 'POST',
      url: registerUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `json_hash=${encodeURIComponent(hash(facts))}`,
      notes,
    };
  }

  return {
    serverUrl,
    nodeId: hwId,
    previewCheckin,
    previewRegister,
    async checkin(report, signal): Promise<CheckinReply> {
      const preview = previewCheckin(report);
      return readCheckinReply(await options.exchange(preview, signal), preview.url);
    },
    async register(report, signal): Promise<readonly string[]> {
      const preview = previewRegister(report);
      acceptedBody('register', await options.exchange(preview, signal), preview.url);
      return preview.notes;
    },
  };
}

/** The body of a reply that the server says went well. A 2xx alone does not mean that it did. */
function acceptedBody(what: string, reply: TextReply, url: string): unknown {
  const where = (): string => `${what} at ${urlForPeople(url)} (HTTP ${reply.status})`;
  if (reply.status < 200 || reply.status > 299) {
    const reported = errorText(reply.body) ?? cleanText(reply.body, 300);
    throw new HttpFailure('RAZOR_MK_REFUSED', `${where()}: ${reported === '' ? 'no explanation' : reported}`);
  }
  const value = replyJson(reply);
  if (accepted.safeParse(value).success) return value;
  const reported = errorText(value);
  if (reported === undefined) throw new HttpFailure('RAZOR_MK_REPLY', `${where()}: JSON without errcode 0`);
  throw new HttpFailure('RAZOR_MK_REFUSED', `${where()}: the server reports "${reported}", errcode is not 0`);
}

/**
 * A check-in's reply, read into command and configuration. Throws RAZOR_MK_REFUSED for the server's own error,
 * RAZOR_MK_REPLY for anything else that is not a reply of this server.
 */
export function readCheckinReply(reply: TextReply, url: string): CheckinReply {
  const parsed = checkinReply.safeParse(acceptedBody('check-in', reply, url));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new HttpFailure(
      'RAZOR_MK_REPLY',
      `check-in at ${urlForPeople(url)}: ${where}: ${issue?.message ?? 'wrong shape'}`,
    );
  }
  const { command_name: name, command_param: param } = parsed.data.response;
  return { command: { name, param }, clientConfig: parsed.data.client_config, reason: reasonOf(reply) };
}
