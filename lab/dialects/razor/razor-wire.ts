/**
 * The Razor 0.x wire: reading parameters, and the bodies of replies and errors (docs/contracts/razor-0.x.md#check-in,
 * docs/contracts/razor-0.x.md#errors).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { formField, isRecord, own, parseFields, parseJson } from '../../listeners/request-body.ts';
import { HTML, sendJson, sendText } from '../../listeners/replies.ts';

/** Parameters of a request, from query, form or JSON, with or without a leading `@` in their names. */
export interface RazorParams {
  get(name: string): unknown;
}

/** Longest json_hash that the original can take: it becomes one argument of a program. */
const ARGUMENT_LIMIT = 128 * 1024;

interface Fault {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> | string;
  readonly type?: string;
}

/** A fault of a request, thrown on the way and turned into the reply. */
export class RazorFault extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(typeof fault.body === 'string' ? fault.body : String(fault.body['result'] ?? 'refused'));
    this.fault = fault;
  }
}

/** An argument that is missing; `slice` is the part of the API. */
export function missing(what: string, command: string, slice = 'Node'): RazorFault {
  return new RazorFault({
    status: 400,
    body: {
      std_err_code: 114,
      err_class: 'ProjectRazor::Error::Slice::MissingArgument',
      result: `Must Provide ${what}`,
      http_err_code: 400,
      slice: `ProjectRazor::Slice::${slice}`,
      command,
    },
  });
}

/** Errors of callbacks, by the original's codes (docs/contracts/razor-0.x.md#callbacks). */
const CALLBACK_ERRORS = {
  namespace: [157, 'Invalid callback namespace'],
  arguments: [158, 'Missing active model uuid'],
  uuid: [160, 'Active Model Invalid'],
} as const;

/** A callback that cannot be answered: status 400 with the code of the reason. */
export function callbackFault(reason: keyof typeof CALLBACK_ERRORS): RazorFault {
  const [code, result] = CALLBACK_ERRORS[reason];
  const slice = 'ProjectRazor::Slice::Policy';
  const body = { std_err_code: code, result, http_err_code: 400, slice, command: 'get_callback' };
  return new RazorFault({ status: 400, body });
}

/**
 * What the original says when it stumbles: an error inside, and success outside (docs/contracts/razor-0.x.md#errors).
 */
export function stumble(result: string, slice: string, command: string, faithful: boolean): RazorFault {
  const body = { std_err_code: 1, result, slice: `ProjectRazor::Slice::${slice}`, command };
  return new RazorFault(
    faithful ? { status: 200, body, type: HTML } : { status: 500, body: { ...body, http_err_code: 500 } },
  );
}

export const INVALID_SLICE: Fault = {
  status: 404,
  body: { slice: 'ProjectRazor::Slice', result: 'InvalidSlice', http_err_code: 404 },
};

/** Sends a fault as text or JSON, as it says. */
export function sendFault(reply: FastifyReply, fault: Fault): FastifyReply {
  return typeof fault.body === 'string'
    ? sendText(reply, fault.status, fault.body, fault.type ?? HTML)
    : sendJson(reply, fault.status, fault.body, fault.type);
}

/** The `Ok` reply of a node command; `clientConfig` is JSON already, because it is the same in every reply. */
export function sendOk(reply: FastifyReply, command: string, response: unknown, clientConfig: string): FastifyReply {
  return sendText(reply, 200, okBody(command, JSON.stringify(response), clientConfig), 'application/json');
}

/** The body of that reply; `response` is JSON. */
export function okBody(command: string, response: string, clientConfig: string): string {
  const head = `{"resource":"ProjectRazor::Slice::Node","command":"${command}","result":"Ok","http_err_code":200,"errcode":0`;
  return `${head},"response":${response},"client_config":${clientConfig}}\n`;
}

/** The `response` of a check-in. */
export function commandResponse(
  command: string,
  param: Readonly<Record<string, unknown>> = {},
): { command_name: string; command_param: Readonly<Record<string, unknown>> } {
  return { command_name: command, command_param: param };
}

/** The query of a request, without its question mark. */
export function queryOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

/**
 * The parameters of a request: those of `json_hash` (query, form, or JSON body) before those of the query. Broken
 * JSON counts as none, as in the original. A faithful lab refuses a json_hash that does not fit one argument.
 */
export function readParams(request: FastifyRequest, faithful: boolean, hashInQuery = true): RazorParams {
  const query = parseFields(queryOf(request));
  const hash = hashOf(request, query, faithful, hashInQuery);
  return {
    get(name) {
      for (const key of [name, `@${name}`]) {
        const value = (hash && own(hash, key)) ?? query.get(key) ?? bracketed(query, key);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

/** `name[key]=value` fields as one record, or undefined where there are none. */
function bracketed(query: ReadonlyMap<string, unknown>, name: string): Record<string, unknown> | undefined {
  const found: [string, unknown][] = [];
  for (const [key, value] of query) {
    if (key.startsWith(`${name}[`) && key.endsWith(']')) found.push([key.slice(name.length + 1, -1), value]);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function hashOf(
  request: FastifyRequest,
  query: ReadonlyMap<string, unknown>,
  faithful: boolean,
  hashInQuery: boolean,
): Record<string, unknown> | undefined {
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  let source: unknown = hashInQuery ? query.get('json_hash') : undefined;
  if (body !== undefined && body.length > 0) {
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (type === 'application/x-www-form-urlencoded') source = formField(body.toString(), 'json_hash');
    else if (type === 'application/json') {
      const outer = parseJson(body.toString());
      source = isRecord(outer) ? own(outer, 'json_hash') : undefined;
    }
  }
  if (typeof source !== 'string') return undefined;
  if (faithful && Buffer.byteLength(source) >= ARGUMENT_LIMIT) {
    throw new RazorFault({ status: 500, body: 'spawn E2BIG', type: HTML });
  }
  const value = parseJson(source);
  return isRecord(value) ? value : undefined;
}
