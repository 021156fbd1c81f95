/**
 * The agent's own HTTPS API, which the conductor calls: versions, status, commands
 * (docs/contracts/ironic.md#the-agents-api).
 */
import { timingSafeEqual, createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { messageOf } from '../../../../platform/errors/errors.ts';
import type { Log } from '../../../../platform/log/log.ts';
import { parseBounded } from '../../../http/bounded-json.ts';
import { AGENT_VERSION } from '../conductor/ironic-api.ts';
import { CommandFault, type Executor } from './executor.ts';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: {
    readonly key: string;
    readonly certificate: string;
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
    /** OpenSSL's form; undefined for Node's own. */
    readonly ciphers: string | undefined;
  };
  readonly executor: Executor;
  /** What callers must show; undefined for servers that hand none out. */
  readonly token: () => string | undefined;
  /** Also the list of commands is given to nobody without the token. Conductors until 21.4 ask for it without one. */
  readonly strict: boolean;
  /** Unix time in seconds. */
  readonly startedAt: number;
  readonly log: Log;
}

export interface CommandServer {
  readonly port: number;
  /** Ends connections too. */
  close(): Promise<void>;
}

/** A configuration drive comes as base64 inside a command; Ironic bounds it to 64 MiB. */
const LONGEST_BODY = 96 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface ListenerState {
  readonly options: ServerOptions;
  readonly room: { known(socket: Socket): void };
  /** Whether a conductor has shown that it sends the token with GET too. */
  readsCarryToken: boolean;
}

/** Listens. Rejects with the system's error when the port cannot be had. */
export async function startCommandServer(options: ServerOptions): Promise<CommandServer> {
  const { log, tls } = options;
  const server = createServer(
    {
      key: tls.key,
      cert: tls.certificate,
      minVersion: tls.minVersion,
      ciphers: tls.ciphers,
      requestTimeout: 120_000,
      headersTimeout: 15_000,
      handshakeTimeout: 15_000,
      connectionsCheckingInterval: 5000,
    },
    (request, response) => void serve(state, request, response),
  );
  const state: ListenerState = { options, room: keepRoom(server), readsCarryToken: false };
  server.on('tlsClientError', (error) => log.debug(`command server: ${messageOf(error)}`));
  server.listen(options.port, options.host);
  await once(server, 'listening'); // rejects on 'error'
  server.on('error', (error) => log.warn(`command server: ${messageOf(error)}`));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(state: ListenerState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(state, request);
  } catch (error) {
    const status = error instanceof CommandFault ? error.status : 500;
    answer = fault(status, messageOf(error));
  }
  const body = JSON.stringify(answer.body);
  if (response.destroyed) return;
  const more = request.complete ? {} : { connection: 'close' };
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...more,
  });
  response.end(body);
}

async function answerTo(state: ListenerState, request: IncomingMessage): Promise<Answer> {
  const { method } = request;
  const [asked = '', query = ''] = (request.url ?? '/').split('?', 2);
  const path = asked.replace(/\/+$/, '');
  if (method === 'GET' && path === '') return { status: 200, body: versions() };
  if (method === 'GET' && path === '/v1') return { status: 200, body: version() };
  const rest = path.replace(/^\/v1(?=\/)/, '');
  if (method === 'GET' && rest === '/status') {
    return { status: 200, body: { started_at: state.options.startedAt, version: AGENT_VERSION } };
  }
  if (rest !== '/commands' && !rest.startsWith('/commands/')) return fault(404, `there is no ${method} ${path}`);
  const parameters = new URLSearchParams(query);
  const token = parameters.get('agent_token') ?? undefined;
  if (token !== undefined && mayCommand(state, token)) state.room.known(request.socket);
  const wait = parameters.get('wait') === 'true';
  if (method === 'GET') return await readCommands(state, { rest, token, wait });
  if (method !== 'POST' || rest !== '/commands') return fault(405, `there is no ${method} ${path}`);
  if (!mayCommand(state, token)) return refuseToken();
  const { executor } = state.options;
  const { name, params } = commandOf(await bodyOf(request));
  const started = executor.start(name, params);
  if (wait || !started.async) await started.done;
  return { status: 200, body: executor.result(started.id) };
}

interface CommandQuery {
  /** `/commands` or `/commands/ID`. */
  readonly rest: string;
  readonly token: string | undefined;
  readonly wait: boolean;
}

async function readCommands(state: ListenerState, { rest, token, wait }: CommandQuery): Promise<Answer> {
  const { executor } = state.options;
  if (!mayRead(state, token)) return refuseToken();
  if (rest === '/commands') return { status: 200, body: { commands: executor.results() } };
  const id = rest.slice('/commands/'.length);
  if (wait) await executor.wait(id);
  const result = executor.result(id);
  return result === undefined ? fault(404, 'there is no such command') : { status: 200, body: result };
}

function mayCommand({ options }: ListenerState, given: string | undefined): boolean {
  const wanted = options.token();
  if (wanted === undefined) return true;
  return given !== undefined && same(given, wanted);
}

/** Until a conductor has shown that it sends the token with GET as well, it is not asked for it there. */
function mayRead(state: ListenerState, given: string | undefined): boolean {
  if (given !== undefined) {
    const good = mayCommand(state, given);
    if (good) state.readsCarryToken = true;
    return good;
  }
  const { token, strict } = state.options;
  return token() === undefined || (!strict && !state.readsCarryToken);
}

/** So many connections may have shown no token yet; for one more the oldest of them is ended. */
const STRANGERS = 48;

/**
 * Keeps room for the conductor: connections that show no token, silent ones among them, push each other out and nobody else.
 * The conductor's address is not known beforehand: it need not be the API's.
 */
function keepRoom(server: Server): { known(socket: Socket): void } {
  const strangers = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? ''} ${remotePort ?? ''}`;
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    strangers.set(name, socket);
    socket.once('close', () => {
      if (strangers.get(name) === socket) strangers.delete(name);
    });
    if (strangers.size <= STRANGERS) return;
    const [[oldest, other] = ['', undefined]] = strangers;
    strangers.delete(oldest);
    other?.destroy();
  });
  return { known: (socket) => void strangers.delete(nameOf(socket)) };
}

function commandOf(text: string): { name: string; params: Readonly<Record<string, unknown>> } {
  const value = parseBounded(text);
  if (value instanceof Error) throw new CommandFault(400, `the body is ${value.message}`);
  const { name, params = {} } = (value ?? {}) as { name?: unknown; params?: unknown };
  if (typeof name !== 'string' || name === '') throw new CommandFault(400, 'Missing or invalid name or params');
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new CommandFault(400, 'Missing or invalid name or params');
  }
  return { name, params: params as Readonly<Record<string, unknown>> };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_BODY) throw new CommandFault(413, `the body is longer than ${LONGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The text must be one: conductors look for words in it. */
function fault(status: number, text: string): Answer {
  return { status, body: { faultcode: status < 500 ? 'Client' : 'Server', faultstring: text } };
}

function refuseToken(): Answer {
  return fault(401, 'Token invalid: the agent_token is missing or wrong');
}

function same(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

const V1_LINKS = [{ rel: 'self', href: '/v1/' }];

function versions(): object {
  const v1 = { id: 'v1', links: V1_LINKS };
  return {
    name: 'razor-mk',
    description: 'The agent of a booted node, as Ironic speaks to it',
    versions: [v1],
    default_version: v1,
  };
}

function version(): object {
  const link = (name: string): object[] => [{ rel: 'self', href: `/v1/${name}/` }];
  return { id: 'v1', links: V1_LINKS, commands: link('commands'), status: link('status') };
}
