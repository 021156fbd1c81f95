/** What a verb of the command line is. Rooms define verbs; `agent/main.ts` lists, loads and runs them. */
import type { Argv } from 'yargs';

/** The process that a verb runs in. Only main.ts reads it itself. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output, as it is given: no newline is added. */
  out(text: string): void;
  /** Standard error, for messages to people; no newline is added. */
  err(text: string): void;
  /** Standard output is a terminal. */
  readonly interactive: boolean;
  /** Colours may be used: a terminal, and NO_COLOR is not set. */
  readonly colour: boolean;
  /** Width of the terminal, 80 without one. */
  readonly columns: number;
  /** The terminal of standard output, for full-screen pages; undefined without one. */
  readonly terminal?: Terminal;
  /** How this program is started again, as argv: `[node, main.ts]` from a clone, `[razor-mk]` for the executable. */
  readonly self: readonly [string, ...string[]];
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. A second one ends the process at once. */
  readonly signal: AbortSignal;
}

type Camel<Name> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

/** Options as yargs gives them: `token-file` is there as `tokenFile` too. */
type ParsedOptions<T> = T & { readonly [Name in keyof T as Camel<Name> & string]: T[Name] };

export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  /** Calls back after each change of size; returns how to stop that. */
  onResize(callback: () => void): () => void;
  /** Calls back with each key that is pressed, Ctrl-C too, without a line break behind it; returns how to stop that. */
  onKey(callback: (key: string) => void): () => void;
}

/** Where on the command line of a verb a shell asks for names. */
export interface AskedNames {
  /** The words before it, without options and their values. */
  readonly words: readonly string[];
  /** The option whose value is asked for. */
  readonly option: string | undefined;
  /** Values of the options before it. */
  readonly given: Readonly<Record<string, string>>;
}

/** A verb with its options parsed to `T`. */
export interface VerbModule<T = unknown> {
  /** The yargs command string after the verb's name: `[name..]`; empty when it takes no positional words. */
  readonly usage?: string;
  readonly options: (yargs: Argv) => Argv<T>;
  /** For the help: what is typed behind the program's name, and what it does. */
  readonly examples?: readonly (readonly [command: string, does: string])[];
  /** For the end of the help. */
  readonly epilogue?: () => string;
  /** Names that may stand where the shell asks for one. */
  readonly complete?: (asked: AskedNames, host: Host) => Promise<readonly string[]>;
  /** Runs the verb; the result is the exit status. Throws RazorMkError for what a person should read. */
  readonly run: (args: ParsedOptions<T>, host: Host) => Promise<number>;
  /** Verbs below this one (`image build`); `run` is not called when one of them is asked for. */
  readonly verbs?: readonly VerbEntry[];
}

/** A verb's line in the help, and how its module is loaded when it is asked for. */
export interface VerbEntry {
  readonly name: string;
  readonly describe: string;
  readonly load: () => Promise<VerbModule>;
}

/** A verb, with the types of its options inferred from the builder. */
export function defineVerb<T>(verb: VerbModule<T>): VerbModule {
  return verb as unknown as VerbModule;
}

/** A verb that only holds others: `razor-mk image build`. */
export function defineGroup(verbs: readonly VerbEntry[]): VerbModule {
  return {
    options: (yargs) =>
      yargs.demandCommand(1, `Give one of these verbs: ${verbs.map((each) => each.name).join(', ')}`) as Argv<unknown>,
    run: async () => await Promise.resolve(64),
    verbs,
  };
}
