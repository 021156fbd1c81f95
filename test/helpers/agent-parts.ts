/** Parts of an agent for tests: a machine that never changes unless told to, and an agent that runs on a fake clock. */
import { EventEmitter, once } from 'node:events';
import { startAgent, type AgentRun } from '../../agent/loop/agent.ts';
import type { AgentEnd, AgentOptions } from '../../agent/loop/agent-options.ts';
import type { Runtime } from '../../agent/loop/runtime.ts';
import { createRegistry } from '../../agent/commands/command-registry.ts';
import { resolveAgentSettings } from '../../agent/config/resolve.ts';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { parseCommandLine } from '../../platform/kernel-line.ts';
import { RAZOR } from '../../agent/servers/razor/razor-descriptor.ts';
import { createHttpClient } from '../../agent/http/http-client.ts';
import { openStateStore, type StateStore } from '../../agent/state/state-store.ts';
import type { Fact, FactSet } from '../../facts/fact-types.ts';
import { createLog } from '../../platform/log/log.ts';
import { createSystem, type System } from '../../platform/system.ts';
import { fakeClock, type FakeClock } from './fake-clock.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export function machine(values: Record<string, string> = { hostname: 'mk', is_virtual: 'true' }): FactSet {
  const facts = new Map<string, Fact>();
  for (const [name, value] of Object.entries(values)) facts.set(name, { name, value, group: 'test', sources: [] });
  return {
    facts,
    identity: {
      interfaces: [
        { name: 'eth0', mac: '52:54:00:00:00:c1' },
        { name: 'eth1', mac: '52:54:00:00:00:c2' },
      ],
      uuid: undefined,
      serial: undefined,
      assetTag: undefined,
      note: undefined,
    },
    errors: [],
    durationMs: 1,
  };
}

export interface TestAgent extends AgentRun {
  readonly clock: FakeClock;
  readonly events: AgentEvent[];
  readonly lines: string[];
  readonly store: StateStore;
  readonly system: System;
  /** What collect gives from now on. */
  facts: FactSet;
  readonly stop: () => Promise<AgentEnd>;
  /** Resolves with the next event. */
  readonly nextEvent: () => Promise<void>;
  of<K extends AgentEvent['event']>(name: K): Extract<AgentEvent, { event: K }>[];
}

export interface TestAgentOptions extends Partial<AgentOptions>, Partial<Pick<Runtime, 'system'>> {
  /** One server, given; or use `discover`. */
  readonly server?: string;
  readonly given?: boolean;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly dir?: string;
  readonly random?: readonly number[];
}

/** An agent on a fake clock, with real HTTP. Time stands still while a request is on its way. */
export async function testAgent(options: TestAgentOptions): Promise<TestAgent> {
  const clock = fakeClock(options.random ?? [0]);
  const events: AgentEvent[] = [];
  const emitted = new EventEmitter();
  const lines: string[] = [];
  const log = createLog({ level: 'debug', people: (line, level) => lines.push(`${level}: ${line}`) });
  const store = options.store ?? (await openStateStore(options.dir ?? temporaryDirectory()));
  const system = options.system ?? createSystem({ live: false, log });
  const controller = new AbortController();
  const state = { facts: machine() };
  const emit = (event: AgentEvent): void => {
    events.push(event);
    emitted.emit('event');
  };
  const run = startAgent(
    { clock, log, emit, system, signal: controller.signal },
    {
      store,
      descriptor: RAZOR,
      kernel: parseCommandLine(''),
      commands: createRegistry(),
      collect: () => Promise.resolve(state.facts),
      settings: (pushed) => resolveAgentSettings({ options: { 'checkin-skew': '0', ...options.args }, pushed }),
      discover: () => {
        const source = options.given === false ? 'next-server file' : 'kernel line razor.ip';
        return Promise.resolve({
          candidates: [{ url: options.server ?? 'http://127.0.0.1:1', source, given: options.given ?? true }],
          steps: [],
        });
      },
      httpFor: () => Promise.resolve(createHttpClient({ timeoutMs: 2000 })),
      ...options,
    },
  );
  return {
    ...run,
    clock,
    events,
    lines,
    store,
    system,
    get facts() {
      return state.facts;
    },
    set facts(set) {
      state.facts = set;
    },
    stop: async () => {
      controller.abort(new Error('stopped by the test'));
      return await run.done;
    },
    nextEvent: async () => void (await once(emitted, 'event')),
    of: <K extends AgentEvent['event']>(name: K) =>
      events.filter((event) => event.event === name) as Extract<AgentEvent, { event: K }>[],
  };
}

/** Lets the agent sleep its waits to the end, with room for real requests between, until `done` or a bound. */
export async function runUntil(agent: TestAgent, done: () => boolean, steps = 2000): Promise<void> {
  let ended = false;
  const end = agent.done.then(() => void (ended = true));
  for (let step = 0; step < steps && !done() && !ended; step++) {
    // a waiting agent is moved on; one that talks to a real server gets real time
    while (agent.clock.sleeping === 0 && !done() && !ended)
      await Promise.race([agent.clock.whenAsleep(), agent.nextEvent(), end]);
    if (!done()) await agent.clock.advance(agent.clock.slept.at(-1) ?? 0);
  }
  if (!done()) throw new Error(`not reached; events: ${JSON.stringify(agent.events.slice(-6))}`);
}
