/**
 * The one request that a lab gets thousands of times a second, answered before the framework sees it: the check-in of a node
 * about which nothing is to be written, in the form in which agents send it. Whatever is unusual is left to razor.ts,
 * whose answer is the same byte for byte (test/lab/dialects/razor-fast-checkin.test.ts).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LabCore } from '../../lab-core.ts';
import { decideWithoutWrite, type Decision } from '../../engine/decide.ts';
import type { FastPath } from '../../listeners/listeners.ts';
import type { Exchanges } from '../../listeners/exchange-log.ts';
import { MOST_HW_IDS, splitHwIds } from '../../engine/node-lookup.ts';
import { REASON_HEADER, reasonText } from '../../listeners/replies.ts';
import { clientConfigText } from '../../lab-settings.ts';
import { commandResponse, okBody } from './razor-wire.ts';

const USUAL =
  /^\/razor\/api\/node\/checkin\?hw_id=([0-9A-Za-z][0-9A-Za-z:_-]{0,999})&last_state=([a-z][a-z_]{0,63})(&first_checkin=true)?$/;

/** A reply, ready to be sent. */
interface Ready {
  readonly body: string;
  readonly headers: readonly string[];
  readonly encoding: 'latin1' | 'utf8';
}

/** Nodes may name us by many names in their Host header; only so many are kept. */
const HOSTS_KEPT = 100;

/** Not for a faithful lab: its original looks at every request in its own way. */
export function fastCheckins(core: LabCore, exchanges: Exchanges): FastPath {
  /** By Host header, then by command. */
  const hosts = new Map<string, Map<string, Ready>>();
  const readyFor = (host: string, { command, param }: Decision, request: IncomingMessage): Ready => {
    let replies = hosts.get(host);
    if (!replies) {
      if (hosts.size >= HOSTS_KEPT) hosts.clear();
      hosts.set(host, (replies = new Map()));
    }
    let ready = param === undefined ? replies.get(command) : undefined;
    if (!ready) {
      const config = clientConfigText(core.settings, core.addresses(request).nodes);
      const body = okBody('checkin_node', JSON.stringify(commandResponse(command, param)), config);
      const length = Buffer.byteLength(body);
      const headers = ['content-type', 'application/json', 'content-length', String(length)];
      ready = { body, headers, encoding: length === body.length ? 'latin1' : 'utf8' };
      // a forced command may be any text
      if (param === undefined && replies.size < HOSTS_KEPT) replies.set(command, ready);
    }
    return ready;
  };
  return (request, reply) => {
    if (request.method !== 'GET') return false;
    const { url = '' } = request;
    const [, ids = '', lastState = '', first] = USUAL.exec(url) ?? [];
    const host = request.headers.host;
    if (ids === '' || host === undefined || core.closing.aborted) return false;
    const began = performance.now();
    const hwIds = splitHwIds(ids, false);
    if (hwIds.length === 0 || hwIds.length > MOST_HW_IDS || hwIds.some((id) => id.length > 64)) return false;
    const input = { dialect: 'razor', hwIds, lastState, firstCheckin: first !== undefined };
    const decision = decideWithoutWrite(core, input);
    if (!decision) return false;
    const ready = readyFor(host, decision, request);
    const headers = [REASON_HEADER, reasonText(decision.reason), ...ready.headers];
    send(reply, ready, headers);
    const at = core.wall();
    const { rawHeaders, socket } = request;
    const durationMs = performance.now() - began;
    exchanges.add(() => ({
      at,
      listener: 'nodes',
      from: socket.remoteAddress ?? '',
      method: 'GET',
      url,
      requestHeaders: pairs(rawHeaders),
      requestBody: '',
      status: 200,
      replyHeaders: pairs(headers),
      replyBody: ready.body,
      durationMs,
    }));
    return true;
  };
}

function send(reply: ServerResponse, { body, encoding }: Ready, headers: string[]): void {
  reply.writeHead(200, headers);
  reply.end(body, encoding);
}

function pairs(raw: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) found[(raw[i] ?? '').toLowerCase()] = raw[i + 1] ?? '';
  return found;
}
