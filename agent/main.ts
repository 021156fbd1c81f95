#!/usr/bin/env node
/**
 * The process entry: the list of verbs, signals, exit codes. The only reader of argv and environment. A verb's module is
 * loaded when it is asked for; verbs of the lab and the image builder are not part of the executable.
 */
import { fileURLToPath } from 'node:url';
import yargs, { type Argv } from 'yargs';
import { facterArguments, isFacter } from '../facts/cli/facter-alias.ts';
import { explain, RazorMkError } from '../platform/errors/errors.ts';
import { EXECUTABLE } from '../platform/process/executable.ts';
import type { Host, Terminal, VerbEntry, VerbModule } from '../platform/process/verb.ts';
import { registerAssets } from './assets.ts';
import { VERBS } from './verbs.ts';
import { versionText } from './version.ts';

function processHost(): Host {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + 15);
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  const interactive = process.stdout.isTTY === true;
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive,
    colour: interactive && (process.env['NO_COLOR'] ?? '') === '',
    columns: process.stdout.columns || 80,
    ...(interactive ? { terminal: processTerminal() } : {}),
    // in the extension the process image is the dynamic loader: the wrapper says what it was started as
    self: EXECUTABLE
      ? [process.env['RAZOR_MK_SELF'] ?? process.execPath]
      : [process.execPath, fileURLToPath(import.meta.url)],
    signal: controller.signal,
  };
}

function processTerminal(): Terminal {
  const { stdout } = process;
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    onResize(callback) {
      stdout.on('resize', callback);
      return () => void stdout.off('resize', callback);
    },
  };
}

async function main(argv: readonly string[], host: Host): Promise<number> {
  const wanted = argv.find((word) => !word.startsWith('-'));
  const parser = yargs([...argv])
    .scriptName('razor-mk')
    .locale('en') // the executable would be English and a clone would follow LC_ALL
    .usage('$0 VERB [options]\n\nThe agent of the Razor Microkernel.')
    .version(versionText())
    .alias({ h: 'help', V: 'version' })
    .wrap(Math.min(120, host.columns))
    .strict()
    .demandCommand(1, 'Which verb?')
    .recommendCommands()
    .completion('completion', 'print the shell completion script')
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new RazorMkError('RAZOR_MK_USAGE', message);
    });
  const completing = argv.includes('--get-yargs-completions');
  for (const entry of VERBS) {
    if (entry.name === wanted || completing) await addVerb(parser, entry);
    else parser.command(entry.name, entry.describe);
  }
  try {
    await parser.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof Chosen) return await error.verb.run(error.args, host);
    throw error;
  }
}

/**
 * The verb that was asked for, thrown out of yargs before it runs: behind every handler yargs renders the whole help once,
 * asked for or not, and that takes longer than anything else on the way to the first check-in.
 */
class Chosen extends Error {
  readonly verb: VerbModule;
  readonly args: object;

  constructor(verb: VerbModule, args: object) {
    super('chosen');
    this.verb = verb;
    this.args = args;
  }
}

async function addVerb(parser: Argv, entry: VerbEntry): Promise<void> {
  const verb = await entry.load();
  parser.command({
    command: verb.usage === undefined ? entry.name : `${entry.name} ${verb.usage}`,
    describe: entry.describe,
    builder: async (yargs: Argv) => {
      for (const below of verb.verbs ?? []) await addVerb(yargs, below);
      const built = verb.options(yargs);
      for (const [command, does] of verb.examples ?? []) built.example(`$0 ${command}`, does);
      if (verb.epilogue !== undefined) built.epilogue(verb.epilogue());
      // the options of a verb are not those of the verbs below it
      if (verb.verbs !== undefined) limitToVerb(built as unknown as WholeYargs);
      return built;
    },
    handler: (args) => {
      throw new Chosen(verb, args);
    },
  });
}

/** The part of yargs' interface that its types leave out. */
interface WholeYargs {
  getOptions(): { readonly key: Readonly<Record<string, boolean>> };
  global(names: readonly string[], inherited: boolean): unknown;
}

function limitToVerb(parser: WholeYargs): void {
  const everywhere = ['help', 'version', 'get-yargs-completions'];
  const own = Object.keys(parser.getOptions().key).filter((name) => !everywhere.includes(name));
  parser.global(own, false);
}

if (EXECUTABLE) registerAssets();

// `razor-mk facts | head` closes our stdout: that is not our error
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));

// the image has this program under the old name too
const startedAs = [process.env['RAZOR_MK_SELF'], process.argv0, process.argv[1]];
const words = process.argv.slice(2);

main(startedAs.some(isFacter) ? facterArguments(words) : words, processHost()).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = error instanceof RazorMkError ? error.exitCode : 70;
  },
);
