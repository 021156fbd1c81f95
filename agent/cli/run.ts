/** The verb `run`: the agent. */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { createSystem } from '../../platform/system.ts';
import { systemClock } from '../../platform/time/clock.ts';
import type { Settings } from '../config/settings.ts';
import type { Disk } from '../disks/disks.ts';
import { bootParameters } from '../kernel-line/read-kernel-line.ts';
import { withheldFrom } from '../http/tls/trust.ts';
import { startAgent } from '../loop/agent.ts';
import type { AgentEnd } from '../loop/agent-options.ts';
import type { AgentEvent, Emit } from '../loop/events.ts';
import type { Runtime } from '../loop/runtime.ts';
import { openConsole, type ConsoleOutput } from '../node/console.ts';
import { createEventText } from '../node/event-text.ts';
import { openNodeLog } from '../node/logging.ts';
import type { NodeSetup } from '../node/node-setup.ts';
import { startNode, type Node } from '../node/node.ts';
import { stopOptimizing } from '../node/optimizing.ts';
import type { ServerService, TurnServer } from '../servers/server.ts';
import { openStateStore, type StateStore } from '../state/state-store.ts';
import { version } from '../version.ts';
import { agentOptions, serverList, type AgentArgs } from './options.ts';
import { addressesOf, refuseBadOptions, resolverOf, setUp, stateDir } from './setup.ts';

/** EX_SOFTWARE of sysexits.h: a defect of ours. */
const SOFTWARE = 70;

interface RunArgs extends AgentArgs {
  readonly live: boolean;
  readonly events: boolean;
  readonly once: boolean;
  readonly turns: number | undefined;
  readonly 'disk-file': string | undefined;
  readonly 'stop-after-command': readonly string[] | undefined;
}

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(yargs, {
      live: { type: 'boolean', default: false, describe: 'change this machine: reboot it when the server says so, …' },
      once: { type: 'boolean', default: false, describe: 'one turn' },
      turns: { type: 'number', describe: 'so many turns' },
      'stop-after-command': { type: 'string', array: true, describe: 'end after a turn with this command' },
      events: { type: 'boolean', default: false, describe: 'each step as a JSON line on standard output' },
      'disk-file': { type: 'string', describe: 'a regular file that stands for the disks; not with --live' },
    }),
  examples: [
    ['run --server 10.0.0.1 --once', 'one turn against a server, changing nothing'],
    ['run --events --turns 3', 'three turns, each step as a line of JSON'],
  ],
  epilogue: serverList,
  run: async (args, host) => await runAgent(args, host),
});

/** In order: 1. read what stands still; 2. open log, store and node; 3. take turns, or do the job of a server without turns. */
async function runAgent(args: RunArgs, host: Host): Promise<number> {
  const turns = turnsOf(args);
  const { text: kernelLine, source } = await bootParameters(args.cmdline, args.live, host);
  const mayBeUndecided = args.live && turns === undefined;
  const setup = await setUp(args, host, { kernelLine, mayBeUndecided, mayLackConfig: args.live });
  const { descriptor } = setup;
  const initial = setup.settings({});
  // a node goes on with the next place: it must not stay dead for a slip in the arguments of its image
  if (!args.live) refuseBadOptions(initial);
  const dir = stateDir(args, args.live);
  const logDir = initial.values.logDir || (args.live ? '/var/log' : dir);
  const people = args.events ? host.err : host.out;
  const nodeLog = openNodeLog({
    logDir,
    level: initial.values.logLevel,
    syslog: initial.values.syslog,
    console: (line) => people(`${line}\n`),
    resolve: resolverOf(args),
  });
  const { log } = nodeLog;
  const output = openConsole((line) => people(`${line}\n`), args.live && !host.interactive);
  const say = output.both;
  const system = createSystem({ live: args.live, log });
  const store = await openStateStore(dir);
  // the node's commands look into what the service adds, which needs the node
  const added: { service?: ServerService | undefined } = {};
  const listeners: Emit[] = [];
  const emit: Emit = (event) => {
    for (const listener of listeners) listener(event);
  };
  const listDisks = await disksOf(args['disk-file']);
  const runtime: Runtime = { clock: systemClock, log, emit, system, signal: host.signal };
  const node = startNode(runtime, {
    nodeLog,
    store,
    setup,
    programEnvironment: () => added.service?.programEnvironment?.() ?? {},
    resolve: resolverOf(args),
    say,
    listDisks,
  });
  listeners.push((event) => node.onEvent(event), eventWriter(output, log));
  if (args.events) listeners.push((event) => host.out(jsonLine(event)));
  emit({ event: 'started', version: version(), dialect: descriptor.name, live: args.live, stateDir: dir });
  warnOfInsecure(initial.values, people, emit);
  if (setup.undecided !== undefined || descriptor.turns === undefined) {
    if (turns !== undefined && descriptor.job?.ends !== true)
      throw new RazorMkError('RAZOR_MK_USAGE', `${descriptor.name} has no turns to count`);
    const { runInsteadOfTurns } = await import('../servers/start-job.ts');
    const place = { stateDir: dir, logDir, listDisks, source, say };
    return await runInsteadOfTurns({ ...runtime, ...place, setup, settings: initial, node });
  }
  const service = await startService(descriptor, { args, runtime, setup, node, dir });
  added.service = service;
  const status = await takeTurns(descriptor, { args, turns, runtime, setup, node, service, store });
  // made for this run, and nobody knows its name
  if (!args.live && args['state-dir'] === undefined) rmSync(dir, { recursive: true, force: true });
  return status;
}

/** How many turns are taken; undefined for no end. Throws RAZOR_MK_USAGE for options that go not together. */
function turnsOf(args: RunArgs): number | undefined {
  const turns = args.once ? 1 : args.turns;
  if (turns !== undefined && !(Number.isInteger(turns) && turns > 0)) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--turns takes a whole number above 0');
  }
  if (args['disk-file'] !== undefined && args.live) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--disk-file is for trying it out, and not for --live');
  }
  return turns;
}

/** Writes what events are in words, to the log and to the console. */
function eventWriter({ console, both }: ConsoleOutput, log: Log): Emit {
  const textOf = createEventText();
  return (event) => {
    const text = textOf(event);
    if (text.both !== undefined) both(text.both);
    if (text.console !== undefined) console(text.console);
    if (event.event === 'checkin' && event.turn === 3) stopOptimizing();
    if (text.log !== undefined) log.info(text.log);
  };
}

/** `--events`: an event with its wall time, and the milliseconds since the start of the process. */
function jsonLine(event: AgentEvent): string {
  const times = { at: new Date().toISOString(), sinceMs: Math.round(performance.now()) };
  return `${JSON.stringify({ ...event, ...times })}\n`;
}

function warnOfInsecure({ insecure }: Settings, people: (text: string) => void, emit: Emit): void {
  if (!insecure) return;
  const message = 'certificates of servers are not checked (insecure=on): anybody on the way can be the server';
  people(`razor-mk: ${message}\n`);
  emit({ event: 'warning', message });
}

/** Once for each server that is talked to: why it refuses this node would be a riddle otherwise. */
function warnOfWithheld(note: string | undefined, { log, emit }: Runtime): void {
  if (note === undefined) return;
  log.warn(note);
  emit({ event: 'warning', message: note });
}

interface Running {
  readonly args: RunArgs;
  readonly runtime: Runtime;
  readonly setup: NodeSetup;
  readonly node: Node;
}

/** What runs beside the turns, where the server has something. */
async function startService(
  descriptor: TurnServer,
  { args, runtime, setup, node, dir }: Running & { readonly dir: string },
): Promise<ServerService | undefined> {
  return await descriptor.startService?.({
    ...runtime,
    kernel: setup.kernel,
    settings: setup.settings({}).values,
    stateDir: dir,
    breaker: node.breaker,
    resolve: addressesOf(args),
    httpFor: setup.httpFor,
    openFiles: (settings) => setup.openFiles(settings, {}),
  });
}

interface TurnsOptions extends Running {
  readonly turns: number | undefined;
  readonly service: ServerService | undefined;
  readonly store: StateStore;
}

async function takeTurns(descriptor: TurnServer, options: TurnsOptions): Promise<number> {
  const { args, turns, runtime, setup, node, service, store } = options;
  const agent = startAgent(runtime, {
    store,
    descriptor,
    kernel: setup.kernel,
    service,
    commands: node.commands,
    collect: (values) => {
      const externalFacts = [...values.externalFacts, ...(service?.factDirs?.() ?? [])];
      return setup.collect({ ...values, externalFacts }, runtime.signal, service?.programEnvironment?.());
    },
    settings: setup.settings,
    discover: setup.discover,
    httpFor: (settings, server) => {
      warnOfWithheld(withheldFrom(server, settings), runtime);
      return setup.httpFor(settings, server);
    },
    hooks: node.hooks,
    extraErrors: node.errorsForFacts,
    ownFacts: node.ownFacts,
    turns,
    stopAfter: args['stop-after-command'],
  });
  await node.open(agent.control);
  const end = await agent.done;
  await service?.close();
  await node.close();
  return runtime.signal.aborted ? 0 : exitStatus(end);
}

/** 0 when a turn was answered, else the status of the error that the last one failed with. */
function exitStatus({ answered, error }: AgentEnd): number {
  if (answered > 0) return 0;
  return error instanceof RazorMkError ? error.exitCode : SOFTWARE;
}

/** The file that stands for the disks, or undefined for those of the machine. */
async function disksOf(file: string | undefined): Promise<(() => Disk[]) | undefined> {
  if (file === undefined) return undefined;
  const { fileAsDisk } = await import('../disks/file-disk.ts');
  return () => [fileAsDisk(resolve(file))];
}
