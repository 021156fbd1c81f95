/** Runs the conductor's commands: one at a time, in order, and keeps what became of each. */
import { randomUUID } from 'node:crypto';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import type { CommandContext, IronicCommand, Params } from '../ironic-options.ts';

/** As it goes over the wire. */
export interface CommandResult {
  readonly id: string;
  /** Without its extension. */
  readonly command_name: string;
  readonly command_status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  readonly command_error: CommandError | null;
  readonly command_result: unknown;
}

interface CommandError {
  readonly type: string;
  readonly code: number;
  readonly message: string;
  readonly details: string;
}

/** A command that is not begun: answered with this status and text. */
export class CommandFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Started {
  readonly id: string;
  readonly async: boolean;
  readonly done: Promise<void>;
}

export interface Executor {
  /** Begins a command. Throws CommandFault: 400 unknown, 404 unknown extension, 409 busy. */
  start(name: string, params: Params): Started;
  /** In order of execution; at most the last 200. */
  results(): readonly CommandResult[];
  result(id: string): CommandResult | undefined;
  wait(id: string): Promise<void>;
}

export interface ExecutorOptions {
  readonly commands: readonly IronicCommand[];
  readonly context: () => CommandContext;
  readonly onStart: (name: string, known: boolean) => void;
  /** After each command, with its whole name. */
  readonly onEnd: (name: string, result: CommandResult, async: boolean) => void;
}

const KEPT = 200;

export function createExecutor({ commands, context, onStart, onEnd }: ExecutorOptions): Executor {
  const results: CommandResult[] = [];
  const byName = new Map(commands.map((command) => [command.name as string, command]));
  const extensions = new Set(commands.map(({ name }) => name.split('.')[0]));
  let running: { readonly id: string; readonly name: string; readonly done: Promise<void> } | undefined;

  function find(name: string): IronicCommand {
    const command = byName.get(name);
    if (command !== undefined) return command;
    onStart(name.slice(0, 64), false);
    const [extension = ''] = name.split('.');
    const shown = name.slice(0, 100);
    if (!name.includes('.') || extensions.has(extension)) throw new CommandFault(400, `Invalid command: ${shown}`);
    throw new CommandFault(404, `Extension not found: ${extension.slice(0, 60)} (of ${shown})`);
  }

  function put(result: CommandResult): void {
    const at = results.findIndex(({ id }) => id === result.id);
    if (at >= 0) results[at] = result;
    else results.push(result);
    if (results.length > KEPT) results.shift();
  }

  async function carryOut(command: IronicCommand, started: CommandResult, params: Params): Promise<void> {
    let ended: CommandResult;
    try {
      const value = await command.run(params, context());
      // texts travel in an object, as the conductor looks for them
      const wrapped = typeof value === 'string' ? { result: `${started.command_name}: ${value}` } : (value ?? null);
      ended = { ...started, command_status: 'SUCCEEDED', command_result: wrapped };
    } catch (error) {
      ended = { ...started, command_status: 'FAILED', command_error: errorOf(error) };
    }
    put(ended);
    running = undefined;
    onEnd(command.name, ended, command.async);
  }

  return {
    start(name, params) {
      const command = find(name);
      if (running !== undefined) throw new CommandFault(409, `Agent is busy: it executes ${running.name}`);
      const started: CommandResult = {
        id: randomUUID(),
        command_name: name.slice(name.indexOf('.') + 1),
        command_status: 'RUNNING',
        command_error: null,
        command_result: null,
      };
      put(started);
      onStart(name, true);
      let finish = (): void => undefined;
      const done = new Promise<void>((resolve) => (finish = resolve));
      running = { id: started.id, name, done };
      void carryOut(command, started, params).finally(finish);
      return { id: started.id, async: command.async, done };
    },
    results: () => [...results],
    result: (id) => results.find((result) => result.id === id),
    wait: (id) => (running?.id === id ? running.done : Promise.resolve()),
  };
}

function errorOf(error: unknown): CommandError {
  const message = messageOf(error);
  if (!(error instanceof RazorMkError)) return { type: 'CommandExecutionError', code: 500, message, details: message };
  return { type: error.code, code: 500, message, details: `${message.replace(/\.$/, '')}. ${error.remedy}` };
}
