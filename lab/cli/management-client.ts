/** How the verbs talk to a running lab: its management API over HTTP. */
import { readFile } from 'node:fs/promises';
import type { Argv } from 'yargs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Host } from '../../platform/process/verb.ts';
import { isRecord } from '../listeners/request-body.ts';

/** Options of every verb that talks to a lab. */
export interface ClientArgs {
  readonly lab: string | undefined;
  readonly 'token-file': string | undefined;
  readonly format: 'table' | 'json' | undefined;
}

const DEFAULT_LAB = 'http://127.0.0.1:8025';

/** The options of every verb that talks to a lab. */
export function clientOptions(yargs: Argv): Argv<ClientArgs> {
  return yargs
    .option('lab', {
      type: 'string',
      group: 'Lab:',
      describe: `address of page and management API; RAZOR_MK_LAB_URL, or ${DEFAULT_LAB}, by default`,
    })
    .option('token-file', {
      type: 'string',
      group: 'Lab:',
      describe:
        'file with a token: the lab’s, or one of an operator; RAZOR_MK_LAB_TOKEN_FILE, or the token in RAZOR_MK_LAB_TOKEN, by default',
    })
    .option('format', {
      choices: ['table', 'json'] as const,
      describe: 'table on a terminal, json otherwise',
    });
}

/** Requests to the management API. */
export interface LabClient {
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}

/** A client of the lab of these options. `call` throws RAZOR_MK_LAB_UNREACHABLE or RAZOR_MK_LAB_REFUSED. */
export async function openClient(args: ClientArgs, host: Host): Promise<LabClient> {
  const tokenFile = args['token-file'] ?? (host.env['RAZOR_MK_LAB_TOKEN_FILE'] || undefined);
  const token = tokenFile === undefined ? host.env['RAZOR_MK_LAB_TOKEN'] || undefined : await readToken(tokenFile);
  const base = (args.lab ?? (host.env['RAZOR_MK_LAB_URL'] || DEFAULT_LAB)).replace(/\/+$/, '');
  return {
    async call(method, path, body) {
      let reply: Response;
      let text: string;
      try {
        reply = await fetch(`${base}${path}`, {
          method,
          redirect: 'error',
          signal: AbortSignal.any([host.signal, AbortSignal.timeout(660_000)]),
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        text = await reply.text();
      } catch (error) {
        const why = messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
        throw new RazorMkError('RAZOR_MK_LAB_UNREACHABLE', `no lab answers at ${base}: ${why}`, {
          cause: error,
          ...(/certificate|self.signed/i.test(why) && { remedy: DISTRUSTED }),
        });
      }
      return parseReply(base, reply.status, text);
    },
  };
}

const DISTRUSTED =
  'A lab is there, and its certificate is not trusted here: NODE_EXTRA_CA_CERTS=FILE names the authority that signed it.';

/** What to do about a refusal, by its status. */
const REFUSED: Readonly<Record<number, string>> = {
  401: 'Give the token of the lab or one of an operator (razor-mk lab operator token): --token-file FILE, or RAZOR_MK_LAB_TOKEN.',
  403: 'Ask somebody whose role allows it (razor-mk lab status shows yours), or name the lab as the message says.',
  404: 'The list verbs (razor-mk lab node list, policy list, model list, image list …) show what exists.',
  409: 'Give more of the id, or first remove what still uses it.',
  422: 'Correct the value that is named in front of the colon, and run the verb again.',
};

function parseReply(base: string, status: number, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RazorMkError('RAZOR_MK_LAB_UNREACHABLE', `the server at ${base} is not a lab (status ${status})`);
  }
  if (status < 400) return value;
  const why = isRecord(value) && typeof value['error'] === 'string' ? value['error'] : `status ${status}`;
  const remedy = REFUSED[status];
  throw new RazorMkError('RAZOR_MK_LAB_REFUSED', `the lab refused: ${why}`, remedy === undefined ? {} : { remedy });
}

/** The secret in a token file. Throws RAZOR_MK_FILE_UNREADABLE. */
export async function readToken(path: string): Promise<string> {
  try {
    const token = (await readFile(path, 'utf8')).trim();
    if (token !== '') return token;
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${path} holds no token`);
}
