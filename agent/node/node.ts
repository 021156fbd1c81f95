/**
 * What stands around the agent's turns on a node: boot sequence, watchdog, commands with their loop breaker, local control,
 * Tiny Core duties. It listens to events and hangs into the agent's hooks; the agent knows nothing of it.
 */
import { join } from 'node:path';
import type { Clock } from '../../platform/time/clock.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import type { AgentControl } from '../loop/agent.ts';
import { createLoopBreaker, type LoopBreaker } from '../commands/loop-breaker.ts';
import { createRegistry, type CommandRegistry } from '../commands/command-registry.ts';
import type { Settings } from '../config/settings.ts';
import { createStatusTracker } from '../status/status-tracker.ts';
import { SOCKET_NAME, startControl, type Control } from '../status/local-api.ts';
import type { AgentEvent, Emit } from '../loop/events.ts';
import type { AgentHooks } from '../loop/hooks.ts';
import { startWatchdog, type Watchdog } from '../network/watchdog.ts';
import type { Store } from '../state/state-store.ts';
import { version } from '../version.ts';
import { bootNode } from './boot.ts';
import { createDuties, type Duties } from './duties.ts';
import type { NodeSetup } from './node-setup.ts';
import type { NodeLog } from './logging.ts';
import { createVoice } from './console-output.ts';

export interface NodeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeLog: NodeLog;
  readonly system: System;
  readonly store: Store;
  readonly setup: NodeSetup;
  /** Directories in front of the PATH of external commands. */
  readonly binDirs: () => readonly string[];
  readonly resolve: (name: string) => Promise<string | undefined>;
  /** A line for the console, whatever the log level. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Node {
  readonly commands: CommandRegistry;
  /** For orders that do not come through `commands`. */
  readonly breaker: LoopBreaker;
  readonly errorsForFacts: () => readonly string[];
  onEvent(event: AgentEvent): void;
  hooks(emit: Emit): AgentHooks;
  /** Opens local control for a running agent. Never throws. */
  open(control: AgentControl): Promise<void>;
  close(): Promise<void>;
}

/** A turn may take this long before the watchdog bites, however short the interval is. */
const SHORTEST_STALL_MS = 900_000;

function stallMs({ checkinInterval }: Settings): number {
  return Math.max(SHORTEST_STALL_MS, 3 * checkinInterval * 1000);
}

export function startNode(options: NodeOptions): Node {
  const { clock, log, nodeLog, system, store, setup } = options;
  const { values: initial } = setup.settings({});
  let agent: AgentControl | undefined;
  let control: Control | undefined;
  let watchdog: Watchdog | undefined;
  let booted = false;
  const settings = (): Settings => agent?.settings.values ?? initial;
  const loop = setup.kernel.value('razor.loop');
  const breaker = createLoopBreaker(options, {
    store,
    limit: initial.loopLimit,
    windowMs: initial.loopWindow * 1000,
    kernelArgument: loop,
  });
  const tracker = createStatusTracker({
    clock,
    version: version(),
    stateDir: store.dir,
    system,
    settings: () => agent?.settings,
    controlPort: () => control?.port,
    holding: () => breaker.holding,
    logLinesLost: nodeLog.linesLost,
    syslogLinesDropped: nodeLog.syslogDropped,
  });
  const voice = createVoice(options.say);
  const duties: Duties = createDuties({ ...options, openFiles: (current) => setup.openFiles(current, {}) });

  return {
    breaker,
    commands: createRegistry([], {
      breaker,
      commandsDir: () => settings().commandsDir,
      binDirs: options.binDirs,
      kexec: {
        openFiles: () => setup.openFiles(settings(), {}),
        checksumsRequired: () => settings().replyKey !== '',
      },
    }),
    errorsForFacts: tracker.errorsForFacts,
    onEvent(event) {
      tracker.onEvent(event);
      voice(event);
      // a server's own pace may be slower than any interval that was set
      if (event.event === 'waiting') watchdog?.allow(Math.max(stallMs(settings()), event.ms + SHORTEST_STALL_MS));
      watchdog?.progress();
    },
    hooks: (emit) => ({
      async boot(values, signal) {
        if (system.live) {
          if (values.watchdog === 'on') watchdog = await startWatchdog({ system, log, clock });
          const { say, resolve } = options;
          const { ntp, reloadModules } = values;
          const cmdline = setup.kernelLine;
          await bootNode({ clock, log, emit, system, signal }, { cmdline, ntp, reloadModules, say, resolve });
        }
        booted = true;
        await duties.carryOut(values, signal);
      },
      async configured(values, signal) {
        nodeLog.setLevel(values.logLevel);
        watchdog?.allow(stallMs(values));
        if (booted) await duties.carryOut(values, signal);
      },
      ready() {
        emit({ event: 'loaded', version: version() });
        // the original's sign, which people and scripts wait for on the console
        options.say(`MK Loaded: v${version()}`);
        return Promise.resolve();
      },
    }),
    async open(running) {
      agent = running;
      control = await startControl({
        snapshot: tracker.snapshot,
        offerConfig: (map) => running.offerConfig(map),
        socketPath: join(store.dir, SOCKET_NAME),
        port: system.live ? initial.controlPort : 0,
        log: log.child('control'),
      });
      if (control.port !== undefined) log.debug(`local control on http://127.0.0.1:${control.port}`);
    },
    async close() {
      watchdog?.stop();
      await duties.close().catch((error: unknown) => log.warn(messageOf(error)));
      await control?.close();
      await nodeLog.close();
    },
  };
}
