/** Asks a running agent for its status through its socket. */
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { socketConnections } from '../http/connections.ts';
import { createHttpClient } from '../http/http-client.ts';
import { HttpFailure } from '../http/http-failure.ts';
import { SOCKET_NAME } from './local-api.ts';
import type { StatusSnapshot } from './snapshot.ts';

const LIMIT = 4 * 1024 * 1024;

/**
 * Where the socket of the agent is: in the given directory; else in /tmp, where a live agent has it; else the newest one
 * of a dry agent's private directory on which somebody listens (an agent that was killed leaves its socket).
 */
export async function findSocket(stateDir: string | undefined, base = '/tmp'): Promise<string> {
  if (stateDir !== undefined) return join(stateDir, SOCKET_NAME);
  const live = join(base, SOCKET_NAME);
  if (statSync(live, { throwIfNoEntry: false }) !== undefined) return live;
  const temporary = base === '/tmp' ? tmpdir() : base;
  const dirs = namesIn(temporary).filter((name) => name.startsWith('razor-mk-state-'));
  const found = dirs
    .map((name) => join(temporary, name, SOCKET_NAME))
    .map((path) => ({ path, stat: statSync(path, { throwIfNoEntry: false }) }))
    .filter(({ stat }) => stat?.isSocket() === true)
    .sort((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0));
  for (const { path } of found) if (await isListening(path)) return path;
  return found[0]?.path ?? live;
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // a machine without /tmp
  }
}

/** The status of a running agent. Throws RAZOR_MK_NO_AGENT when nobody answers within two seconds. */
export async function askStatus(socketPath: string): Promise<StatusSnapshot> {
  const http = createHttpClient({ connections: socketConnections(socketPath), limit: LIMIT, timeoutMs: 2000 });
  try {
    const { status, body } = await http.request({ method: 'GET', url: 'http://localhost/status' });
    if (status !== 200) throw new Error(`HTTP ${status}`);
    return JSON.parse(body.toString('utf8')) as StatusSnapshot;
  } catch (error) {
    const cause = error instanceof HttpFailure ? (error.cause ?? error) : error;
    const denied = errnoOf(cause) === 'EACCES' || errnoOf(cause) === 'EPERM';
    throw new RazorMkError('RAZOR_MK_NO_AGENT', `no agent answers on ${socketPath}: ${messageOf(cause)}`, {
      cause: error,
      remedy: denied ? 'The socket is for its owner only: ask as the user that the agent runs as (root).' : undefined,
    });
  }
}
