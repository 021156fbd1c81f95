/** Words of a kernel line on their way through boot loaders: what they may hold, and how GRUB is given them. */
import { RazorMkError } from '../errors/errors.ts';

/** Bytes of the whole line; the kernel of the PC cuts a longer one (COMMAND_LINE_SIZE, Documentation/arch/x86/boot.rst). */
const LONGEST_LINE = 2047;

/**
 * Words without a dot that the kernel does not know become arguments or variables of init, and it stops the boot over the 33rd of
 * either (init/main.c, MAX_INIT_ARGS and MAX_INIT_ENVS; HOME, TERM and the program take three). What it knows does not count, but
 * nobody but that kernel can say what that is.
 */
const MOST_UNDOTTED = 30;

/**
 * Throws RAZOR_MK_USAGE for words that would not reach the kernel as they stand: quotes and backslashes are changed by GRUB,
 * blanks and control characters end a word, and a line that is too long is cut or stops the boot.
 */
export function checkKernelArguments(words: readonly string[]): void {
  for (const word of words) {
    if (!/^[\x21-\x7e]+$/.test(word)) throw invalid(word, 'a word of a kernel line has no blanks and ASCII only');
    if (/["'\\]/.test(word)) throw invalid(word, 'quotes and backslashes do not pass GRUB unchanged');
  }
  const bytes = words.join(' ').length;
  if (bytes > LONGEST_LINE) {
    throw new RazorMkError(
      'RAZOR_MK_USAGE',
      `the kernel line has ${bytes} bytes: the kernel cuts it at ${LONGEST_LINE}`,
      {
        remedy: 'Put settings of the agent into its configuration file instead.',
      },
    );
  }
  const undotted = words.filter((word) => !(word.split('=', 1)[0] ?? '').includes('.')).length;
  if (undotted <= MOST_UNDOTTED) return;
  throw new RazorMkError('RAZOR_MK_USAGE', `the kernel line has ${undotted} words without a dot in their names`, {
    remedy: `The kernel stops the boot at about 32 that it does not know: use at most ${MOST_UNDOTTED}.`,
  });
}

function invalid(word: string, why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_USAGE', `invalid kernel argument ${JSON.stringify(word)}`, { remedy: `${why}.` });
}

/** Words as GRUB's shell must be given them: `$`, `;`, `#`, `{` and the like mean something to it outside of quotes. */
export function grubWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}
