/** Lookup, command server and heartbeats: from "who am I" until Ironic has no more use for this node. */
import { hostname } from 'node:os';
import { X509Certificate } from 'node:crypto';
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { listDisks } from '../../disks/disks.ts';
import { applySkipList, parseSkipList } from '../../disks/skip-list.ts';
import { reportError } from '../../loop/report-error.ts';
import { advertisedAddress, listenAddress } from './conductor/callback-address.ts';
import { createApi, type IronicApi } from './conductor/ironic-api.ts';
import { makeCertificate } from '../../http/tls/certificate.ts';
import { COMMANDS } from './commands/command-table.ts';
import type { CommandJournal } from './commands/command-journal.ts';
import { createExecutor, type Executor } from './commands/executor.ts';
import { startHeartbeats, type HeartbeatLoop } from './conductor/heartbeat.ts';
import { ipaInventory } from './inspection/ipa-inventory.ts';
import type { IronicParameters } from './ironic-parameters.ts';
import { lookUp, lookUpOnce, type Found, type LookupOptions } from './conductor/lookup.ts';
import type { Memory } from './ironic-state.ts';
import type { CommandContext, IronicCommand, IronicNode, IronicOptions, Params } from './ironic-options.ts';
import { startCommandServer, type CommandServer } from './commands/command-listener.ts';

export interface ServiceOptions extends IronicOptions {
  readonly parameters: IronicParameters;
  readonly memory: Memory;
  readonly journal: CommandJournal;
  readonly commands?: readonly IronicCommand[];
}

const PORT = 9999;
const LISTEN_AGAIN_MS = 10_000;
/** So much time is left to the answer of the command that ends the service. */
const LAST_ANSWER_MS = 1500;
const DAY_MS = 86_400_000;

/** Resolves to why Ironic has no more use for this node, or rejects when it is stopped. */
export async function serveNode(options: ServiceOptions, uuid: string | undefined): Promise<string> {
  const { clock, log, emit, parameters, memory, signal } = options;
  const apis = await Promise.all(parameters.apiUrls.map((url) => openApi(url, options)));
  const lookupOptions: LookupOptions = {
    apis,
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
  let found: Found = await lookUp(lookupOptions, uuid);
  let node: IronicNode = found.lookup.node;
  const ended = new AbortController();
  let reason = '';
  let beats: HeartbeatLoop | undefined;
  const context = (): CommandContext => {
    const given = {
      ...options,
      node,
      config: found.lookup.config,
      listDisks: async () => {
        const skipped = parseSkipList(node.properties['skip_block_devices']);
        return applySkipList(await (options.listDisks ?? listDisks)(), skipped);
      },
      openHttp: (url: string) => options.openHttp(url),
      progress: progressTeller(options),
      endService(why: string): void {
        if (reason !== '') return;
        reason = why;
        void clock.sleep(LAST_ANSWER_MS, signal).finally(() => ended.abort(new Error(why)));
      },
    };
    return given;
  };
  const executor = createExecutor({
    commands: (options.commands ?? COMMANDS).map((command) => ({
      ...command,
      run: (params, given) => {
        node = nodeIn(params, node) ?? node;
        return command.run(params, { ...given, node });
      },
    })),
    journal: options.journal,
    context,
    warn: (message) => log.warn(message),
    onStart: (name, known) => emit({ event: 'command', name, known, destructive: false, plan: ['as Ironic asks'] }),
    onEnd(name, { command_status, command_error }, async) {
      if (command_error === null) log.info(`${name}: ${command_status.toLowerCase()}`);
      else log.error(`${name}: ${command_error.message}`, { code: command_error.type });
      if (async && reason === '') beats?.force();
    },
  });
  const { server, callbackUrl, certificate } = await listen(options, executor, found);
  try {
    emit({ event: 'serving', server: found.api.url, node: node.uuid, callback: callbackUrl });
    const both = AbortSignal.any([signal, ended.signal]);
    beats = startHeartbeats({
      clock,
      timeout: () => found.lookup.heartbeatTimeout,
      send: () => found.api.heartbeat(node.uuid, { callbackUrl, token: found.token, certificate }),
      async renew() {
        try {
          found = await lookUpOnce(lookupOptions, node.uuid);
          return true;
        } catch (error) {
          signal.throwIfAborted();
          log.debug(`lookup: ${messageOf(error)}`); // the wait that follows says it to people
          return false;
        }
      },
      onSent: (durationMs) => emit({ event: 'heartbeat', server: found.api.url, node: node.uuid, durationMs }),
      onError: (error) => report(error, options),
      onWait: (ms, why) => emit({ event: 'waiting', ms, reason: why }),
      signal: both,
    });
    await beats.done;
    signal.throwIfAborted();
    return reason;
  } finally {
    await server.close();
  }

  async function listen(
    { say }: ServiceOptions,
    runs: Executor,
    { api }: Found,
  ): Promise<{ server: CommandServer; callbackUrl: string; certificate: string }> {
    for (;;) {
      try {
        const address = parameters.advertiseHost ?? (await advertisedAddress(api.url, { clock, signal }));
        const { key, certificate: made } = identityFor(address, options);
        const server = await startCommandServer({
          host: parameters.listenHost ?? listenAddress(address),
          port: portFor(options, address),
          key,
          certificate: made,
          minTls: parameters.minTls,
          executor: runs,
          token: () => found.token,
          strict: options.settings.ironicStrict,
          startedAt: clock.wall().getTime() / 1000,
          log: log.child('ironic'),
        });
        memory.keep({ port: server.port });
        const host = address.includes(':') ? `[${address}]` : address;
        return { server, certificate: made, callbackUrl: `https://${host}:${parameters.advertisePort || server.port}` };
      } catch (error) {
        signal.throwIfAborted();
        report(error, options);
        say(`Ironic cannot reach this node: ${messageOf(error)}; tried again in ${LISTEN_AGAIN_MS / 1000} s`);
        await clock.sleep(LISTEN_AGAIN_MS, signal);
      }
    }
  }
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

/** Key and certificate of before, as long as they are for this address and good for a day more; else new ones, which are kept. */
function identityFor(
  address: string,
  { memory, clock, parameters }: ServiceOptions,
): { key: string; certificate: string } {
  const { key, certificate, address: before } = memory.value;
  if (key !== undefined && certificate !== undefined && before === address) {
    const left = Date.parse(new X509Certificate(certificate).validTo) - clock.wall().getTime();
    if (left > DAY_MS) return { key, certificate };
  }
  const made = makeCertificate({ name: hostname(), address, curve: parameters.curve, now: clock.wall() });
  memory.keep({ ...made, address });
  return made;
}

/** What the kernel line says; of before, because the URL must not change; IPA's own with --live; a free one without. */
function portFor({ parameters, memory, system }: ServiceOptions, address: string): number {
  if (parameters.listenPort !== undefined) return parameters.listenPort;
  if (system.live) return PORT;
  return memory.value.address === address ? (memory.value.port ?? 0) : 0;
}

/** `node` of a command's parameters is newer than the lookup's. */
function nodeIn(params: Params, before: IronicNode): IronicNode | undefined {
  const node = params['node'] as Partial<Record<keyof IronicNode, unknown>> | null | undefined;
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

function progressTeller({ clock, log, emit }: ServiceOptions): (text: string) => void {
  let last = -Infinity;
  return (text) => {
    if (clock.now() - last < PROGRESS_EVERY_MS) return;
    last = clock.now();
    log.info(text);
    emit({ event: 'step', name: 'Ironic', state: 'running', note: text });
  };
}

/** Reports an error like the rest of the agent does. A bare error of the system is about the port of the command server. */
export function report(error: unknown, options: Pick<IronicOptions, 'log' | 'emit'>): void {
  const isBare = !(error instanceof RazorMkError) && errnoOf(error) !== undefined;
  const remedy = 'Another program may have the port; ipa-listen-port= names another one.';
  reportError(options, isBare ? new RazorMkError('RAZOR_MK_HTTP', messageOf(error), { remedy, cause: error }) : error);
}
