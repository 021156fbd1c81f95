/** From the words of a command line to the verb that is run. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Host } from '../../platform/process/verb.ts';
import { ASKS } from './completion-verb.ts';
import { helpWords } from './help-words.ts';
import { plainLine } from './plain-line.ts';

/**
 * Does what the words behind the program's name ask for: a verb, a help text, names for a shell. The result is the exit status.
 * Throws RazorMkError for what a person should read.
 */
export async function runCommandLine(argv: readonly string[], host: Host): Promise<number> {
  const [first] = argv;
  if (first === ASKS) {
    const { completions } = await import('./complete.ts');
    for (const word of await completions(argv.slice(1), host)) host.out(`${word}\n`);
    return 0;
  }
  if (first === 'help' && argv[1] === '--man') {
    host.out(await (await import('./help-texts.ts')).manualPage());
    return 0;
  }
  const asked = helpWords(argv);
  if (asked !== undefined) {
    host.out(`${await (await import('./help-texts.ts')).helpOf(asked, host.columns)}\n`);
    return 0;
  }
  if (argv.length === 0) {
    host.err(`${await (await import('./help-texts.ts')).helpOf([], host.columns)}\n`);
    return new RazorMkError('RAZOR_MK_USAGE', '').exitCode;
  }
  const plain = await plainLine(argv);
  if (plain !== undefined) return await plain.verb.run(plain.args, host);
  const { Chosen, openParser, ParseFault } = await import('./parser.ts');
  const parser = await openParser(argv);
  try {
    await parser.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof Chosen) return await error.verb.run(error.args, host);
    if (error instanceof ParseFault) throw await (await import('./usage.ts')).usageError(error.message, argv);
    throw error;
  }
}
