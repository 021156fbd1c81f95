/** A real `razor-mk lab` process on ports of the system's choice. */
import assert from 'node:assert/strict';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { commandLine, type Ran } from './command-line.ts';
import { RAZOR_MK, WITH_CACHE } from './razor-mk.ts';

export interface LabUrls {
  readonly nodesUrl: string;
  readonly imagesUrl: string;
  readonly peopleUrl: string;
  readonly razorServerUrl: string;
}

export interface LabProcess extends LabUrls {
  readonly daemon: Daemon;
  /** Every JSON line of its standard output. */
  readonly events: readonly Record<string, unknown>[];
  /** `razor-mk lab WORDS` against it, in this process. */
  verb(...words: readonly string[]): Promise<Ran>;
  /** The management API: status and parsed body. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  stop(): Promise<void>;
}

const ANY_PORTS = ['--port', '--image-port', '--people-port', '--razor-server-port'].flatMap((name) => [name, '0']);

/** A lab with these words. */
export async function startLabProcess(...words: readonly string[]): Promise<LabProcess> {
  return await startLabProcessIn({}, words);
}

/** The same with more in its environment. */
export async function startLabProcessIn(
  env: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<LabProcess> {
  const events: Record<string, unknown>[] = [];
  const ready = Promise.withResolvers<LabUrls>();
  const complaints: string[] = [];
  const daemon = await startDaemon([...RAZOR_MK, 'lab', '--events', ...ANY_PORTS, ...words], {
    env: { ...WITH_CACHE, ...env },
    onLine: (line, stream) => {
      if (stream === 'stderr') complaints.push(line);
      if (!line.startsWith('{')) return;
      const event = JSON.parse(line) as Record<string, unknown>;
      events.push(event);
      if (event['type'] === 'ready') ready.resolve(event as unknown as LabUrls);
    },
  });
  void daemon.exited.then(() => ready.reject(new Error(`the lab ended: ${complaints.join(' ')}`)));
  const timer = setTimeout(() => ready.reject(new Error('the lab was not ready in 30 s')), 30_000);
  const urls = await ready.promise.finally(() => clearTimeout(timer));
  return {
    ...urls,
    daemon,
    events,
    verb: (...given) => commandLine(['lab', ...given, '--lab', urls.peopleUrl]),
    async api(method, path, body) {
      const reply = await fetch(`${urls.peopleUrl}/api${path}`, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      return { status: reply.status, body: (await reply.json()) as unknown };
    },
    stop: () => daemon.stop(),
  };
}

/** One register of Razor 0.x. */
export async function register(nodesUrl: string, hwId: string, facts: Record<string, unknown>): Promise<Response> {
  const hash = { '@hw_id': hwId, '@attributes_hash': facts, '@last_state': 'idle' };
  return await fetch(`${nodesUrl}/razor/api/node/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `json_hash=${encodeURIComponent(JSON.stringify(hash))}`,
  });
}

/** The command that a check-in of Razor 0.x is answered. */
export async function checkin(nodesUrl: string, hwId: string, more = ''): Promise<string> {
  const reply = await fetch(`${nodesUrl}/razor/api/node/checkin?hw_id=${hwId}&last_state=idle${more}`);
  const body = (await reply.json()) as { errcode?: number; response?: { command_name: string } };
  assert.equal(body.errcode, 0, JSON.stringify(body));
  return body.response?.command_name ?? '';
}
