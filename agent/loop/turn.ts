/** One turn: collect, check in, plan, act. No sleeping, and everything it needs is handed in. */
import { changedFacts, factValues, type Exclusion } from '../../facts/facts.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { CommandOutcome } from '../commands/command-handler.ts';
import type { CommandRegistry } from '../commands/command-registry.ts';
import type { Dialect, NodeReport, ServerCommand } from '../servers/dialect.ts';
import type { FactCache } from '../state/fact-cache.ts';
import type { TurnServer } from '../servers/server.ts';
import { carryOut } from './command-runner.ts';
import type { Store } from '../state/state-store.ts';
import type { Runtime } from './runtime.ts';

export interface TurnContext extends Runtime {
  /** Counted from 1. */
  readonly turn: number;
  readonly store: Store;
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
  readonly extraFacts?: () => Readonly<Record<string, string>>;
}

export interface TurnResult {
  readonly command: ServerCommand;
  readonly known: boolean;
  readonly outcome: CommandOutcome | undefined;
  /** The facts were sent, asked for or because they changed. */
  readonly registered: boolean;
  readonly clientConfig: Readonly<Record<string, unknown>> | undefined;
  readonly nodeId: string;
}

/** Runs one turn. Throws RazorMkError when the server gave no usable reply or refused; the facts are gathered anyhow. */
export async function runTurn(context: TurnContext): Promise<TurnResult> {
  const { dialect, store, emit, clock } = context;
  const { turns } = context.descriptor;
  const { set: facts, fresh } = await gather(context, context.maxFactAgeMs);
  const nodeId = dialect.nodeId(facts.identity);

  const started = clock.now();
  const { firstCheckin } = store;
  const reply = await dialect.checkin(reportOf(context, facts, turns.checkinSendsFacts), context.signal);
  const { command } = reply;
  const durationMs = clock.now() - started;
  emit({
    event: 'checkin',
    server: dialect.serverUrl,
    firstCheckin,
    command: command.name,
    durationMs,
    turn: context.turn,
    ...(turns.asksServer ? {} : { asked: false }),
  });

  let registered = false;
  const register = async (reason: string, set: FactSet): Promise<void> => {
    await sendFacts(context, set, reason);
    registered = true;
  };

  const handler = context.commands.find(command.name);
  let outcome: CommandOutcome | undefined;
  const tell = (plan: readonly string[]): void =>
    emit({
      event: 'command',
      name: command.name,
      known: handler !== undefined,
      destructive: handler?.destructive ?? false,
      plan,
    });
  if (handler === undefined) {
    tell([`nothing: this agent does not know the command ${command.name}`]);
    context.log.warn(`the server asks for an unknown command: ${command.name}`);
  } else {
    try {
      tell(handler.plan(command.param));
      outcome = await carryOut(handler, context, {
        param: command.param,
        dialect,
        facts,
        store,
        register: async () => {
          // as fresh as a registration should be, and gathered once only in the turn that just did it
          const ageMs = turns.asksServer ? Math.min(context.maxFactAgeMs, 1000) : Infinity;
          await register(turns.registerReason, (await gather(context, ageMs)).set);
          if (store.firstCheckin) store.setFirstCheckin(false);
        },
      });
    } catch (error) {
      outcome = failedOutcome(command.name, error, context);
    }
  }
  if (command.name === 'acknowledge' && turns.acknowledgeMeansKnown && store.firstCheckin) store.setFirstCheckin(false);
  if (fresh && !registered && !store.firstCheckin && turns.registers) {
    const reason = whyRegister(store, facts, context);
    if (reason !== undefined) await register(reason, facts);
  }
  return { command, known: handler !== undefined, outcome, registered, clientConfig: reply.clientConfig, nodeId };
}

/** A command that could not be carried out is told, and is no failure of the check-in. Anything else is thrown on. */
function failedOutcome(name: string, error: unknown, { emit, log, dialect, signal }: TurnContext): CommandOutcome {
  const ours = error instanceof RazorMkError && (error.code === 'RAZOR_MK_COMMAND' || error.code === 'RAZOR_MK_RUN');
  if (!ours || signal.aborted) throw error;
  const { message, remedy, code } = error;
  log.error(`${name} failed: ${message}`, { code, remedy });
  emit({ event: 'command-failed', name, message, remedy });
  // the server's own log of this node, where it keeps one
  dialect.logToServer?.('error', message, signal).catch(() => undefined);
  return { summary: `failed: ${message}` };
}

async function gather(context: TurnContext, maxAgeMs: number): Promise<{ set: FactSet; fresh: boolean }> {
  const { set, fresh } = await context.facts.get(maxAgeMs);
  if (fresh) {
    const { identity, durationMs, errors } = set;
    for (const error of errors) context.log.warn(`facts: ${error.group}: ${error.message}`);
    context.emit({
      event: 'collected',
      facts: set.facts.size,
      durationMs,
      errors: errors.length,
      nodeId: idForPeople(context.dialect, set),
      note: identity.note,
    });
  }
  return { set, fresh };
}

function idForPeople(dialect: Dialect, set: FactSet): string {
  try {
    return dialect.nodeId(set.identity);
  } catch (error) {
    if (error instanceof RazorMkError) return '';
    throw error;
  }
}

/** `withFacts` false leaves the facts out, for dialects and exchanges that do not send them. */
function reportOf(context: TurnContext, set: FactSet, withFacts: boolean): NodeReport {
  return {
    identity: set.identity,
    facts: withFacts ? { ...factValues(set, context.exclusion()), ...context.extraFacts?.() } : {},
    firstCheckin: context.store.firstCheckin,
    lastState: 'idle',
  };
}

/** Sends the facts and remembers them. Only facts that the server accepted are remembered. */
async function sendFacts(context: TurnContext, set: FactSet, reason: string): Promise<void> {
  const { clock, dialect, emit, log } = context;
  const report = reportOf(context, set, true);
  const started = clock.now();
  const notes = await dialect.register(report, context.signal).catch((error: unknown) => {
    // what was missing may be there at the next try: an address, a card
    context.facts.expire();
    throw error;
  });
  for (const note of notes) log.warn(note);
  context.store.setPreviousFacts(report.facts);
  const facts = Object.keys(report.facts).length;
  emit({ event: 'registered', facts, reason, notes, durationMs: clock.now() - started });
}

/**
 * Why facts are sent without being asked for, or undefined. The original compares what it would send with what it sent last,
 * after every turn; here what a new pattern keeps back counts as well, and what the agent says about itself.
 */
function whyRegister(store: Store, set: FactSet, context: TurnContext): string | undefined {
  const before = store.previousFacts;
  if (before === undefined) return 'what the server knows of this machine was lost';
  const { excludes } = context.exclusion();
  const changed = changedFacts(before, set).filter((name) => !excludes(name) && !name.startsWith('razor_mk_'));
  const errors = reportOf(context, set, true).facts['razor_mk_errors'];
  if (errors !== before['razor_mk_errors']) changed.push('razor_mk_errors');
  if (changed.length > 0) return `changed: ${shown(changed)}`;
  const kept = Object.keys(before).filter((name) => excludes(name) && !name.startsWith('razor_mk_'));
  return kept.length > 0 ? `not to be sent any more: ${shown(kept)}` : undefined;
}

function shown(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
}
