/**
 * What stands around the agent's turns on a node: boot sequence, watchdog, commands with their loop breaker, local interface,
 * Tiny Core duties. It listens to events and hangs into the agent's hooks; the agent knows nothing of it.
 */
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import { createLoopBreaker, type LoopBreaker } from '../commands/loop-breaker.ts';
import { createRegistry, type CommandRegistry } from '../commands/command-registry.ts';
import { writeImageFact } from '../commands/write-image/write-image.ts';
import type { Settings } from '../config/settings.ts';
import type { ListDisks } from '../disks/disks.ts';
import { openSignatures } from '../http/tls/trust.ts';
import type { AgentControl } from '../loop/agent-options.ts';
import type { AgentEvent } from '../loop/events.ts';
import type { AgentHooks } from '../loop/hooks.ts';
import type { Runtime } from '../loop/runtime.ts';
import { type NeighbourWatch, listenForNeighbours } from '../network/neighbours/listen.ts';
import { observeNetwork } from '../network/network-state.ts';
import { startWatchdog, type Watchdog } from '../network/watchdog.ts';
import type { StateStore } from '../state/state-store.ts';
import { openLocalApi, SOCKET_NAME, type LocalApi } from '../status/local-api.ts';
import { createStatusTracker, type StatusTracker } from '../status/status-tracker.ts';
import { version } from '../version.ts';
import { bootNode } from './boot/boot.ts';
import { createDuties, type Duties } from './duties.ts';
import type { NodeLog } from './logging.ts';
import type { NodeSetup } from './node-setup.ts';

interface NodeOptions {
  readonly nodeLog: NodeLog;
  readonly store: StateStore;
  readonly setup: NodeSetup;
  /** Environment of external commands. */
  readonly programEnvironment: () => Readonly<Record<string, string>>;
  readonly resolve: (name: string) => Promise<string | undefined>;
  /** A line for the console, whatever the log level. */
  readonly say: (line: string) => void;
  /** The file that stands for the machine's disks; undefined for those. */
  readonly listDisks: ListDisks | undefined;
}

export interface Node {
  readonly commands: CommandRegistry;
  /** For commands that do not come through `commands`. */
  readonly breaker: LoopBreaker;
  readonly errorsForFacts: () => readonly string[];
  /** Facts about this agent itself, for servers that give commands. */
  readonly ownFacts: () => Readonly<Record<string, string>>;
  readonly hooks: AgentHooks;
  /** Resolves when the cards with a link were listened on for LLDP; at the latest after so long. At once where nobody listens. */
  neighboursHeard(timeoutMs: number): Promise<void>;
  /** Must be called for each event of the agent. */
  onEvent(event: AgentEvent): void;
  /** Opens the local interface for a running agent. Never throws. */
  open(control: AgentControl): Promise<void>;
  close(): Promise<void>;
}

interface NodeState {
  agent: AgentControl | undefined;
  api: LocalApi | undefined;
  watchdog: Watchdog | undefined;
  listening: NeighbourWatch | undefined;
  /** Ends the listening. */
  readonly closing: AbortController;
  booted: boolean;
}

/** A turn may take this long before the watchdog bites, however short the interval is. */
const SHORTEST_STALL_MS = 900_000;

function stallMs({ checkinInterval }: Settings): number {
  return Math.max(SHORTEST_STALL_MS, 3 * checkinInterval * 1000);
}

/** The node around one agent. Nothing is opened or changed before its hooks are called. */
export function startNode(runtime: Runtime, options: NodeOptions): Node {
  const { log } = runtime;
  const { store, setup, nodeLog } = options;
  const state: NodeState = {
    agent: undefined,
    api: undefined,
    watchdog: undefined,
    listening: undefined,
    closing: new AbortController(),
    booted: false,
  };
  const { values: initial } = setup.settings({});
  const settings = (): Settings => state.agent?.settings.values ?? initial;
  const breaker = createLoopBreaker(runtime, {
    store,
    limit: initial.loopLimit,
    windowMs: initial.loopWindow * 1000,
    kernelArgument: setup.kernel.value('razor.loop'),
  });
  const status = trackStatus(runtime, options, state, breaker);
  const duties = createDuties(runtime, {
    openFiles: (current) => setup.openFiles(current, {}),
    signatures: (current) => openSignatures(current, store.dir),
  });
  return {
    breaker,
    commands: openCommands(options, breaker, settings),
    errorsForFacts: status.errorsForFacts,
    ownFacts: () => ownFacts(runtime, options, settings()),
    hooks: nodeHooks(runtime, options, state, duties),
    neighboursHeard: async (timeoutMs) => await state.listening?.firstRound(timeoutMs),
    onEvent(event) {
      status.onEvent(event);
      // a server's own interval may be longer than any that was set
      if (event.event === 'waiting') state.watchdog?.allow(Math.max(stallMs(settings()), event.ms + SHORTEST_STALL_MS));
      state.watchdog?.progress();
    },
    async open(agent) {
      state.agent = agent;
      state.api = await openLocalApi({
        snapshot: status.snapshot,
        offerConfig: (map) => agent.offerConfig(map),
        pushFrom: () => settings().localPush,
        socketPath: join(store.dir, SOCKET_NAME),
        port: runtime.system.live ? initial.controlPort : 0,
        log: log.child('control'),
      });
      if (state.api.port !== undefined) log.debug(`local interface on http://127.0.0.1:${state.api.port}`);
    },
    async close() {
      state.watchdog?.stop();
      state.closing.abort();
      await state.listening?.done;
      await duties.close().catch((error: unknown) => log.warn(messageOf(error)));
      await state.api?.close();
      await nodeLog.close();
    },
  };
}

function ownFacts(
  { system }: Runtime,
  { listDisks }: NodeOptions,
  { allowDeploy }: Settings,
): Readonly<Record<string, string>> {
  return { razor_mk_write_image: writeImageFact(allowDeploy, system.live || listDisks !== undefined) };
}

function trackStatus(
  { clock, system }: Runtime,
  { store, nodeLog }: NodeOptions,
  state: NodeState,
  breaker: LoopBreaker,
): StatusTracker {
  return createStatusTracker({
    clock,
    version: version(),
    stateDir: store.dir,
    logFile: nodeLog.file,
    system,
    settings: () => state.agent?.settings,
    controlPort: () => state.api?.port,
    holding: () => breaker.holding,
    logLinesLost: nodeLog.linesLost,
    syslogLinesDropped: nodeLog.syslogDropped,
  });
}

function openCommands(
  { setup, programEnvironment, listDisks }: NodeOptions,
  breaker: LoopBreaker,
  settings: () => Settings,
): CommandRegistry {
  return createRegistry([], {
    breaker,
    commandsDir: () => settings().commandsDir,
    programEnvironment,
    kexec: {
      openFiles: () => setup.openFiles(settings(), {}),
      checksumsRequired: () => settings().siteKey !== '',
    },
    writeImage: {
      allowed: () => settings().allowDeploy,
      openFiles: () => setup.openFiles(settings(), {}),
      listDisks,
    },
  });
}

function listen({ clock, log, system, signal }: Runtime, state: NodeState): NeighbourWatch {
  return listenForNeighbours({
    clock,
    system,
    log: log.child('neighbours'),
    observe: observeNetwork,
    onHeard: () => state.agent?.expireFacts(),
    signal: AbortSignal.any([signal, state.closing.signal]),
  });
}

function nodeHooks(runtime: Runtime, options: NodeOptions, state: NodeState, duties: Duties): AgentHooks {
  const { clock, log, system } = runtime;
  const { setup, say, resolve, nodeLog } = options;
  return {
    async boot(values, signal) {
      if (system.live) {
        if (values.watchdog === 'on') state.watchdog = await startWatchdog({ system, log, clock });
        // first of all: switches speak every 30 s, and the network takes its time too
        if (values.lldp === 'on') state.listening = listen(runtime, state);
        const { ntp, reloadModules } = values;
        await bootNode(runtime, { cmdline: setup.kernelLine, ntp, reloadModules, say, resolve });
      }
      state.booted = true;
      await duties.carryOut(values, signal);
    },
    async configured(values, signal) {
      nodeLog.setLevel(values.logLevel);
      state.watchdog?.allow(stallMs(values));
      if (state.booted) await duties.carryOut(values, signal);
    },
    ready() {
      runtime.emit({ event: 'loaded', version: version() });
      // the original's sign, which people and scripts wait for on the console
      say(`MK Loaded: v${version()}`);
      return Promise.resolve();
    },
  };
}
