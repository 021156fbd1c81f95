/**
 * The Hanlon dialect (server of 2015, microkernels 2.x and 3.x). Unlike Razor 0.x: the SMBIOS UUID comes first in the
 * identity, register is raw JSON answered by 201, errors are nested under `response.result`, and `poweroff` is a command.
 */
import * as z from 'zod/mini';
import type { Identity } from '../../../facts/identity/identity-types.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { CheckinReply, Dialect, NodeReport, RequestPreview } from '../dialect.ts';
import { reasonOf } from '../reply-reason.ts';
import type { Exchange, TextReply } from '../../http/exchange.ts';
import { errorText } from '../../http/bounded-json.ts';
import { replyJson } from '../../http/exchange.ts';
import { limitFacts } from '../limit-facts.ts';
import { agentConfig } from './hanlon-config.ts';
import { usableUuid } from '../../../facts/identity/junk-uuids.ts';

const HANLON_BASE_PATH = '/hanlon/api/v1';

interface HanlonOptions {
  /** `http://HOST:PORT`; a path in it replaces the base path /hanlon/api/v1. */
  readonly serverUrl: string;
  readonly exchange: Exchange;
  /** Taken from a pushed or written configuration where it names other paths. */
  readonly checkinPath?: string;
  readonly registerPath?: string;
}

const COMMAND = z.object({
  errcode: z.literal(0),
  response: z.object({ command_name: z.string().check(z.minLength(1), z.maxLength(64)), command_param: z.unknown() }),
  client_config: z.optional(z.record(z.string(), z.unknown())),
});

const REGISTERED = z.object({ errcode: z.literal(0), command: z.literal('register_node') });

const REFUSAL = z.object({
  response: z.object({
    result: z.object({ code: z.number(), type: z.string(), description: z.string() }),
  }),
});

/**
 * Most bytes of a registration. The server stores a node as one document of its database, whose own bound is 16 MiB with
 * everything that is made of the facts; what a machine with thousands of facts sends stays far below.
 */
export const HANLON_BODY_LIMIT = 1024 * 1024;

/** MACs without colons, upper case, joined by `_`: stored with colons, a node is never found again at boot. */
function hanlonMacId(identity: Identity): string {
  return identity.interfaces.map(({ mac }) => mac.replaceAll(':', '').toUpperCase()).join('_');
}

/** The UUID that is sent, or an empty text where the machine's own would fold it into another node. */
function hanlonUuid(identity: Identity): string {
  return usableUuid(identity.uuid)?.toUpperCase() ?? '';
}

/** The reply of a check-in. Throws RAZOR_MK_REFUSED for the server's own error, RAZOR_MK_REPLY for anything else. */
export function parseHanlonCheckin(reply: TextReply): CheckinReply {
  const parsed = COMMAND.safeParse(replyJson(reply));
  if (!parsed.success) throw refusal(reply, 'check-in');
  const { response, client_config: pushed } = parsed.data;
  const command = { name: response.command_name, param: response.command_param };
  return { command, clientConfig: pushed && agentConfig(pushed), reason: reasonOf(reply) };
}

/** The reply of a register: 201 with errcode 0 in the body. */
function parseHanlonRegister(reply: TextReply): void {
  const ok = reply.status === 201 || reply.status === 200;
  if (!ok || !REGISTERED.safeParse(replyJson(reply)).success) throw refusal(reply, 'register');
}

function refusal(reply: TextReply, what: string): RazorMkError {
  let value: unknown;
  try {
    value = replyJson(reply);
  } catch (error) {
    return error as RazorMkError;
  }
  const known = REFUSAL.safeParse(value);
  if (known.success) {
    const { code, type, description } = known.data.response.result;
    const text = `${type.slice(0, 120)}: ${description.slice(0, 400)}`;
    return new RazorMkError(
      'RAZOR_MK_REFUSED',
      `the server refused the ${what} (${code}, HTTP ${reply.status}): ${text}`,
    );
  }
  const reported = errorText(value);
  return new RazorMkError(
    'RAZOR_MK_REPLY',
    `the answer to the ${what} (HTTP ${reply.status}) is not a Hanlon reply${reported === undefined ? '' : `: ${reported}`}`,
  );
}

/** The dialect, talking to one server. */
export function createHanlon(options: HanlonOptions): Dialect {
  const base = new URL(options.serverUrl);
  const prefix = base.pathname === '/' ? HANLON_BASE_PATH : base.pathname.replace(/\/+$/, '');
  const checkinUrl = new URL(options.checkinPath ?? `${prefix}/node/checkin`, base);
  const registerUrl = new URL(options.registerPath ?? `${prefix}/node/register`, base);
  return {
    serverUrl: base.origin,
    nodeId: hanlonId,
    previewCheckin: (report) => checkinRequest(checkinUrl, report),
    previewRegister: (report) => registerRequest(registerUrl, report),
    async checkin(report, signal) {
      return parseHanlonCheckin(await options.exchange(checkinRequest(checkinUrl, report), signal));
    },
    async register(report, signal) {
      const request = registerRequest(registerUrl, report);
      parseHanlonRegister(await options.exchange(request, signal));
      return request.notes;
    },
  };
}

/** The UUID, else the MACs. Throws RAZOR_MK_NO_IDENTITY. */
function hanlonId(identity: Identity): string {
  const id = hanlonUuid(identity) || hanlonMacId(identity);
  if (id === '') throw new RazorMkError('RAZOR_MK_NO_IDENTITY', 'no usable SMBIOS UUID and no network interface');
  return id;
}

/** The note about a UUID that was left out, so that nobody wonders why a node is known by its MACs. */
function identityNotes({ identity }: NodeReport): readonly string[] {
  if (identity.uuid === undefined || usableUuid(identity.uuid) !== undefined) return [];
  return [
    `SMBIOS UUID "${identity.uuid.slice(0, 60)}" is a placeholder that other machines share: MACs are sent instead`,
  ];
}

function checkinRequest(checkinUrl: URL, report: NodeReport): RequestPreview {
  hanlonId(report.identity);
  const uuid = hanlonUuid(report.identity);
  const macId = hanlonMacId(report.identity);
  const url = new URL(checkinUrl);
  if (uuid !== '') url.searchParams.set('uuid', uuid);
  if (macId !== '') url.searchParams.set('mac_id', macId);
  url.searchParams.set('last_state', report.lastState);
  if (report.firstCheckin) url.searchParams.set('first_checkin', 'true');
  return {
    method: 'GET',
    url: url.href,
    headers: { accept: 'application/json' },
    body: undefined,
    notes: identityNotes(report),
  };
}

function registerRequest(registerUrl: URL, report: NodeReport): RequestPreview {
  hanlonId(report.identity);
  const bodyOf = (facts: Readonly<Record<string, string>>): string =>
    JSON.stringify({
      mac_id: hanlonMacId(report.identity),
      uuid: hanlonUuid(report.identity),
      attributes_hash: facts,
      last_state: report.lastState,
    });
  const limited = limitFacts(report.facts, (facts) => Buffer.byteLength(bodyOf(facts)), HANLON_BODY_LIMIT);
  // taken by every version; newer frameworks refuse the original's text/json (docs/contracts/hanlon.md#register)
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  const notes = [...identityNotes(report), ...limited.notes];
  return { method: 'POST', url: registerUrl.href, headers, body: bodyOf(limited.facts), notes };
}
