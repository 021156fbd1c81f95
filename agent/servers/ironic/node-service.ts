/** LookupReply, command server and heartbeats: from "who am I" until Ironic has no more use for this node. */
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { listDisks } from '../../disks/disks.ts';
import { applySkipList, parseSkipList } from '../../disks/skip-list.ts';
import { reportError } from '../../loop/report-error.ts';
import { createApi, type IronicApi } from './conductor/ironic-api.ts';
import { COMMANDS } from './commands/command-table.ts';
import type { CommandJournal } from './commands/command-journal.ts';
import { createExecutor, type Executor } from './commands/executor.ts';
import { startHeartbeats, type HeartbeatLoop } from './conductor/heartbeat.ts';
import { ipaInventory } from './inspection/ipa-inventory.ts';
import type { IronicParameters } from './ironic-parameters.ts';
import { lookUp, lookUpOnce, type FoundNode, type LookupOptions } from './conductor/lookup.ts';
import { listenForConductor } from './conductor/listen-for-conductor.ts';
import type { Memory } from './ironic-state.ts';
import type { CommandContext, IronicCommand, ConductorNode, IronicJob, Params } from './ironic-options.ts';

interface ServiceOptions extends IronicJob {
  readonly parameters: IronicParameters;
  readonly memory: Memory;
  readonly journal: CommandJournal;
  readonly commands?: readonly IronicCommand[];
}

/** So much time is left to the answer of the command that ends the service. */
const LAST_ANSWER_MS = 1500;

/** A node that Ironic knows, while its service runs. */
interface Service {
  readonly options: ServiceOptions;
  readonly lookup: LookupOptions;
  found: FoundNode;
  node: ConductorNode;
  /** Why Ironic has no more use for this node; '' while it has. */
  reason: string;
  readonly ended: AbortController;
  beats: HeartbeatLoop | undefined;
}

/**
 * 1. The node is looked up; 2. the agent's API is opened; 3. heartbeats tell Ironic of it until a command ends the service.
 * Resolves to why Ironic has no more use for this node, or rejects when it is stopped.
 */
export async function serveNode(options: ServiceOptions, uuid: string | undefined): Promise<string> {
  const { emit, parameters, memory, signal } = options;
  const lookup = await lookupOptions(options);
  const found = await lookUp(lookup, uuid);
  const { node } = found.lookup;
  const service: Service = { options, lookup, found, node, reason: '', ended: new AbortController(), beats: undefined };
  const { server, callbackUrl, certificate } = await listenForConductor({
    options,
    parameters,
    memory,
    executor: executorOf(service),
    apiUrl: found.api.url,
    apiVersion: found.api.version(),
    config: found.lookup.config,
    token: () => service.found.token,
    onError: (error) => report(error, options),
  });
  try {
    emit({ event: 'serving', server: found.api.url, node: node.uuid, callback: callbackUrl });
    service.beats = beatsOf(service, { callbackUrl, certificate });
    await service.beats.done;
    signal.throwIfAborted();
    return service.reason;
  } finally {
    await server.close();
  }
}

async function lookupOptions(options: ServiceOptions): Promise<LookupOptions> {
  const { clock, log, emit, parameters, memory, signal } = options;
  return {
    apis: await Promise.all(parameters.apiUrls.map((url) => openApi(url, options))),
    macs: async () => ipaInventory(await options.collect(), parameters.bootif).interfaces.map((nic) => nic.mac_address),
    memory,
    presharedToken: parameters.presharedToken,
    timeoutMs: parameters.lookupTimeoutMs,
    intervalMs: parameters.lookupIntervalMs,
    clock,
    log,
    onFailure(error, ms) {
      report(error, options);
      emit({ event: 'waiting', ms, reason: 'the lookup is tried again' });
    },
    signal,
  };
}

function executorOf(service: Service): Executor {
  const { emit, log, journal, commands = COMMANDS } = service.options;
  return createExecutor({
    commands: commands.map((command) => ({
      ...command,
      run(params, context) {
        service.node = nodeIn(params, service.node) ?? service.node;
        return command.run(params, { ...context, node: service.node });
      },
    })),
    journal,
    context: () => contextOf(service),
    warn: (message) => log.warn(message),
    onStart: (name, known) => emit({ event: 'command', name, known, destructive: false, plan: ['as Ironic asks'] }),
    onEnd(name, { command_status, command_error }, async) {
      if (command_error === null) log.info(`${name}: ${command_status.toLowerCase()}`);
      else log.error(`${name}: ${command_error.message}`, { code: command_error.type });
      if (async && service.reason === '') service.beats?.force();
    },
  });
}

function contextOf(service: Service): CommandContext {
  const { options, node, found } = service;
  const { clock, signal } = options;
  return {
    ...options,
    node,
    config: found.lookup.config,
    async listDisks() {
      const skipped = parseSkipList(service.node.properties['skip_block_devices']);
      return applySkipList(await (options.listDisks ?? listDisks)(), skipped);
    },
    openHttp: (url) => options.openHttp(url),
    progress: progressReporter(options),
    endService(why) {
      if (service.reason !== '') return;
      service.reason = why;
      void clock.sleep(LAST_ANSWER_MS, signal).finally(() => service.ended.abort(new Error(why)));
    },
  };
}

function beatsOf(service: Service, own: { readonly callbackUrl: string; readonly certificate: string }): HeartbeatLoop {
  const { options, lookup, node, ended } = service;
  const { clock, log, emit, signal } = options;
  return startHeartbeats({
    clock,
    timeout: () => service.found.lookup.heartbeatTimeout,
    send: () => service.found.api.heartbeat(node.uuid, { ...own, token: service.found.token }),
    async renew() {
      try {
        service.found = await lookUpOnce(lookup, node.uuid);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        log.debug(`lookup: ${messageOf(error)}`); // the wait that follows says it to people
        return false;
      }
    },
    onSent: (durationMs) => emit({ event: 'heartbeat', server: service.found.api.url, node: node.uuid, durationMs }),
    onError: (error) => report(error, options),
    onWait: (ms, why) => emit({ event: 'waiting', ms, reason: why }),
    signal: AbortSignal.any([signal, ended.signal]),
  });
}

async function openApi(url: string, options: ServiceOptions): Promise<IronicApi> {
  const { parameters, signal } = options;
  return createApi({
    url,
    http: await options.openHttp(url, { insecure: parameters.insecure }),
    timeoutMs: parameters.httpTimeoutMs,
    version: parameters.apiVersion,
    globalRequestId: parameters.globalRequestId,
    signal,
  });
}

/** `node` of a command's parameters is newer than the lookup's. */
function nodeIn(params: Params, before: ConductorNode): ConductorNode | undefined {
  const node = params['node'] as Partial<Record<keyof ConductorNode, unknown>> | null | undefined;
  if (typeof node !== 'object' || node === null || typeof node.uuid !== 'string') return undefined;
  // what a command leaves out is as it was: the disks to leave alone are among it
  const map = (value: unknown, known: Params): Params =>
    typeof value === 'object' && value !== null ? (value as Params) : known;
  return {
    uuid: node.uuid,
    properties: map(node.properties, before.properties),
    instance_info: map(node.instance_info, before.instance_info),
    driver_internal_info: map(node.driver_internal_info, before.driver_internal_info),
  };
}

const PROGRESS_EVERY_MS = 5000;

/** At most one line every few seconds. */
function progressReporter({ clock, log, emit }: ServiceOptions): (text: string) => void {
  let last = -Infinity;
  return (text) => {
    if (clock.now() - last < PROGRESS_EVERY_MS) return;
    last = clock.now();
    log.info(text);
    emit({ event: 'step', name: 'Ironic', state: 'running', note: text });
  };
}

/** Reports an error like the rest of the agent does. A bare error of the system is about the port of the command server. */
export function report(error: unknown, options: Pick<IronicJob, 'log' | 'emit'>): void {
  const isBare = !(error instanceof RazorMkError) && errnoOf(error) !== undefined;
  const remedy = 'Another program may have the port; ipa-listen-port= names another one.';
  reportError(options, isBare ? new RazorMkError('RAZOR_MK_HTTP', messageOf(error), { remedy, cause: error }) : error);
}
