/** Runs the conductor's commands: one at a time, in order, and keeps what became of each. */
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../../../platform/errors/errors.ts';
import type { CommandContext, IronicCommand, Params } from '../ironic-options.ts';
import { commandError, type CommandJournal, type CommandResult, type JournalEntry } from './command-journal.ts';

/** A command that is not begun: answered with this status and text. */
export class CommandFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface StartedCommand {
  readonly id: string;
  readonly async: boolean;
  readonly done: Promise<void>;
}

export interface Executor {
  /** Begins a command. Throws CommandFault: 400 unknown, 404 unknown extension, 409 busy, 500 where it cannot be written down. */
  start(name: string, params: Params): StartedCommand;
  /** In order of execution; at most the last 200. */
  results(): readonly CommandResult[];
  result(id: string): CommandResult | undefined;
  wait(id: string): Promise<void>;
}

interface ExecutorOptions {
  readonly commands: readonly IronicCommand[];
  readonly journal: CommandJournal;
  readonly context: () => CommandContext;
  readonly warn: (message: string) => void;
  readonly onStart: (name: string, known: boolean) => void;
  /** After each command, with its whole name. */
  readonly onEnd: (name: string, result: CommandResult, async: boolean) => void;
}

interface Running {
  readonly id: string;
  readonly name: string;
  readonly done: Promise<void>;
}

interface ExecutorState {
  readonly options: ExecutorOptions;
  readonly byName: ReadonlyMap<string, IronicCommand>;
  readonly extensions: ReadonlySet<string | undefined>;
  readonly entries: JournalEntry[];
  running: Running | undefined;
}

const KEPT = 200;

/** An executor that lists the commands of the journal first. Only `start` throws. */
export function createExecutor(options: ExecutorOptions): Executor {
  const { commands, journal } = options;
  const state: ExecutorState = {
    options,
    byName: new Map(commands.map((command) => [command.name as string, command])),
    extensions: new Set(commands.map(({ name }) => name.split('.')[0])),
    entries: [...journal.before],
    running: undefined,
  };
  return {
    start: (name, params) => start(state, name, params),
    results: () => state.entries.map(({ result }) => result),
    result: (id) => state.entries.find(({ result }) => result.id === id)?.result,
    wait: (id) => (state.running?.id === id ? state.running.done : Promise.resolve()),
  };
}

function start(state: ExecutorState, name: string, params: Params): StartedCommand {
  const command = find(state, name);
  if (state.running !== undefined) throw new CommandFault(409, `Agent is busy: it executes ${state.running.name}`);
  const entry: JournalEntry = {
    result: {
      id: randomUUID(),
      command_name: name.slice(name.indexOf('.') + 1),
      command_status: 'RUNNING',
      command_error: null,
      command_result: null,
    },
    step: stepIn(params),
  };
  writeDown(state, command, entry);
  state.options.onStart(name, true);
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  state.running = { id: entry.result.id, name, done };
  void carryOut(state, command, entry, params).finally(finish);
  return { id: entry.result.id, async: command.async, done };
}

function find({ byName, extensions, options }: ExecutorState, name: string): IronicCommand {
  const command = byName.get(name);
  if (command !== undefined) return command;
  options.onStart(name.slice(0, 64), false);
  const [extension = ''] = name.split('.');
  const shown = name.slice(0, 100);
  if (!name.includes('.') || extensions.has(extension)) throw new CommandFault(400, `Invalid command: ${shown}`);
  throw new CommandFault(404, `Extension not found: ${extension.slice(0, 60)} (of ${shown})`);
}

/** Before it begins. What cannot be written down is not begun where a restart would hide that it was. */
function writeDown(state: ExecutorState, command: IronicCommand, entry: JournalEntry): void {
  put(state, entry);
  try {
    state.options.journal.write(state.entries);
  } catch (error) {
    if (command.changesMachine !== true) return state.options.warn(messageOf(error));
    state.entries.splice(state.entries.indexOf(entry), 1);
    throw new CommandFault(500, `${command.name} was not begun: ${messageOf(error)}`);
  }
}

async function carryOut(state: ExecutorState, command: IronicCommand, entry: JournalEntry, params: Params) {
  const { options } = state;
  const started = entry.result;
  let ended: CommandResult;
  try {
    const value = await command.run(params, options.context());
    // texts travel in an object, as the conductor looks for them
    const wrapped = typeof value === 'string' ? { result: `${started.command_name}: ${value}` } : (value ?? null);
    ended = { ...started, command_status: 'SUCCEEDED', command_result: wrapped };
  } catch (error) {
    ended = { ...started, command_status: 'FAILED', command_error: commandError(error) };
  }
  put(state, { result: ended, step: entry.step });
  try {
    options.journal.write(state.entries);
  } catch (error) {
    options.warn(`${messageOf(error)}; after a restart of the agent ${command.name} would count as failed`);
  }
  state.running = undefined;
  options.onEnd(command.name, ended, command.async);
}

function put({ entries }: ExecutorState, entry: JournalEntry): void {
  const at = entries.findIndex(({ result }) => result.id === entry.result.id);
  if (at >= 0) entries[at] = entry;
  else entries.push(entry);
  if (entries.length > KEPT) entries.shift();
}

function stepIn(params: Params): string | undefined {
  const name = (params['step'] as { step?: unknown } | null | undefined)?.step;
  return typeof name === 'string' ? name.slice(0, 100) : undefined;
}
