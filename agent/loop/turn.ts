/** One turn: collect, check in, plan, act. No sleeping, and everything it needs is handed in. */
import { changedFacts, isOwnFact, type Exclusion } from '../../facts/facts.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { CommandHandler } from '../commands/command-handler.ts';
import type { CommandRegistry } from '../commands/command-registry.ts';
import { factsOf } from '../servers/node-report.ts';
import type { CheckinReply, Dialect, NodeReport, ServerCommand } from '../servers/dialect.ts';
import type { TurnServer } from '../servers/server.ts';
import type { FactCache } from '../state/fact-cache.ts';
import type { StateStore } from '../state/state-store.ts';
import { runCommand } from './command-runner.ts';
import type { Runtime } from './runtime.ts';

interface TurnOptions {
  /** Counted from 1. */
  readonly turn: number;
  readonly store: StateStore;
  /** Which kind of server is asked, and the exchanges with it. */
  readonly descriptor: TurnServer;
  readonly dialect: Dialect;
  readonly commands: CommandRegistry;
  readonly facts: FactCache;
  /** Facts older than this are gathered anew. */
  readonly maxFactAgeMs: number;
  /** What is not sent. Asked for only when facts are sent, because patterns cost time to load. */
  readonly exclusion: () => Exclusion;
  /** Facts of the agent itself (razor_mk_errors and the like), added to what is sent. */
  readonly extraFacts: () => Readonly<Record<string, string>>;
}

export interface TurnResult {
  readonly command: ServerCommand;
  /** What the server pushed with its reply. */
  readonly clientConfig: Readonly<Record<string, unknown>> | undefined;
  readonly nodeId: string;
}

/**
 * Runs one turn: 1. the facts are gathered, unless they are fresh; 2. the node checks in; 3. the command of the reply is carried
 * out; 4. facts that changed are sent. Throws RazorMkError when the server gave no usable reply or refused.
 */
export async function runTurn(runtime: Runtime, options: TurnOptions): Promise<TurnResult> {
  const { dialect, store } = options;
  const { turns } = options.descriptor;
  const { set, fresh } = await gather(runtime, options, options.maxFactAgeMs);
  const nodeId = dialect.nodeId(set.identity);
  const { command, clientConfig } = await checkIn(runtime, options, set);
  const registered = await followCommand(runtime, options, command, set);
  if (command.name === 'acknowledge' && turns.acknowledgeMeansKnown && store.firstCheckin) store.setFirstCheckin(false);
  if (fresh && !registered && !store.firstCheckin && turns.registers) {
    const reason = whyRegister(options, set);
    if (reason !== undefined) await sendFacts(runtime, options, set, reason);
  }
  return { command, clientConfig, nodeId };
}

async function gather(
  { log, emit }: Runtime,
  { facts, dialect }: TurnOptions,
  maxAgeMs: number,
): Promise<{ set: FactSet; fresh: boolean }> {
  const { set, fresh } = await facts.get(maxAgeMs);
  if (fresh) {
    const { identity, durationMs, errors } = set;
    for (const error of errors) log.warn(`facts: ${error.group}: ${error.message}`);
    emit({
      event: 'collected',
      facts: set.facts.size,
      durationMs,
      errors: errors.length,
      nodeId: nodeIdForPeople(dialect, set),
      note: identity.note,
    });
  }
  return { set, fresh };
}

/** Empty where the machine has no identity: the check-in that follows fails, and says why. */
function nodeIdForPeople(dialect: Dialect, set: FactSet): string {
  try {
    return dialect.nodeId(set.identity);
  } catch (error) {
    if (error instanceof RazorMkError) return '';
    throw error;
  }
}

async function checkIn({ clock, emit, signal }: Runtime, options: TurnOptions, set: FactSet): Promise<CheckinReply> {
  const { dialect, store, turn } = options;
  const { asksServer, checkinSendsFacts } = options.descriptor.turns;
  const started = clock.now();
  const { firstCheckin } = store;
  const reply = await dialect.checkin(reportOf(options, set, checkinSendsFacts), signal);
  emit({
    event: 'checkin',
    server: dialect.serverUrl,
    firstCheckin,
    command: reply.command.name,
    durationMs: clock.now() - started,
    turn,
    ...(reply.reason !== undefined && { reason: reply.reason }),
    asked: asksServer ? undefined : false,
  });
  return reply;
}

/** Carries out what the reply names. Resolves to whether the facts were sent with it. */
async function followCommand(
  runtime: Runtime,
  options: TurnOptions,
  { name, param }: ServerCommand,
  set: FactSet,
): Promise<boolean> {
  const { dialect, store } = options;
  const handler = options.commands.find(name);
  if (handler === undefined) {
    const plan = [`nothing: this agent does not know the command ${name}`];
    runtime.emit({ event: 'command', name, known: false, destructive: false, plan });
    runtime.log.warn(`the server asks for an unknown command: ${name}`);
    return false;
  }
  let registered = false;
  const register = async (): Promise<void> => {
    await registerAsAsked(runtime, options);
    registered = true;
  };
  try {
    await runCommand(runtime, handler, { param, dialect, facts: set, store, register });
  } catch (error) {
    reportFailedCommand(runtime, dialect, handler, error);
  }
  return registered;
}

/** Sends facts as fresh as a registration should be, gathered once only in the turn that just did it. */
async function registerAsAsked(runtime: Runtime, options: TurnOptions): Promise<void> {
  const { store, maxFactAgeMs } = options;
  const { asksServer, registerReason } = options.descriptor.turns;
  const { set } = await gather(runtime, options, asksServer ? Math.min(maxFactAgeMs, 1000) : Infinity);
  await sendFacts(runtime, options, set, registerReason);
  if (store.firstCheckin) store.setFirstCheckin(false);
}

/** A command that could not be carried out is reported, and does not make the check-in fail. Anything else is thrown on. */
function reportFailedCommand(runtime: Runtime, dialect: Dialect, { name }: CommandHandler, error: unknown): void {
  const { log, emit, signal } = runtime;
  const ours = error instanceof RazorMkError && (error.code === 'RAZOR_MK_COMMAND' || error.code === 'RAZOR_MK_RUN');
  if (!ours || signal.aborted) throw error;
  const { message, remedy, code } = error;
  log.error(`${name} failed: ${message}`, { code, remedy });
  emit({ event: 'command-failed', name, message, remedy });
  // the server's own log of this node, where it keeps one
  dialect.logToServer?.('error', message, signal).catch(() => undefined);
}

/** `withFacts` false leaves the facts out, for dialects and exchanges that do not send them. */
function reportOf(options: TurnOptions, set: FactSet, withFacts: boolean): NodeReport {
  const { store, descriptor, exclusion, extraFacts } = options;
  const { facts, ...more } = withFacts ? factsOf(descriptor, set, exclusion()) : { facts: {} };
  return {
    identity: set.identity,
    facts: withFacts ? { ...facts, ...extraFacts() } : {},
    ...more,
    firstCheckin: store.firstCheckin,
    lastState: 'idle',
  };
}

/** Sends the facts and remembers them. Only facts that the server accepted are remembered. */
async function sendFacts(runtime: Runtime, options: TurnOptions, set: FactSet, reason: string): Promise<void> {
  const { clock, emit, log, signal } = runtime;
  const report = reportOf(options, set, true);
  const started = clock.now();
  const notes = await options.dialect.register(report, signal).catch((error: unknown) => {
    // what was missing may be there at the next try: an address, a card
    options.facts.expire();
    throw error;
  });
  for (const note of notes) log.warn(note);
  options.store.setPreviousFacts(report.facts);
  const facts = Object.keys(report.facts).length;
  emit({ event: 'registered', facts, reason, notes, durationMs: clock.now() - started });
}

/**
 * Why facts are sent without being asked for, or undefined. The original compares what it would send with what it sent last,
 * after every turn; here what a new pattern keeps back counts as well, and what the agent says about itself.
 */
function whyRegister(options: TurnOptions, set: FactSet): string | undefined {
  const before = options.store.previousFacts;
  if (before === undefined) return 'what the server knows of this machine was lost';
  const { excludes } = options.exclusion();
  const changed = changedFacts(before, set).filter((name) => !excludes(name));
  const now = reportOf(options, set, true).facts;
  const own = new Set([...Object.keys(before), ...Object.keys(now)].filter(isOwnFact));
  changed.push(...[...own].filter((name) => before[name] !== now[name]));
  if (changed.length > 0) return `changed: ${firstNames(changed)}`;
  const excluded = Object.keys(before).filter((name) => excludes(name) && !isOwnFact(name));
  return excluded.length > 0 ? `not to be sent any more: ${firstNames(excluded)}` : undefined;
}

function firstNames(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
}
