/** Ironic's job on a fake clock, with real HTTP and HTTPS, and the conductor's way to its commands. */
import { rmSync } from 'node:fs';
import { request } from 'node:https';
import { resolveAgentSettings } from '../../agent/config/resolve.ts';
import { runIronic } from '../../agent/servers/ironic/ironic.ts';
import type { IronicJob } from '../../agent/servers/ironic/ironic-options.ts';
import { parseCommandLine } from '../../platform/kernel-line.ts';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { createHttpClient } from '../../agent/http/http-client.ts';
import { collectFacts, openCapture } from '../../facts/facts.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import { createLog } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { fakeClock, type FakeClock } from './fake-clock.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const machines = new Map<string, Promise<FactSet>>();

/** A recorded machine, read once in a process. */
export function recorded(name = 'qemu-four-buses'): Promise<FactSet> {
  const path = new URL(`../fixtures/captures/${name}.tar.gz`, import.meta.url).pathname;
  const read = machines.get(name) ?? openCapture(path).then((sources) => collectFacts({ sources }));
  machines.set(name, read);
  return read;
}

/** Its only network card. */
export const RECORDED_MAC = '52:54:00:00:48:01';

/** A live system that does nothing but remember. */
export function rememberingSystem(live = true): System & { readonly acts: string[] } {
  const acts: string[] = [];
  const nothing = Buffer.alloc(0);
  return {
    live,
    changes: [],
    acts,
    run(what, argv) {
      acts.push(what);
      return Promise.resolve({
        argv,
        status: 0,
        signal: undefined,
        failure: undefined,
        stdout: nothing,
        stderr: nothing,
        durationMs: 0,
      });
    },
    write: (what) => void acts.push(what),
    async change(what, action) {
      acts.push(what);
      return live ? await action() : undefined;
    },
    reboot: (reason) => Promise.resolve(void acts.push(`reboot (${reason})`)),
    poweroff: (reason) => Promise.resolve(void acts.push(`poweroff (${reason})`)),
  };
}

export interface IronicAgent {
  readonly clock: FakeClock;
  readonly events: AgentEvent[];
  readonly said: string[];
  readonly lines: string[];
  readonly dir: string;
  readonly system: ReturnType<typeof rememberingSystem>;
  /** Resolves when an event of this name was told, looked for from `from` on. */
  until<K extends AgentEvent['event']>(name: K, from?: number): Promise<Extract<AgentEvent, { event: K }>>;
  /** The next event of this name after the one that was asked for last. */
  next<K extends AgentEvent['event']>(name: K): Promise<Extract<AgentEvent, { event: K }>>;
  /** Calls the agent's API as the conductor does: with the certificate of the heartbeat as the only one that is trusted. */
  call(method: string, path: string, body?: unknown, ca?: string): Promise<Reply>;
  /** Where it is reached; undefined before it is known. */
  readonly callback: string | undefined;
  stop(keep?: boolean): Promise<number>;
}

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface AgentSetup extends Partial<IronicJob> {
  readonly line: string;
  readonly dir?: string;
  readonly random?: readonly number[];
}

export function ironicAgent(setup: AgentSetup): IronicAgent {
  const clock = fakeClock(setup.random ?? [0]);
  const [events, said, lines]: [AgentEvent[], string[], string[]] = [[], [], []];
  const dir = setup.dir ?? temporaryDirectory();
  const controller = new AbortController();
  const system = rememberingSystem(false);
  const cursors = new Map<string, number>();
  let look = (): void => undefined;
  const set = recorded();
  const kernel = parseCommandLine(setup.line);
  const { values: settings } = resolveAgentSettings({ cmdline: kernel });
  const done = runIronic({
    clock,
    log: createLog({ level: 'debug', people: (line, level) => lines.push(`${level}: ${line}`) }),
    emit(event) {
      events.push(event);
      look();
    },
    system,
    say: (line) => said.push(line),
    kernel,
    settings,
    collect: () => set,
    capture: () => Promise.resolve(Buffer.from('a capture')),
    stateDir: dir,
    logDir: dir,
    openHttp: () => Promise.resolve(createHttpClient()),
    openFiles: () => Promise.resolve(createHttpClient()),
    ...setup,
    signal: controller.signal,
  });
  const agent: IronicAgent = {
    clock,
    events,
    said,
    lines,
    dir,
    system: (setup.system as ReturnType<typeof rememberingSystem> | undefined) ?? system,
    get callback() {
      const serving = events.filter((event) => event.event === 'serving').at(-1);
      return serving?.callback;
    },
    until: (name, from = 0) =>
      new Promise((resolve) => {
        const before = look;
        look = () => {
          before();
          const found = events.slice(from).find((event) => event.event === name);
          if (found !== undefined) resolve(found as never);
        };
        look();
      }),
    async next(name) {
      const found = await agent.until(name, cursors.get(name) ?? 0);
      cursors.set(name, events.indexOf(found) + 1);
      return found;
    },
    call: (method, path, body, ca) => call(`${agent.callback ?? ''}${path}`, method, body, ca),
    async stop(keep = false) {
      controller.abort(new Error('the test is over'));
      const status = await done;
      if (!keep) rmSync(dir, { recursive: true, force: true });
      return status;
    },
  };
  return agent;
}

/** One call of an agent’s HTTPS API; any certificate is taken where `ca` is left out. */
export function call(url: string, method: string, body?: unknown, ca?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const headers = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
    const sent = request(url, { method, headers, agent: false, ...trust }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as Record<string, unknown> });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
